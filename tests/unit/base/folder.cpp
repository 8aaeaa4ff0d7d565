// A folder of files is of one generation.
#include "harness/base/folder.hpp"

#include <gtest/gtest.h>

#include <set>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"

namespace stele::folder_test {
namespace {

namespace fs = std::filesystem;

class FolderGenerationTest : public testing::Test {
protected:
    static void write(const fs::path& place, const std::set<std::string>& names, bool keep = true) {
        FolderGeneration generation(place);
        for (const std::string& name : names) write_atomically(generation.path() / name, name);
        if (keep) generation.keep();
    }
    static std::set<std::string> names_in(const fs::path& folder) {
        std::set<std::string> names;
        for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename().string());
        return names;
    }

    const TemporaryFolder folder_;
    const fs::path root_ = folder_.path();
};

TEST_F(FolderGenerationTest, IsMadeWithItsParents) {
    write(root_ / "a" / "b", {"x", "y"});
    EXPECT_EQ(names_in(root_ / "a" / "b"), (std::set<std::string>{"x", "y"}));
    EXPECT_EQ(names_in(root_ / "a"), std::set<std::string>{"b"}) << "nothing is left beside it";
}

TEST_F(FolderGenerationTest, ReplacesTheOneBeforeWhole) {
    write(root_ / "out", {"x", "y"});
    write(root_ / "out", {"y", "z"});
    EXPECT_EQ(names_in(root_ / "out"), (std::set<std::string>{"y", "z"}));
    EXPECT_EQ(names_in(root_), std::set<std::string>{"out"});
    write(root_ / "out/", {"v"});
    EXPECT_EQ(names_in(root_ / "out"), std::set<std::string>{"v"}) << "with a slash at its end";
}

TEST_F(FolderGenerationTest, WhatIsNotKeptLeavesTheOneBefore) {
    write(root_ / "out", {"x"});
    write(root_ / "out", {"y"}, false);
    EXPECT_EQ(names_in(root_ / "out"), std::set<std::string>{"x"});
    EXPECT_EQ(names_in(root_), std::set<std::string>{"out"});
}

TEST_F(FolderGenerationTest, ALinkToAFolderStaysOne) {
    write(root_ / "real", {"x"});
    fs::create_directory_symlink("real", root_ / "link");
    write(root_ / "link", {"y"});
    EXPECT_TRUE(fs::is_symlink(root_ / "link"));
    EXPECT_EQ(names_in(root_ / "real"), std::set<std::string>{"y"});
}

TEST_F(FolderGenerationTest, IsReadableByWhomTheUserAllows) {
    write(root_ / "out", {"x"});
    write(root_ / "plain" / "below", {"x"});
    EXPECT_EQ(fs::status(root_ / "out").permissions(), fs::status(root_ / "plain").permissions());
}

TEST_F(FolderGenerationTest, RefusesWhatCannotBeReplaced) {
    write_atomically(root_ / "file", "x");
    EXPECT_THROW(FolderGeneration{root_ / "file"}, CannotWrite);
    EXPECT_THROW(FolderGeneration{root_ / "file" / "below"}, CannotWrite);
    EXPECT_THROW(FolderGeneration{"."}, CannotWrite);
    EXPECT_THROW(FolderGeneration{""}, CannotWrite);
    EXPECT_THROW(FolderGeneration{"/proc/here"}, CannotWrite);
}

}  // namespace
}  // namespace stele::folder_test
