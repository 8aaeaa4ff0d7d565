// Libraries found at run time: where they are looked for, and what is said of those that are not there.
#include "backends/library.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "backends/opencl/vendor_folder.hpp"
#include "harness/base/folder.hpp"

namespace stele::library_test {
namespace {

namespace fs = std::filesystem;

/// A folder of this machine's C library under other names.
class LibraryTest : public testing::Test {
protected:
    fs::path folder(const fs::path& name) {
        fs::create_directories(root_.path() / name);
        return root_.path() / name;
    }
    fs::path library(const fs::path& name) {
        const fs::path out = folder(name.parent_path()) / name.filename();
        fs::create_symlink(Library(c_library).path(), out);
        return out;
    }
    std::vector<LibraryFolder> folders_of(const std::map<std::string, std::string>& variables) {
        return library_folders([&variables](const char* name) {
            const auto found = variables.find(name);
            return found == variables.end() ? nullptr : found->second.c_str();
        });
    }
    const fs::path& root() const { return root_.path(); }

    static constexpr LibraryName c_library{"C", {"libc.so.6"}, "install an operating system"};
    static constexpr LibraryName pretended{"Pretended", {"libpretended.so.2", "libpretended.so.1"}, "pretend harder"};

private:
    TemporaryFolder root_;
};

TEST_F(LibraryTest, NamedFoldersComeBeforeTheLoadersAndThoseOfPythonsBehindIt) {
    const fs::path first = folder("first"), second = folder("second"), bin = folder("venv/bin");
    const fs::path wheel = folder("venv/lib/python3.11/site-packages/nvidia/cu13/lib");
    const fs::path own = folder("home/.local/lib/python3.9/site-packages/nvidia/cudnn/lib");
    std::ofstream(bin / "python3") << "";
    const auto folders = folders_of({{"STELE_LIBRARY_PATH", first.string() + ":/nonexistent::" + second.string()},
                                     {"PATH", "/nonexistent:" + bin.string()},
                                     {"HOME", (root() / "home").string()}});
    ASSERT_GE(folders.size(), 5u);
    EXPECT_EQ(folders[0].path, first);
    EXPECT_EQ(folders[1].path, second);
    EXPECT_EQ(folders[2].path, "");
    const auto place = [&](const fs::path& path) {
        return std::ranges::find(folders, path, &LibraryFolder::path) - folders.begin();
    };
    EXPECT_LT(place(wheel), place(own));
    EXPECT_LT(place(own), std::ssize(folders));
    EXPECT_EQ(place("/nonexistent"), std::ssize(folders));
}

TEST_F(LibraryTest, AFolderThatIsNamedTwiceIsLookedInOnce) {
    const std::string name = folder("one").string();
    const auto folders = folders_of({{"STELE_LIBRARY_PATH", name + ":" + name + "/."}});
    EXPECT_EQ(std::ranges::count_if(folders, [](const auto& row) { return row.why == "STELE_LIBRARY_PATH"; }), 1);
}

TEST_F(LibraryTest, AnOlderNameIsTakenWhereTheNewerIsNowhere) {
    library("there/libpretended.so.1");
    const std::vector<LibraryFolder> folders{{folder("empty"), ""}, {folder("there"), ""}};
    Library found(pretended, folders);
    ASSERT_TRUE(found.loaded()) << found.why_not();
    EXPECT_EQ(fs::canonical(found.path()), fs::canonical(root() / "there/libpretended.so.1"));
    int (*atoi)(const char*) = nullptr;
    found.find(atoi, "atoi");
    ASSERT_TRUE(found.loaded());
    EXPECT_EQ(atoi("42"), 42);
    found.find(atoi, "pretended_function");
    EXPECT_NE(found.why_not().find("has no function pretended_function"), std::string::npos) << found.why_not();
}

TEST_F(LibraryTest, AMissingOneSaysItsNamesTheFoldersAndTheWayOut) {
    const std::vector<LibraryFolder> folders{{"", "the loader's path"}, {folder("empty"), ""}};
    const Library missing(pretended, folders);
    EXPECT_FALSE(missing.loaded());
    EXPECT_EQ(missing.failure(), "libpretended.so.2 or libpretended.so.1 was not found");
    EXPECT_EQ(missing.why_not(), missing.failure() + "; looked in the loader's path, " + (root() / "empty").string() +
                                     "; pretend harder, or name its folder in STELE_LIBRARY_PATH");
}

TEST_F(LibraryTest, TheLoadersWordsAreToldOfAFileThatItRefuses) {
    std::ofstream(folder("broken") / "libpretended.so.1") << "no library, but longer than the header of one would be";
    const Library broken(pretended, std::vector<LibraryFolder>{{root() / "broken", ""}});
    EXPECT_NE(broken.why_not().find("broken/libpretended.so.1: "), std::string::npos) << broken.why_not();
    EXPECT_EQ(broken.why_not().find("was not found"), std::string::npos) << broken.why_not();
}

TEST_F(LibraryTest, NvidiasOpenclIsAddedToWhatIsInstalledAndOnlyWhereItIsNot) {
    const fs::path installed = folder("vendors");
    std::ofstream(installed / "other.icd") << "libother.so.2\n";
    fs::path kept;
    {
        const opencl::VendorFolder added(installed, "/drivers/libnvidia-opencl.so.1");
        kept = added.path();
        std::string line;
        std::getline(std::ifstream(kept / "other.icd") >> std::ws, line);
        EXPECT_EQ(line, "libother.so.2");
        std::getline(std::ifstream(kept / "stele-added.icd") >> std::ws, line);
        EXPECT_EQ(line, "/drivers/libnvidia-opencl.so.1");
    }
    EXPECT_FALSE(fs::exists(kept));
    std::ofstream(installed / "nvidia.icd") << "libnvidia-opencl.so.1\n";
    EXPECT_EQ(opencl::VendorFolder(installed, "/drivers/libnvidia-opencl.so.1").path(), "");
}

TEST(Library, ThatIsHereHasAFileAndIsLoaded) {
    constexpr LibraryName maths{"mathematics", {"libm.so.6"}, "install it"};
    const Library library(maths);
    EXPECT_TRUE(library.loaded());
    EXPECT_TRUE(Library::is_loaded(maths));
    EXPECT_EQ(library.file().rfind("libm", 0), 0u) << library.file();
    EXPECT_FALSE(Library::is_loaded({"nothing", {"libstele_nothing.so"}, "install it"}));
}

TEST(Library, ThatIsRefusedIsNotTried) {
    constexpr LibraryName maths{"mathematics", {"libm.so.6"}, "install it"};
    const Library refused(maths, std::string("no memory"));
    EXPECT_EQ(refused.why_not(), "no memory");
    EXPECT_FALSE(refused.loaded());
    EXPECT_TRUE(Library(maths, std::string()).loaded());
}

}  // namespace
}  // namespace stele::library_test
