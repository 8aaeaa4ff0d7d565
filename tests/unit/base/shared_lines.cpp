#include "harness/base/shared_lines.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

namespace stele::shared_lines_test {
namespace {

using Lines = std::vector<std::string>;

Descriptor another_of(const SharedLines& lines) { return Descriptor(::fcntl(lines.file(), F_DUPFD_CLOEXEC, 0)); }

TEST(SharedLines, AreReadOldestFirstByTheOtherProcess) {
    const SharedLines reader;
    EXPECT_EQ(reader.since(0), Lines{});
    EXPECT_EQ(reader.last(2), Lines{});
    SharedLines writer(another_of(reader));
    ASSERT_TRUE(writer.append("one"));
    const std::size_t after_one = reader.size();
    ASSERT_TRUE(writer.append(""));
    ASSERT_TRUE(writer.append("three"));
    EXPECT_EQ(reader.since(0), (Lines{"one", "", "three"}));
    EXPECT_EQ(reader.since(after_one), (Lines{"", "three"}));
    EXPECT_EQ(reader.since(reader.size()), Lines{});
    EXPECT_EQ(reader.last(1), Lines{"three"});
    EXPECT_EQ(reader.last(2), (Lines{"", "three"}));
    EXPECT_EQ(reader.last(9), (Lines{"one", "", "three"}));
}

TEST(SharedLines, EmptyLinesAreLinesToo) {
    SharedLines lines;
    ASSERT_TRUE(lines.append(""));
    EXPECT_EQ(lines.last(1), Lines{""});
    ASSERT_TRUE(lines.append(""));
    EXPECT_EQ(lines.last(1), Lines{""});
    EXPECT_EQ(lines.last(2), (Lines{"", ""}));
    ASSERT_TRUE(lines.append("x"));
    EXPECT_EQ(lines.last(0), Lines{});
    EXPECT_EQ(lines.last(1), Lines{"x"});
    EXPECT_EQ(lines.last(2), (Lines{"", "x"}));
    EXPECT_EQ(lines.last(3), (Lines{"", "", "x"}));
    EXPECT_EQ(lines.size(), 4u);
}

TEST(SharedLines, OutliveTheirWriter) {
    const SharedLines reader;
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        SharedLines writer(another_of(reader));
        writer.append("last words");
        ::raise(SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(reader.since(0), Lines{"last words"});
}

TEST(SharedLines, AFullOneTakesNoMoreAndLosesNothing) {
    SharedLines lines;
    const std::string line(SharedLines::capacity / 2 - 1, 'x');
    EXPECT_TRUE(lines.append(line));
    EXPECT_FALSE(lines.append(line + "xx"));
    EXPECT_TRUE(lines.append(line));
    EXPECT_FALSE(lines.append(""));
    EXPECT_EQ(lines.last(1), Lines{line});
    EXPECT_EQ(lines.size(), SharedLines::capacity);
}

TEST(SharedLines, AnotherFileIsRefused) {
    EXPECT_THROW(SharedLines{Descriptor()}, std::runtime_error);
    EXPECT_THROW(SharedLines{Descriptor(::open("/dev/null", O_RDWR))}, std::runtime_error);
    Descriptor short_one(::memfd_create("test", MFD_CLOEXEC));
    ASSERT_EQ(::ftruncate(short_one.get(), 4096), 0);
    EXPECT_THROW(SharedLines{std::move(short_one)}, std::runtime_error);
}

}  // namespace
}  // namespace stele::shared_lines_test
