// What comes from outside: shown without steering the terminal, read within limits.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "harness/base/error.hpp"
#include "harness/base/json_text.hpp"
#include "harness/base/regex.hpp"
#include "harness/base/visible.hpp"
#include "tests/support/refusal.hpp"

namespace stele::outside_test {
namespace {

TEST(Visible, NothingSteersTheTerminal) {
    EXPECT_EQ(visible("plain – µs ×"), "plain – µs ×");
    EXPECT_EQ(visible("\x1b[31mred\x07"), "\\x1b[31mred\\x07");
    EXPECT_EQ(visible("a\tb\nc\r"), "a\\tb\\nc\\r");
    EXPECT_EQ(visible("a\nb", true), "a\nb");
    EXPECT_EQ(visible("\xc2\x9b"
                      "31m"),
              "\\u009b31m");                                // CSI as one character
    EXPECT_EQ(visible("\xe2\x80\xae"), "\\u202e");          // right to left
    EXPECT_EQ(visible("\x9b\xff\xc3"), "\\x9b\\xff\\xc3");  // no UTF-8
    EXPECT_EQ(visible("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // half a surrogate pair
    EXPECT_EQ(visible("\xc0\x9b"), "\\xc0\\x9b");           // longer than it must be
    for (int byte = 0; byte < 256; ++byte)
        for (const char c : visible(std::string(1, static_cast<char>(byte))))
            EXPECT_TRUE(c >= 0x20 && c < 0x7F) << byte;
}

TEST(Visible, MessagesAreCut) {
    EXPECT_EQ(shortened("short"), "short");
    EXPECT_EQ(shortened(std::string(200000, 'x')), fmt::format("{}… (200000 characters)", std::string(200, 'x')));
    EXPECT_EQ(shortened("µµµ", 2), "µµ… (3 characters)");
    const std::string sentence = "cannot read " + std::string(200000, 'y') + ": it's 'a\x1b' file\nsecond line";
    const std::string told = message_text(sentence);
    EXPECT_LT(told.size(), 400u);
    EXPECT_TRUE(told.ends_with(" it's 'a\\x1b' file\nsecond line")) << told;
    EXPECT_LT(message_text("'" + std::string(100000, 'a') + " " + std::string(100000, 'b') + "' is wrong").size(),
              600u);
    std::string words;
    for (int i = 0; i < 100000; ++i) words += "word ";
    EXPECT_LT(message_text(words).size(), 2200u);
    EXPECT_LT(message_text(std::string(100000, '\n')).size(), 400u);
}

std::string refusal(std::string_view text) {
    return test::refusal_of<BadInput>([&] { parse_json(text); });
}

TEST(JsonText, SaysPlaceFoundAndExpected) {
    EXPECT_EQ(refusal(R"({"a": [1, 2], "b": "[[["})"), "");
    EXPECT_EQ(refusal(" \n"), "the file is empty");
    EXPECT_EQ(refusal("{\"a\":\n  hello}"), "not JSON: at line 2, column 3 there is 'hello', expected a value");
    EXPECT_NE(refusal("{\"a\" 1}").find("line 1, column 6"), std::string::npos) << refusal("{\"a\" 1}");
    EXPECT_NE(refusal("{\"a\": 1").find("truncated"), std::string::npos);
    for (const char* text :
         {"{\"a\" 1}", "nope", "{\"a\": \"\xff\xfe\"}", "[1,]", "{\"a\": \"\x01\"}", "[1e999999]", "\x1b[31m"}) {
        const std::string told = refusal(text);
        EXPECT_NE(told, "") << text;
        EXPECT_EQ(told.find("json.exception"), std::string::npos) << told;
        EXPECT_EQ(told.find("parse error"), std::string::npos) << told;
        EXPECT_NE(told.find("expected"), std::string::npos) << told;
    }
}

TEST(JsonText, DepthHasALimit) {
    const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    EXPECT_EQ(refusal(nested(most_json_depth)), "");
    EXPECT_NE(refusal(nested(most_json_depth + 1)).find("nested deeper"), std::string::npos);
    EXPECT_NE(refusal(nested(200000)).find("nested deeper"), std::string::npos);
    EXPECT_NE(refusal(std::string(200000, '[')).find("nested deeper"), std::string::npos);
}

bool found(const char* pattern, std::string_view text) { return Regex(pattern).found_in(text); }

TEST(Regex, FindsWhatPosixFinds) {
    EXPECT_TRUE(found("", "anything"));
    EXPECT_TRUE(found("b+c", "abbbcd"));
    EXPECT_FALSE(found("b+c", "ac"));
    EXPECT_TRUE(found("^a.*d$", "abcd"));
    EXPECT_FALSE(found("^b", "ab"));
    EXPECT_FALSE(found("b$", "ba"));
    EXPECT_TRUE(found("gemm/(tiled|naive)\\.opencl", "gemm/naive.opencl/m=8"));
    EXPECT_FALSE(found("gemm/(tiled|naive)\\.opencl", "gemm/naivexopencl"));
    EXPECT_TRUE(found("[a-c][^0-9]", "xb-"));
    EXPECT_FALSE(found("[a-c][^0-9]", "b1"));
    EXPECT_TRUE(found("[]x-]$", "a]"));
    EXPECT_TRUE(found("^(ab){2,3}$", "ababab"));
    EXPECT_FALSE(found("^(ab){2,3}$", "abababab"));
    EXPECT_TRUE(found("^a{2,}$", "aaaa"));
    EXPECT_FALSE(found("^a{2}$", "aaa"));
    EXPECT_TRUE(found("^(a|b*)*$", "abba"));
    EXPECT_TRUE(found("^x?$", ""));
    EXPECT_FALSE(found("a", ""));
}

TEST(Regex, NothingKeepsItBusy) {
    const auto start = std::chrono::steady_clock::now();
    const std::string text(200, 'a');
    EXPECT_FALSE(found("^((a*)*)*b$", text));
    EXPECT_FALSE(found("^(((((a*)*)*)*)*)*b$", text));
    EXPECT_FALSE(found("^(a|a|aa)*b$", text));
    EXPECT_FALSE(found("^(a?){100}a{200}b$", text));
    for (const std::string& wrong : {std::string(20000, 'a'), std::string(900, '('),
                                     std::string("((x{200}){200}){200}"), std::string("x") + std::string(900, '*')})
        EXPECT_THROW(Regex{wrong}, BadInput);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(Regex, SaysWhatIsWrong) {
    for (const char* wrong :
         {"(", ")", "[", "[b-a]", "a{", "a{2", "a{3,2}", "a{999}", "*", "a|+", "\\", "\\1", "(a)\\1", "[[:alpha:]]"})
        EXPECT_THROW(Regex{wrong}, BadInput) << wrong;
}

}  // namespace
}  // namespace stele::outside_test
