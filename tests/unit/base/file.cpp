// Files: read within limits, written whole or not at all, never through what is no file.
#include "harness/base/file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
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
