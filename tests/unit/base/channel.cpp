#include "harness/base/channel.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <utility>

#include "harness/base/child.hpp"
#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"

namespace stele::channel_test {
namespace {

using Heard = Channel::Heard;

std::pair<Channel, Channel> two_ends() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    return {Channel(Descriptor(ends[0])), Channel(Descriptor(ends[1]))};
}

auto soon() { return Channel::Clock::now() + std::chrono::seconds(20); }

TEST(Channel, LinesArriveWholeAndInTurn) {
    auto [one, other] = two_ends();
    const std::string long_line(std::size_t{3} << 20, 'x');
    std::thread sender([&end = one, &long_line] {
        EXPECT_TRUE(end.send("first"));
        EXPECT_TRUE(end.send(""));
        EXPECT_TRUE(end.send(long_line));
    });
    {
        // Goes before the sender is waited for, which must not wait for a reader that has given up.
        Channel reader = std::move(other);
        for (const std::string& expected : {std::string("first"), std::string(), long_line}) {
            std::string line;
            EXPECT_EQ(reader.hear(line, soon()), Heard::line);
            EXPECT_TRUE(line == expected) << line.size();
        }
    }
    sender.join();
}

TEST(Channel, WhatIsThereAlreadyIsPending) {
    auto [one, other] = two_ends();
    ASSERT_TRUE(one.send("first"));
    ASSERT_TRUE(one.send("second"));
    std::string line;
    EXPECT_TRUE(other.pending());
    ASSERT_EQ(other.hear(line, soon()), Heard::line);
    EXPECT_TRUE(other.pending()) << "it came with the first";
    ASSERT_EQ(other.hear(line, Channel::Clock::now()), Heard::line);
    EXPECT_EQ(line, "second");
    EXPECT_FALSE(other.pending());
    ASSERT_TRUE(one.send("third"));
    ASSERT_EQ(other.hear(line, soon()), Heard::line);
    EXPECT_EQ(line, "third");
}

TEST(Channel, SilenceAndAnEndAreToldApart) {
    auto [one, other] = two_ends();
    std::string line;
    EXPECT_EQ(other.hear(line, Channel::Clock::now()), Heard::silence);
    EXPECT_FALSE(other.pending());
    {
        const Channel gone = std::move(one);
    }
    EXPECT_TRUE(other.pending());
    EXPECT_EQ(other.hear(line, soon()), Heard::closed);
    EXPECT_FALSE(other.send("anybody there?")) << "and no signal ends us";
}

TEST(Channel, AnEndThatLeavesSomethingUnreadIsAnEndToo) {
    auto [one, other] = two_ends();
    ASSERT_TRUE(other.send("never read"));
    {
        const Channel gone = std::move(one);
    }
    std::string line;
    EXPECT_EQ(other.hear(line, soon()), Heard::closed);
}

TEST(Channel, AFileComesWithItsLine) {
    auto [one, other] = two_ends();
    const Descriptor file(::memfd_create("test", 0));
    ASSERT_TRUE(write_all(file.get(), "content"));
    ASSERT_TRUE(one.send("here it is", file.get()));
    std::string line;
    ASSERT_EQ(other.hear(line, soon()), Heard::line);
    const Descriptor received = other.take_file();
    ASSERT_TRUE(received.open());
    char bytes[16]{};
    EXPECT_EQ(::pread(received.get(), bytes, sizeof bytes, 0), 7);
    EXPECT_STREQ(bytes, "content");
    EXPECT_FALSE(other.take_file().open()) << "once";
}

TEST(Channel, AnEndlessLineIsAFlood) {
    auto [one, other] = two_ends();
    std::thread sender(
        [end = std::move(one)]() mutable { end.send(std::string(Channel::most_line_bytes + 100'000, 'x')); });
    std::string line;
    {
        Channel reader = std::move(other);
        EXPECT_EQ(reader.hear(line, soon()), Heard::flood);
    }
    sender.join();
}

TEST(Child, TellsWhatItEndedWith) {
    Child killed({"/bin/sh", "-c", "kill -SEGV $$"});
    std::string line;
    EXPECT_EQ(killed.channel().hear(line, soon()), Heard::closed);
    EXPECT_EQ(killed.end(std::chrono::seconds(20)).words(), "Segmentation fault (signal 11)");
    Child exited({"/bin/sh", "-c", "exit 7"});
    EXPECT_EQ(exited.channel().hear(line, soon()), Heard::closed);
    EXPECT_EQ(exited.end(std::chrono::seconds(20)).words(), "exit(7)");
}

TEST(Child, HasItsGraceAndEndsOnce) {
    Child child({"/bin/sh", "-c", "exec 3>&-; sleep 0.3; exit 7"});
    const Ended ended = child.end(std::chrono::seconds(20));
    EXPECT_EQ(ended.code, 7);
    EXPECT_EQ(ended.signal, 0);
    EXPECT_EQ(child.end().words(), "exit(7)") << "it is not waited for again";
    Child endless({"/bin/sleep", "1000"});
    errno = EINTR;  // left by another call
    EXPECT_EQ(endless.end().signal, SIGKILL);
    EXPECT_EQ(endless.end().code, 0);
}

TEST(Child, LeadsItsGroupHearsSignalsAndReadsNothing) {
    const auto before = std::signal(SIGINT, SIG_IGN);
    Child child(
        {"/bin/sh", "-c",
         "read word; echo \"$? $word\" >&3; echo $$ >&3; cut -d' ' -f5 /proc/$$/stat >&3; kill -INT $$; exit 5"});
    std::signal(SIGINT, before);
    std::string line, process;
    ASSERT_EQ(child.channel().hear(line, soon()), Heard::line);
    EXPECT_EQ(line, "1 ") << "an end of its input";
    ASSERT_EQ(child.channel().hear(process, soon()), Heard::line);
    ASSERT_EQ(child.channel().hear(line, soon()), Heard::line);
    EXPECT_EQ(line, process) << "its group is its own";
    EXPECT_EQ(child.end(std::chrono::seconds(20)).signal, SIGINT) << "what we ignore it does not";
}

TEST(Child, PrintsIntoTheFileThatIsNamed) {
    const TemporaryFolder folder;
    const std::filesystem::path file = folder.path() / "output";
    write_atomically(file, "what stood there before, which is longer");
    Child({"/bin/sh", "-c", "echo out; echo err >&2"}, file.string()).end(std::chrono::seconds(20));
    EXPECT_EQ(read_input(file), "out\nerr\n");
    const std::filesystem::path made = folder.path() / "made";
    Child({"/bin/sh", "-c", "echo out"}, made.string()).end(std::chrono::seconds(20));
    EXPECT_EQ(read_input(made), "out\n");
    using std::filesystem::perms;
    const perms allowed = std::filesystem::status(made).permissions();
    EXPECT_EQ(allowed & (perms::owner_exec | perms::group_exec | perms::others_exec | perms::others_write),
              perms::none);
    EXPECT_EQ(allowed & (perms::owner_read | perms::owner_write), perms::owner_read | perms::owner_write);
}

TEST(Child, SpeaksOverItsOwnDescriptorAndNotOverItsOutput) {
    Child child({"/bin/sh", "-c", "echo to the terminal; echo to us >&3; read word <&3; echo \"$word too\" >&3"});
    std::string line;
    ASSERT_EQ(child.channel().hear(line, soon()), Heard::line);
    EXPECT_EQ(line, "to us");
    ASSERT_TRUE(child.channel().send("from us"));
    ASSERT_EQ(child.channel().hear(line, soon()), Heard::line);
    EXPECT_EQ(line, "from us too");
}

TEST(Child, IsKilledWithWhatItStarted) {
    Child child({"/bin/sh", "-c", "sleep 1000 & echo $! >&3; wait"});
    std::string line;
    ASSERT_EQ(child.channel().hear(line, soon()), Heard::line);
    EXPECT_GT(child.resident_bytes(), 0u);
    EXPECT_EQ(child.end().words(), "Killed (signal 9)");
    const pid_t grandchild = std::stoi(line);
    const auto until = soon();
    while (::kill(grandchild, 0) == 0 && Channel::Clock::now() < until)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_NE(::kill(grandchild, 0), 0);
}

TEST(Child, AProgramThatIsNotThereIsSaid) {
    try {
        const Child child({"/no/such/program"});
        FAIL();
    } catch (const std::runtime_error& error) {
        EXPECT_EQ(std::string(error.what()), "cannot start /no/such/program: No such file or directory");
    }
}

TEST(Descriptor, OwnsEvenNumberNought) {
    const int kept = ::dup(STDIN_FILENO), other = ::open("/dev/null", O_RDONLY);
    ASSERT_EQ(::dup2(other, STDIN_FILENO), STDIN_FILENO);
    {
        const Descriptor nought(STDIN_FILENO);
        EXPECT_TRUE(nought.open());
    }
    EXPECT_EQ(::fcntl(STDIN_FILENO, F_GETFD), -1) << "closed with its owner";
    ::dup2(kept >= 0 ? kept : other, STDIN_FILENO);
    for (const int file : {kept, other})
        if (file >= 0) ::close(file);
}

TEST(Descriptor, IsClosedOnceAndSaysWhetherThatWorked) {
    Descriptor file(::open("/dev/null", O_WRONLY));
    ASSERT_TRUE(file.open());
    const int number = file.get();
    EXPECT_TRUE(file.close());
    EXPECT_FALSE(file.open());
    EXPECT_EQ(::fcntl(number, F_GETFD), -1);
    EXPECT_FALSE(file.close()) << "there is none";
    EXPECT_FALSE(Descriptor().open());
}

TEST(Descriptor, AllIsWrittenOrItIsSaid) {
    const Descriptor file(::memfd_create("test", 0)), full(::open("/dev/full", O_WRONLY));
    errno = EINTR;  // left by another call
    EXPECT_TRUE(write_all(file.get(), "content"));
    EXPECT_TRUE(write_all(file.get(), ""));
    char bytes[16]{};
    EXPECT_EQ(::pread(file.get(), bytes, sizeof bytes, 0), 7);
    EXPECT_STREQ(bytes, "content");
    EXPECT_FALSE(write_all(full.get(), "content"));
    EXPECT_EQ(errno, ENOSPC);
}

}  // namespace
}  // namespace stele::channel_test
