// One document, three back ends: nothing that it holds breaks any of them.
#include "harness/draw/document.hpp"

#include <gtest/gtest.h>

#include <regex>

namespace stele::document_test {
namespace {

const std::string hostile = "\x1b[2J<script>|`*_[x](y)&\"'\n\xc2\x9b";

Document sample() {
    Table table;
    table.title = "T " + hostile;
    table.columns = {{hostile, Align::left}, {"time", Align::right}};
    table.rows = {{{hostile, "1.25 µs"}, {}}, {{"second"}, hostile}, {{"third", "2"}, "more"}, {{"short"}, {}}};
    table.notes = {hostile, "# no heading"};
    Document document;
    document.add(Heading{"H " + hostile});
    document.add(Paragraph{"- no list " + hostile});
    document.add(std::move(table));
    return document;
}

TEST(Document, NoControlCharacterGetsThrough) {
    for (const DrawnAs format : {DrawnAs::console, DrawnAs::markdown, DrawnAs::html}) {
        const std::string text = drawn(sample(), format);
        for (const char c : text) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
        EXPECT_EQ(text.find("\xc2\x9b"), std::string::npos);
        EXPECT_NE(text.find("\\x1b"), std::string::npos);
        EXPECT_NE(text.find("1.25 µs"), std::string::npos);
        EXPECT_TRUE(text.ends_with("\n"));
    }
}

TEST(Document, ConsoleKeepsPartsApart) {
    Document document;
    document.add(Heading{"one"});
    document.add(Paragraph{"two"});
    EXPECT_EQ(drawn(document, DrawnAs::console), "one\n\ntwo\n");
    EXPECT_EQ(drawn(document, DrawnAs::markdown), "## one\n\ntwo\n");
    EXPECT_EQ(drawn(Document(), DrawnAs::console), "");
}

TEST(Document, MarkdownStaysTextAndCells) {
    const std::string text = drawn(sample(), DrawnAs::markdown);
    EXPECT_EQ(text.find("<script>"), std::string::npos);
    EXPECT_EQ(text.find("[x](y)"), std::string::npos);
    EXPECT_NE(text.find("\n\\# no heading"), std::string::npos);
    EXPECT_NE(text.find("\n\\- no list"), std::string::npos);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("|")) {
            std::size_t bars = 0;
            for (std::size_t i = 0; i < line.size(); ++i) bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
            EXPECT_EQ(bars, 3u) << line;
        }
}

TEST(Document, HtmlIsEscapedAndEveryElementIsClosed) {
    const std::string text = drawn(sample(), DrawnAs::html);
    EXPECT_TRUE(text.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
    EXPECT_EQ(text.find("<script>"), std::string::npos);
    EXPECT_NE(text.find("&lt;script&gt;|`*_[x](y)&amp;&quot;&#39;<br>"), std::string::npos) << text;
    std::vector<std::string> open;
    const std::regex tag("<(/?)([a-z0-9]+)[^>]*>");
    for (std::sregex_iterator it(text.begin(), text.end(), tag), end; it != end; ++it) {
        const std::string name = (*it)[2];
        if (name == "meta" || name == "br") continue;
        if ((*it)[1].length() == 0) {
            open.push_back(name);
            continue;
        }
        ASSERT_FALSE(open.empty());
        EXPECT_EQ(open.back(), name);
        open.pop_back();
    }
    EXPECT_TRUE(open.empty());
    // Each row fills the two columns.
    EXPECT_NE(text.find("<td>second</td><td colspan=\"1\">"), std::string::npos);
    EXPECT_NE(text.find("<td>third</td><td class=\"figure\">2</td></tr>\n<tr><td colspan=\"2\">more</td></tr>"),
              std::string::npos);
    EXPECT_NE(text.find("<td>short</td><td></td>"), std::string::npos);
}

}  // namespace
}  // namespace stele::document_test
