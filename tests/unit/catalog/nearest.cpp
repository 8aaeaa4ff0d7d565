// Names that are near: what one edit is, how many are too many, and in which order they are told.
#include <gtest/gtest.h>

#include "harness/catalog/registry.hpp"

namespace stele::nearest_test {
namespace {

using Names = std::vector<std::string>;

/// Of one name; a third of the longer name's letters may be wrong, so that three letters allow one edit, six two.
bool is_near(std::string_view name, const std::string& candidate) {
    return nearest(name, Names{candidate}).size() == 1;
}

TEST(Nearest, OneEditIsALetterPutInLeftOutReplacedOrSwapped) {
    for (const char* candidate : {"xbc", "axc", "abx", "bac", "acb"})
        EXPECT_TRUE(is_near("abc", candidate)) << candidate;
    EXPECT_TRUE(is_near("ab", "axb")) << "put in";
    EXPECT_TRUE(is_near("axb", "ab")) << "left out";
    EXPECT_TRUE(is_near("xab", "ab")) << "left out at the start";
    EXPECT_TRUE(is_near("abx", "ab")) << "left out at the end";
}

TEST(Nearest, TwoEditsAreTwo) {
    EXPECT_TRUE(is_near("abcdef", "abcdxy"));
    EXPECT_TRUE(is_near("abcdef", "xycdef"));
    EXPECT_TRUE(is_near("abcdef", "badcef")) << "two swaps";
    EXPECT_TRUE(is_near("abcdef", "abcd"));
    EXPECT_TRUE(is_near("xyabcd", "abcd"));
    // With five letters, or four, they are too many.
    for (const char* candidate : {"abcxy", "xycde", "abc", "cde", "badce", "axbyc", "xabcy"})
        EXPECT_FALSE(is_near("abcde", candidate)) << candidate;
    EXPECT_FALSE(is_near("abcd", "xacd")) << "a letter moved behind another is no swap";
    EXPECT_FALSE(is_near("abcd", "bxcd"));
    EXPECT_FALSE(is_near("abcd", "xycd"));
}

TEST(Nearest, AThirdOfTheLongerNameMayBeWrong) {
    EXPECT_FALSE(is_near("ab", "xb"));
    EXPECT_TRUE(is_near("abc", "xbc"));
    EXPECT_TRUE(is_near("abcd", "xbcd"));
    EXPECT_FALSE(is_near("abcdefgh", "xyzdefgh"));
    EXPECT_TRUE(is_near("abcdefghi", "xyzdefghi"));
    EXPECT_FALSE(is_near("", "ab"));
}

TEST(Nearest, OneThatHoldsTheNameIsNearHoweverLong) {
    EXPECT_TRUE(is_near("ab", "abcdefgh"));
    EXPECT_TRUE(is_near("ab", "xxxxabxxxx"));
    EXPECT_FALSE(is_near("abcdefgh", "ab"));
}

TEST(Nearest, ComeInTheOrderOfTheirDistanceThenOfTheList) {
    const Names names{"abcdxy", "abcdex", "zzabcdefzz", "abcdey", "abcdez"};
    EXPECT_EQ(nearest("abcdef", names, 9), (Names{"zzabcdefzz", "abcdex", "abcdey", "abcdez", "abcdxy"}));
    EXPECT_EQ(nearest("abcdef", names), (Names{"zzabcdefzz", "abcdex", "abcdey"})) << "three where nobody says";
    EXPECT_EQ(nearest("abcdef", names, 1), Names{"zzabcdefzz"});
    EXPECT_EQ(nearest("abc", Names{"abx", "abx", "aby"}, 2), (Names{"abx", "aby"})) << "each once";
}

TEST(Nearest, ReadsNothingOutsideTheName) {
    // What stands before the name would make a swap of its first letter.
    EXPECT_EQ(nearest(std::string_view("xab").substr(1), Names{"axb"}), Names{"axb"});
}

}  // namespace
}  // namespace stele::nearest_test
