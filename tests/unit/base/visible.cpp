// Characters at the edges of what is shown as it is, and lengths at the edges of what is cut.
#include "harness/base/visible.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "harness/base/markup.hpp"

namespace stele::visible_test {
namespace {

/// UTF-8 of a character, by its definition; of what is none, too.
std::string utf8(std::uint32_t code, int bytes) {
    if (bytes == 1) return std::string(1, static_cast<char>(code));
    std::string out(1, static_cast<char>((bytes == 2 ? 0xC0 : bytes == 3 ? 0xE0 : 0xF0) | code >> 6 * (bytes - 1)));
    for (int i = bytes - 2; i >= 0; --i) out += static_cast<char>(0x80 | (code >> 6 * i & 0x3F));
    return out;
}

TEST(Visible, CharactersAreShownUnlessTheySteer) {
    const auto shown = [](std::uint32_t code, int bytes) { return visible(utf8(code, bytes)) == utf8(code, bytes); };
    for (const std::uint32_t code : {0x20, 0x7E}) EXPECT_TRUE(shown(code, 1)) << code;
    for (const std::uint32_t code : {0xA0, 0x7FF}) EXPECT_TRUE(shown(code, 2)) << code;
    for (const std::uint32_t code :
         {0x800, 0x200D, 0x2010, 0x2027, 0x202F, 0x2065, 0x206A, 0xD7FF, 0xE000, 0xFEFE, 0xFF00, 0xFFFD})
        EXPECT_TRUE(shown(code, 3)) << code;
    for (const std::uint32_t code : {0x10000, 0x1F600, 0x10FFFF}) EXPECT_TRUE(shown(code, 4)) << code;
}

TEST(Visible, WhatSteersIsWrittenByItsNumber) {
    for (const std::uint32_t code : {0x00, 0x08, 0x0B, 0x1F, 0x7F})
        EXPECT_EQ(visible(utf8(code, 1)), fmt::format("\\x{:02x}", code));
    for (const std::uint32_t code : {0x80, 0x9F}) EXPECT_EQ(visible(utf8(code, 2)), fmt::format("\\u{:04x}", code));
    for (const std::uint32_t code : {0x200E, 0x200F, 0x2028, 0x202E, 0x2066, 0x2069, 0xFEFF})
        EXPECT_EQ(visible(utf8(code, 3)), fmt::format("\\u{:04x}", code));
    EXPECT_EQ(visible("a\nb\tc", true), "a\nb\\tc");
}

TEST(Visible, WhatIsNoUtf8IsShownByteByByte) {
    const auto bytes = [](const std::string& text) {
        std::string out;
        for (const char byte : text) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
        return out;
    };
    for (const std::string& wrong : {utf8(0x7F, 2), utf8(0x7FF, 3), utf8(0xFFFF, 4), utf8(0xD800, 3), utf8(0xDFFF, 3),
                                     utf8(0x110000, 4), utf8(0x140000, 4), std::string("\x80"), std::string("\xbf"),
                                     std::string("\xe2\x80"), std::string("\xf0\x9f\x98"), std::string("\xc2")})
        EXPECT_EQ(visible(wrong), bytes(wrong));
    EXPECT_EQ(visible("\xe2(\xa1"), "\\xe2(\\xa1") << "the second byte continues nothing";
    EXPECT_EQ(visible("\xe2\x82("), "\\xe2\\x82(") << "nor does the third";
    EXPECT_EQ(visible("\xc2\xc0"), "\\xc2\\xc0");
}

TEST(Visible, ATextIsCutBeyondItsMost) {
    EXPECT_EQ(shortened("abc", 3), "abc");
    EXPECT_EQ(shortened("abcd", 3), "abc… (4 characters)");
    EXPECT_EQ(shortened("µµµ", 3), "µµµ");
    EXPECT_EQ(shortened("a\n", 3), "a\\n");
    EXPECT_EQ(shortened(std::string(200, 'x')), std::string(200, 'x'));
    EXPECT_EQ(shortened(std::string(201, 'x')), std::string(200, 'x') + "… (201 characters)");
    EXPECT_EQ(shortened("", 0), "");
}

TEST(Visible, AMessagesWordsAreCutAlone) {
    const std::string fits(220, 'x'), long_word(221, 'x'), cut = std::string(200, 'x') + "… (221 characters)";
    EXPECT_EQ(message_text("  " + fits + "  a " + fits), "  " + fits + "  a " + fits);
    EXPECT_EQ(message_text(long_word), cut);
    EXPECT_EQ(message_text("a  " + long_word + " " + long_word + " b "), "a  " + cut + " " + cut + " b ");
    // A text in quotes counts as one word.
    const std::string quoted = "'" + std::string(110, 'a') + ' ' + std::string(109, 'b') + "'";
    EXPECT_EQ(message_text(quoted + " is"),
              "'" + std::string(110, 'a') + ' ' + std::string(88, 'b') + "… (221 characters)' is");
    EXPECT_EQ(message_text("'a b' it's 'c"), "'a b' it's 'c");
}

TEST(Visible, AMessagesLinesAreCutAndCounted) {
    std::string line;
    for (int i = 0; i < 400; ++i) line += "word ";
    EXPECT_EQ(message_text(line), line) << "2000 characters";
    EXPECT_EQ(message_text(line + "x"), line + "… (2001 characters)");
    const auto lines = [](int count) {
        std::string text = "a";
        for (int i = 1; i < count; ++i) text += "\na";
        return text;
    };
    EXPECT_EQ(message_text(lines(200)), lines(200));
    EXPECT_EQ(message_text(lines(201)), lines(200) + "\n… and 1 more lines");
    EXPECT_EQ(message_text(lines(203)), lines(200) + "\n… and 3 more lines");
    EXPECT_EQ(message_text("a\n\nb\n"), "a\n\nb\n");
    EXPECT_EQ(message_text(""), "");
}

TEST(Markup, SignsOfHtmlAreEntities) {
    EXPECT_EQ(markup_text("a & b < c > d \"e\" 'f'\ng\x1b"),
              "a &amp; b &lt; c &gt; d &quot;e&quot; &#39;f&#39;\ng\\x1b");
}

}  // namespace
}  // namespace stele::visible_test
