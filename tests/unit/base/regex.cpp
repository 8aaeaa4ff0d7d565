// Expressions: each mark by itself, counts and limits at their edges, and what each mistake is called.
#include "harness/base/regex.hpp"

#include <gtest/gtest.h>

#include "harness/base/error.hpp"

namespace stele::regex_test {
namespace {

bool found(std::string_view pattern, std::string_view text) { return Regex(pattern).found_in(text); }

/// Lengths of a run of 'a' that the whole expression matches, up to six.
std::vector<int> runs(const std::string& pattern) {
    std::vector<int> out;
    for (int length = 0; length <= 6; ++length)
        if (found("^" + pattern + "$", std::string(static_cast<std::size_t>(length), 'a'))) out.push_back(length);
    return out;
}

/// Single characters that it matches.
std::string matched(const std::string& pattern) {
    std::string out;
    for (int c = 0x20; c < 0x100; ++c)
        if (found("^" + pattern + "$", std::string(1, static_cast<char>(c)))) out += static_cast<char>(c);
    return out;
}

std::string mistake(const std::string& pattern) {
    try {
        Regex{pattern};
    } catch (const BadInput& error) {
        return error.what();
    }
    return "";
}

using Runs = std::vector<int>;

TEST(RegexCounts, AreFromTheLeastToTheMost) {
    EXPECT_EQ(runs("a*"), (Runs{0, 1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(runs("a+"), (Runs{1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(runs("a?"), (Runs{0, 1}));
    EXPECT_EQ(runs("a{0}"), Runs{0});
    EXPECT_EQ(runs("a{3}"), Runs{3});
    EXPECT_EQ(runs("a{2,4}"), (Runs{2, 3, 4}));
    EXPECT_EQ(runs("a{2,2}"), Runs{2});
    EXPECT_EQ(runs("a{3,}"), (Runs{3, 4, 5, 6}));
    EXPECT_EQ(runs("a{0,}"), (Runs{0, 1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(runs("(aa){1,2}"), (Runs{2, 4}));
    EXPECT_EQ(runs("a{2}{2}"), Runs{4});
    EXPECT_EQ(runs("(a|aaa|aaaaa)"), (Runs{1, 3, 5}));
    EXPECT_EQ(runs("(|aa)"), (Runs{0, 2}));
    for (const int count : {9, 10, 19, 90, 255}) {
        const std::string pattern = "^a{" + std::to_string(count) + "}$", text(static_cast<std::size_t>(count), 'a');
        EXPECT_TRUE(found(pattern, text)) << count;
        EXPECT_FALSE(found(pattern, text + "a")) << count;
        EXPECT_FALSE(found(pattern, text.substr(1))) << count;
    }
}

TEST(RegexSets, HoldTheirMembers) {
    EXPECT_EQ(matched("[b-d]"), "bcd");
    EXPECT_EQ(matched("[bd]"), "bd");
    EXPECT_EQ(matched("[b-bd]"), "bd");
    EXPECT_EQ(matched("[a-cx-z]"), "abcxyz");
    EXPECT_EQ(matched("[]b]"), "]b");
    EXPECT_EQ(matched("[b-]"), "-b");
    EXPECT_EQ(matched("[-b]"), "-b");
    EXPECT_EQ(matched("[b[]"), "[b");
    EXPECT_EQ(matched("[^\x01-~\x80-\xfe]"), "\x7f\xff");
    EXPECT_EQ(matched("[^]\x01-\\^-~\x80-\xfe]"), "\x7f\xff") << "a first ']' is a member, turned round too";
    EXPECT_EQ(matched("[\xfd-\xff]"), "\xfd\xfe\xff");
    EXPECT_EQ(matched("."), matched("[^\x01]"));
    EXPECT_EQ(matched("\\*"), "*");
    EXPECT_EQ(matched("\\_"), "_");
    EXPECT_EQ(matched("]"), "]");
}

TEST(RegexPlaces, AreTheStartAndTheEnd) {
    EXPECT_TRUE(found("^$", ""));
    EXPECT_FALSE(found("^$", "a"));
    EXPECT_TRUE(found("ab$", "xab"));
    EXPECT_FALSE(found("ab$", "abx"));
    EXPECT_TRUE(found("^ab", "abx"));
    EXPECT_FALSE(found("a^b", "ab"));
    EXPECT_FALSE(found("a$b", "ab"));
    EXPECT_TRUE(found("(^a|b)c", "ac"));
    EXPECT_FALSE(found("(^a|b)c", "xac"));
    EXPECT_TRUE(found("(^a|b)c", "xbc"));
    EXPECT_TRUE(found("abc", "ababc"));
}

TEST(RegexMistakes, AreNamed) {
    EXPECT_EQ(mistake("a)"), "a ')' has no '('");
    EXPECT_EQ(mistake("(a"), "a ')' is missing");
    for (const char* open : {"[", "[]", "[a", "[a-", "[^", "[^]"}) EXPECT_EQ(mistake(open), "a ']' is missing") << open;
    EXPECT_EQ(mistake("[b-a]"), "a range in brackets runs backwards");
    for (const char* named : {"[[:alpha:]]", "[[=a=]]", "[[.a.]]", "[a[:digit:]]"})
        EXPECT_EQ(mistake(named), "named classes are not known here") << named;
    for (const char* none : {"a{", "a{}", "a{,3}", "a{x}"}) EXPECT_EQ(mistake(none), "braces hold no count") << none;
    for (const char* open : {"a{2", "a{2,3", "a{2x}", "a{2,3x}"}) EXPECT_EQ(mistake(open), "a '}' is missing") << open;
    EXPECT_EQ(mistake("a{3,2}"), "a count in braces runs backwards");
    EXPECT_EQ(mistake("a{256}"), "a count in braces is above 255");
    EXPECT_EQ(mistake("a{1,256}"), "a count in braces is above 255");
    for (const std::string mark : {"*", "+", "?", "{"})
        for (const std::string before : {"", "(", "a|"})
            EXPECT_EQ(mistake(before + mark), "'" + mark + "' repeats nothing") << before;
    EXPECT_EQ(mistake("a\\"), "it ends after a '\\'");
    EXPECT_EQ(mistake("\\d"), "'\\d' has no meaning");
}

TEST(RegexLimits, AreTheLastThatIsRead) {
    EXPECT_EQ(mistake(std::string(1000, 'a')), "");
    EXPECT_EQ(mistake(std::string(1001, 'a')), "it has 1001 characters, and 1000 are read");
    const auto nested = [](std::size_t depth) { return std::string(depth, '(') + "a" + std::string(depth, ')'); };
    EXPECT_EQ(mistake(nested(100)), "");
    EXPECT_EQ(mistake(nested(101)), "parentheses are nested too deeply");
    EXPECT_EQ(mistake("a" + std::string(100, '*')), "");
    EXPECT_EQ(mistake("a" + std::string(101, '*')), "one part is repeated by too many marks");
    // 20000 steps with the one that matches.
    EXPECT_EQ(mistake("(a{199}){100}a{99}"), "");
    EXPECT_EQ(mistake("(a{199}){100}a{100}"), "the expression is too large");
}

}  // namespace
}  // namespace stele::regex_test
