// Tables drawn: alignment, width, wrapping, escaping.
#include <gtest/gtest.h>

#include <sstream>

#include "harness/draw/console.hpp"
#include "harness/draw/markdown.hpp"

namespace stele::table_test {
namespace {

Table sample() {
    Table table;
    table.title = "A title";
    table.columns = {{"name", Align::left}, {"time", Align::right}};
    table.rows = {{{"first", "1.25 µs"}, {}},
                  {{"second"}, "skipped: " + std::string(200, 'x') + " because of the words that follow"}};
    table.notes = {"A note."};
    return table;
}

TEST(Table, DrawsAligned) {
    Table table = sample();
    table.rows.pop_back();
    EXPECT_EQ(console_text(table),
              "A title\n"
              "  name      time\n"
              "  ─────  ───────\n"
              "  first  1.25 µs\n"
              "  A note.\n");
}

TEST(Table, StaysWithinTheWidth) {
    std::istringstream lines(console_text(sample(), 60));
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) EXPECT_LE(display_width(line), 60u) << line;
    EXPECT_GT(count, 6u);
}

TEST(Table, MarkdownKeepsACellOneCell) {
    Table table = sample();
    table.rows = {{{"a|b"}, "line\nend <b>"}};
    const std::string text = markdown_text(table);
    EXPECT_NE(text.find("| a\\|b | line<br>end &lt;b&gt; |\n"), std::string::npos) << text;
    EXPECT_NE(text.find("| --- | ---: |"), std::string::npos) << text;
    EXPECT_NE(text.find("### A title"), std::string::npos) << text;
}

TEST(Table, WrapsAtBlanks) {
    EXPECT_EQ(wrap("one two three", 7), (std::vector<std::string>{"one two", "three"}));
    EXPECT_EQ(wrap("µµµµ µµ", 4), (std::vector<std::string>{"µµµµ", "µµ"}));
    EXPECT_EQ(wrap("abcdefgh", 3), (std::vector<std::string>{"abc", "def", "gh"}));
    EXPECT_EQ(wrap("a\nb", 9), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(wrap("", 9), (std::vector<std::string>{""}));
    EXPECT_EQ(wrap("a", 0), (std::vector<std::string>{"a"}));
    EXPECT_EQ(wrap("ab", 0), (std::vector<std::string>{"a", "b"})) << "one column is the least";
    EXPECT_EQ(wrap("one two", 6), (std::vector<std::string>{"one", "two"}));
    EXPECT_EQ(wrap("  one   two ", 9), (std::vector<std::string>{"one two"}));
    EXPECT_EQ(wrap("a\n\nb\n", 9), (std::vector<std::string>{"a", "", "b"}));
    EXPECT_EQ(wrap("one\ntwo", 9), (std::vector<std::string>{"one", "two"}));
    EXPECT_EQ(wrap("ab abcdefgh i", 5), (std::vector<std::string>{"ab", "abcde", "fgh i"}));
    EXPECT_EQ(wrap("abc def", 3), (std::vector<std::string>{"abc", "def"}));
}

TEST(Table, FootnotesAreLettered) {
    Footnotes notes;
    EXPECT_TRUE(notes.notes().empty());
    EXPECT_EQ(notes.mark("why"), "(a)");
    EXPECT_EQ(notes.mark("else"), "(b)");
    EXPECT_EQ(notes.mark("why"), "(a)") << "the same text";
    EXPECT_EQ(notes.notes(), (std::vector<std::string>{"(a) why", "(b) else"}));
    std::vector<std::string> marks;
    for (int i = 0; i < 703; ++i) marks.push_back(notes.mark(std::to_string(i)));
    EXPECT_EQ(marks[23], "(z)");
    EXPECT_EQ(marks[24], "(aa)");
    EXPECT_EQ(marks[25], "(ab)");
    EXPECT_EQ(marks[49], "(az)");
    EXPECT_EQ(marks[50], "(ba)");
    EXPECT_EQ(marks[699], "(zz)");
    EXPECT_EQ(marks[700], "(aaa)");
    EXPECT_EQ(notes.notes()[702], "(aaa) 700");
}

}  // namespace
}  // namespace stele::table_test
