#include "harness/base/channel.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "harness/base/child.hpp"

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
    std::string line;
    ASSERT_EQ(other.hear(line, soon()), Heard::line);
    EXPECT_EQ(line, "first");
    ASSERT_EQ(other.hear(line, soon()), Heard::line);
    EXPECT_EQ(line, "");
    ASSERT_EQ(other.hear(line, soon()), Heard::line);
    EXPECT_EQ(line, long_line);
    sender.join();
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

TEST(Child, AProgramThatIsNotThereIsSaid) { EXPECT_THROW(Child({"/no/such/program"}), std::runtime_error); }

}  // namespace
}  // namespace stele::channel_test
