// A vendor's library: missing, damaged, without a function, or there; each with the true reason.
#include "kernels/common/library.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>

namespace stele {
namespace {

TEST(Library, ThatIsMissingSaysHowToGetIt) {
    constexpr std::array names{"libstele_nothing.so.1", "libstele_nothing.so"};
    EXPECT_FALSE(Library::is_loaded(names));
    const Library library(names, "install it");
    EXPECT_FALSE(library.loaded());
    EXPECT_EQ(library.why_not(), "libstele_nothing.so.1 or libstele_nothing.so was not found; install it");
    EXPECT_EQ(library.file(), "");
}

TEST(Library, ThatIsDamagedIsNotCalledMissing) {
    const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "libstele_damaged.so";
    std::ofstream(path) << std::string(100, 'x');
    const std::array names{"libstele_nothing.so", path.c_str()};
    const Library library(names, "install it");
    EXPECT_NE(library.why_not().find("libstele_damaged.so does not load: "), std::string::npos) << library.why_not();
    EXPECT_EQ(library.why_not().find("not found"), std::string::npos) << library.why_not();
    EXPECT_EQ(library.why_not().find("install it"), std::string::npos) << library.why_not();
    std::filesystem::remove(path);
}

TEST(Library, ThatIsHereHasAFileAndPerhapsNotTheFunction) {
    constexpr std::array names{"libm.so.6"};
    Library library(names, "install it");
    EXPECT_TRUE(library.loaded());
    EXPECT_TRUE(Library::is_loaded(names));
    EXPECT_EQ(library.file().rfind("libm", 0), 0u) << library.file();
    void (*none)() = nullptr;
    library.find_optional(none, "stele_has_no_such_function");
    EXPECT_TRUE(library.loaded());
    library.find(none, "stele_has_no_such_function");
    EXPECT_EQ(library.why_not(), "libm.so.6 has no function stele_has_no_such_function");
}

TEST(Library, ThatIsRefusedIsNotTried) {
    constexpr std::array names{"libm.so.6"};
    EXPECT_EQ(Library(names, "install it", "no memory").why_not(), "no memory");
}

}  // namespace
}  // namespace stele
