// Tables and words as Markdown, sign by sign.
#include "harness/draw/markdown.hpp"

#include <gtest/gtest.h>

namespace stele::markdown_test {
namespace {

TEST(Markdown, EveryRowFillsTheColumns) {
    Table table;
    table.title = "A <title>";
    table.columns = {{"na|me", Align::left}, {"time", Align::right}};
    table.rows = {{{"a", "1"}, {}}, {{"a", "1", "no column"}, "no place"}, {{"a"}, "why\nso"}, {{}, "why"}, {{"a"}, {}},
                  {{}, {}}};
    table.notes = {"First.", "Second."};
    EXPECT_EQ(markdown_text(table, 2),
              "## A &lt;title&gt;\n\n"
              "| na\\|me | time |\n"
              "| --- | ---: |\n"
              "| a | 1 |\n"
              "| a | 1 |\n"
              "| a | why<br>so |\n"
              "| why | |\n"
              "| a | |\n"
              "| | |\n"
              "\n"
              "First.\n\n"
              "Second.\n\n");
    table.title.clear();
    table.rows.clear();
    EXPECT_EQ(markdown_text(table), "| na\\|me | time |\n| --- | ---: |\n\nFirst.\n\nSecond.\n\n");
    table.columns.clear();
    EXPECT_EQ(markdown_text(table), "First.\n\nSecond.\n\n");
}

TEST(Markdown, TextStaysText) {
    const auto note = [](const std::string& text) {
        Table table;
        table.notes = {text};
        return markdown_text(table);
    };
    EXPECT_EQ(note("a|b*c_d`e[f]g\\h\ni&j<k>l"), "a\\|b\\*c\\_d\\`e\\[f\\]g\\\\h<br>i&amp;j&lt;k&gt;l\n\n");
    for (const std::string mark : {"#", "-", "+", "=", "~"}) EXPECT_EQ(note(mark + " a"), "\\" + mark + " a\n\n");
    EXPECT_EQ(note("a # - + = ~"), "a # - + = ~\n\n");
    EXPECT_EQ(note(""), "\n\n");
}

TEST(Markdown, ADocumentEndsWithOneLineEnd) {
    Document document;
    EXPECT_EQ(markdown_text(document), "");
    document.add(Heading{"One *two*"});
    document.add(Paragraph{"text", "# Lead:"});
    Plot plot;
    plot.table.title = "P";
    document.add(std::move(plot));
    EXPECT_EQ(markdown_text(document), "## One \\*two\\*\n\n\\# Lead: text\n\n### P\n");
}

}  // namespace
}  // namespace stele::markdown_test
