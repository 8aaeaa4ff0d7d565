// Files: read within limits, written whole or not at all, never through what is no file.
#include "harness/base/file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <thread>

#include "harness/base/error.hpp"

namespace stele::file_test {
namespace {

namespace fs = std::filesystem;

class FileTest : public testing::Test {
protected:
    FileTest() {
        fs::remove_all(folder);
        fs::create_directories(folder);
    }
    ~FileTest() override { fs::remove_all(folder); }
    void put(const fs::path& path, std::string_view text) { std::ofstream(path) << text; }
    static std::string why_unreadable(const fs::path& path, std::size_t most = 1000) {
        try {
            read_input(path, most);
        } catch (const CannotRead& error) {
            return error.what();
        }
        return "";
    }
    static std::string why_unwritable(const fs::path& path) {
        try {
            check_writable(path);
        } catch (const CannotWrite& error) {
            return error.what();
        }
        return "";
    }
    const fs::path folder = fs::path(testing::TempDir()) / "stele_file_test";
};

TEST_F(FileTest, InputsAreRegularFilesOfAStatedSize) {
    put(folder / "file", std::string(1000, 'x'));
    EXPECT_EQ(read_input(folder / "file", 1000).size(), 1000u);
    EXPECT_NE(why_unreadable(folder / "file", 999).find("1000 bytes, more than the 999"), std::string::npos);
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    EXPECT_NE(why_unreadable(folder / "pipe").find("a pipe"), std::string::npos);
    EXPECT_NE(why_unreadable("/dev/zero").find("a device"), std::string::npos);
    EXPECT_NE(why_unreadable(folder).find("a folder"), std::string::npos);
    EXPECT_NE(why_unreadable(folder / "none").find("No such file"), std::string::npos);
    EXPECT_NE(why_unreadable(folder / "file" / "below").find("Not a directory"), std::string::npos);
}

TEST_F(FileTest, WhatTellsNoSizeIsReadToTheMost) {
    EXPECT_EQ(why_unreadable("/proc/self/status", 10), "/proc/self/status: larger than the 10 bytes that are read");
    EXPECT_GT(read_input("/proc/self/status").size(), 10u);
    const int kept = ::dup(STDIN_FILENO), piece = 100'000;
    put(folder / "file", std::string(piece, 'x'));
    const auto as_input = [&](std::size_t most) {
        const int file = ::open((folder / "file").c_str(), O_RDONLY);
        ::dup2(file, STDIN_FILENO);
        ::close(file);
        return why_unreadable("-", most);
    };
    EXPECT_EQ(as_input(piece), "");
    EXPECT_EQ(as_input(piece - 1), "standard input: larger than the 99999 bytes that are read");
    ::dup2(kept, STDIN_FILENO);
    ::close(kept);
}

TEST_F(FileTest, ASocketIsNoFile) {
    sockaddr_un place{};
    place.sun_family = AF_UNIX;
    const fs::path before = fs::current_path();
    fs::current_path(folder);  // the name of a socket has no room for a long path
    std::strcpy(place.sun_path, "socket");
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    const int bound = ::bind(socket, reinterpret_cast<const sockaddr*>(&place), sizeof place);
    fs::current_path(before);
    ::close(socket);
    ASSERT_EQ(bound, 0);
    EXPECT_EQ(why_unwritable(folder / "socket"), "cannot write " + (folder / "socket").string() + ": it is a socket");
}

TEST_F(FileTest, WhereNothingCanBeWrittenIsSaidBefore) {
    put(folder / "file", "kept");
    EXPECT_EQ(why_unwritable(folder / "file"), "");
    EXPECT_EQ(why_unwritable(folder / "new" / "file"), "");
    EXPECT_TRUE(fs::is_directory(folder / "new")) << "its folder is made";
    EXPECT_FALSE(fs::exists(folder / "new" / "file"));
    EXPECT_EQ(read_input(folder / "file"), "kept");
    EXPECT_EQ(why_unwritable(""), "cannot write a file: its name is empty");
    EXPECT_EQ(why_unwritable(folder / "none/"), "cannot write " + (folder / "none/").string() + ": it names no file");
    EXPECT_EQ(why_unwritable(folder), "cannot write " + folder.string() + ": it is a folder");
    EXPECT_NE(why_unwritable(folder / "file" / "below"), "");
    for (const char* stream : {"-", "/dev/null"}) EXPECT_EQ(why_unwritable(stream), "") << stream;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        EXPECT_NE(entry.path().filename().string().front(), '.') << "a temporary file was left";
}

TEST_F(FileTest, APipeIsWrittenToAsItIs) {
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    const int reader = ::open((folder / "pipe").c_str(), O_RDONLY | O_NONBLOCK);
    check_writable(folder / "pipe");
    write_atomically(folder / "pipe", "text");
    char bytes[16]{};
    EXPECT_EQ(::read(reader, bytes, sizeof bytes), 4);
    EXPECT_STREQ(bytes, "text");
    ::close(reader);
    EXPECT_TRUE(fs::is_fifo(folder / "pipe"));
}

TEST_F(FileTest, ANewFileIsReadableByWhomTheUserAllows) {
    const mode_t before = ::umask(027);
    write_atomically(folder / "file", "text");
    write_new(folder / "new", "text");
    const mode_t during = ::umask(before);
    EXPECT_EQ(during, 027u) << "what the user set is kept";
    for (const char* name : {"file", "new"})
        EXPECT_EQ(fs::status(folder / name).permissions(),
                  fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read)
            << name;
}

TEST_F(FileTest, LinksAreFollowedToWhatIsNotThereYet) {
    fs::create_directories(folder / "a");
    fs::create_symlink("../b", folder / "a" / "link");
    fs::create_symlink("a/link", folder / "first");
    write_atomically(folder / "first", "text");
    EXPECT_EQ(read_input(folder / "b"), "text");
    EXPECT_TRUE(fs::is_symlink(folder / "first") && fs::is_symlink(folder / "a" / "link"));
}

TEST_F(FileTest, ADeviceThatStandardOutputGoesToIsNotIt) {
    std::fflush(stdout);
    const int kept = ::dup(STDOUT_FILENO), null = ::open("/dev/null", O_WRONLY);
    ::dup2(null, STDOUT_FILENO);
    const bool is_it = is_standard_output("/dev/null");
    ::dup2(kept, STDOUT_FILENO);
    ::close(kept);
    ::close(null);
    EXPECT_FALSE(is_it) << "who writes there shares nothing";
}

TEST_F(FileTest, ATerminalThatStandardOutputGoesToIsIt) {
    const int controller = ::posix_openpt(O_RDWR | O_NOCTTY);
    if (controller < 0 || ::grantpt(controller) != 0 || ::unlockpt(controller) != 0)
        GTEST_SKIP() << "no terminals here";
    const std::string name = ::ptsname(controller);
    const int terminal = ::open(name.c_str(), O_RDWR | O_NOCTTY);
    if (terminal < 0) GTEST_SKIP() << "no terminals here";
    std::fflush(stdout);
    const int kept = ::dup(STDOUT_FILENO);
    ::dup2(terminal, STDOUT_FILENO);
    const bool is_it = is_standard_output(name), null = is_standard_output("/dev/null");
    ::dup2(kept, STDOUT_FILENO);
    for (const int file : {kept, terminal, controller}) ::close(file);
    EXPECT_TRUE(is_it);
    EXPECT_FALSE(null);
}

TEST_F(FileTest, OnlyRegularFilesAreReplaced) {
    write_atomically(folder / "new" / "file", "one");
    write_atomically(folder / "new" / "file", "two");
    EXPECT_EQ(read_input(folder / "new" / "file"), "two");
    fs::create_symlink(folder / "new" / "file", folder / "link");
    write_atomically(folder / "link", "three");
    EXPECT_TRUE(fs::is_symlink(folder / "link"));
    EXPECT_EQ(read_input(folder / "new" / "file"), "three");
    write_atomically("/dev/null", "gone");
    EXPECT_TRUE(fs::is_character_file("/dev/null"));
    EXPECT_THROW(write_atomically("/dev/full", "no room"), CannotWrite);
    EXPECT_THROW(check_writable(""), CannotWrite);
    EXPECT_THROW(check_writable(folder), CannotWrite);
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        EXPECT_NE(entry.path().filename().string().front(), '.') << "a temporary file was left";
}

TEST_F(FileTest, OfManyWhoMakeANewFileOneDoes) {
    const fs::path file = folder / "new";
    std::atomic<int> made = 0;
    std::string of_maker;
    std::vector<std::jthread> makers;
    for (int i = 0; i < 8; ++i)
        makers.emplace_back([&, i] {
            if (!write_new(file, std::to_string(i))) return;
            ++made;
            of_maker = std::to_string(i);
        });
    makers.clear();
    EXPECT_EQ(made, 1);
    EXPECT_EQ(read_input(file), of_maker);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1) << "nothing beside it is left";
    fs::create_symlink("nowhere", folder / "link");
    EXPECT_FALSE(write_new(folder / "link", "text")) << "a link that leads nowhere is there too";
}

/// Standard output is where it leads to, under whatever name.
TEST_F(FileTest, StandardOutputIsKnownByItsFile) {
    put(folder / "out", "");
    put(folder / "other", "");
    fs::create_symlink("out", folder / "link");
    std::fflush(stdout);
    const int kept = ::dup(STDOUT_FILENO), file = ::open((folder / "out").c_str(), O_WRONLY);
    ASSERT_TRUE(kept >= 0 && file >= 0);
    ::dup2(file, STDOUT_FILENO);
    const bool by_name = is_standard_output(folder / "out"), by_link = is_standard_output(folder / "link"),
               by_device = is_standard_output("/dev/stdout"), other = is_standard_output(folder / "other"),
               none = is_standard_output(folder / "none");
    write_atomically(folder / "link", "text");
    ::dup2(kept, STDOUT_FILENO);
    ::close(kept);
    ::close(file);
    EXPECT_TRUE(by_name && by_link && by_device);
    EXPECT_FALSE(other || none);
    EXPECT_TRUE(is_standard_output("-"));
    EXPECT_FALSE(is_standard_output(folder / "out"));
    EXPECT_EQ(read_input(folder / "out"), "text") << "written to as it is";
}

TEST_F(FileTest, OutputsThatAreOnePlaceAreSeen) {
    put(folder / "file", "");
    fs::create_symlink(folder / "file", folder / "link");
    fs::create_hard_link(folder / "file", folder / "other");
    EXPECT_TRUE(is_same_output(folder / "file", folder / "link"));
    EXPECT_TRUE(is_same_output(folder / "file", folder / "other"));
    EXPECT_TRUE(is_same_output(folder / "new", folder / "." / "x" / ".." / "new"));
    fs::create_symlink("new", folder / "to new");
    EXPECT_TRUE(is_same_output(folder / "new", folder / "to new"));
    EXPECT_TRUE(is_same_output("-", "-"));
    EXPECT_FALSE(is_same_output(folder / "new", folder / "newer"));
    EXPECT_FALSE(is_same_output("/dev/null", "/dev/null"));
    EXPECT_FALSE(is_same_output("-", folder / "file"));
}

TEST_F(FileTest, ARescueTriesSeveralPlacesAndFollowsNoLink) {
    const char* before = ::getenv("TMPDIR");
    const std::string kept = before ? before : "";
    ::setenv("TMPDIR", (folder / "missing").c_str(), 1);
    const Rescue rescue = write_somewhere("report.json", "text");
    ::setenv("TMPDIR", folder.c_str(), 1);
    const Rescue first = write_somewhere("report.json", "one"), second = write_somewhere("report.json", "two");
    before ? ::setenv("TMPDIR", kept.c_str(), 1) : ::unsetenv("TMPDIR");
    ASSERT_NE(rescue.path, "");
    EXPECT_NE(rescue.why.find("missing"), std::string::npos) << rescue.why;
    EXPECT_EQ(read_input(rescue.path), "text");
    fs::remove(rescue.path);
    EXPECT_NE(first.path, second.path) << "names are its own, so none can be planted";
    EXPECT_EQ(read_input(first.path), "one");
    EXPECT_EQ(fs::path(first.path).parent_path(), folder);
    EXPECT_TRUE(first.path.ends_with("-report.json"));
    EXPECT_EQ(fs::status(first.path).permissions() & fs::perms::others_all, fs::perms::none);
}

TEST_F(FileTest, LocksKeepOthersOut) {
    const fs::path file = folder / "count";
    put(file, "0");
    const auto add = [&] {
        for (int i = 0; i < 100; ++i) {
            const FolderLock lock(file);
            write_atomically(file, std::to_string(std::stoi(read_input(file)) + 1));
        }
    };
    std::thread other(add);
    add();
    other.join();
    EXPECT_EQ(read_input(file), "200");
}

}  // namespace
}  // namespace stele::file_test
