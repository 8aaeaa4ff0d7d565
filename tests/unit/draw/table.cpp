// Tables drawn: alignment, width, wrapping, escaping; and figures as people read them.
#include <gtest/gtest.h>

#include <limits>
#include <sstream>

#include "harness/base/text.hpp"
#include "harness/draw/console.hpp"
#include "harness/draw/markdown.hpp"

namespace stele {
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
}

TEST(TextFormat, ThreeDigits) {
    EXPECT_EQ(three_digits(0), "0.000");
    EXPECT_EQ(three_digits(0.12345), "0.123");
    EXPECT_EQ(three_digits(1.2345), "1.23");
    EXPECT_EQ(three_digits(9.996), "10.0");
    EXPECT_EQ(three_digits(12.345), "12.3");
    EXPECT_EQ(three_digits(99.96), "100");
    EXPECT_EQ(three_digits(1234.5), "1234");
    EXPECT_EQ(three_digits(1e9), "1.00e+09");
    EXPECT_EQ(three_digits(1e-5), "1.00e-05");
    EXPECT_EQ(three_digits(std::numeric_limits<double>::quiet_NaN()), "nan");
}

TEST(TextFormat, UnitsThatPeopleRead) {
    EXPECT_EQ(time_text(12.5), "12.5 ns");
    EXPECT_EQ(time_text(1250), "1.25 µs");
    EXPECT_EQ(time_text(2.5e9), "2.50 s");
    EXPECT_EQ(interval_text(0.9e6, 1.1e6, 1.2e6), "0.900–1.20");
    EXPECT_EQ(bytes_text(512), "512 B");
    EXPECT_EQ(bytes_text(std::size_t{3} << 20), "3 MiB");
    EXPECT_EQ(bytes_text(1536), "1.50 KiB");
    EXPECT_EQ(count_text(2.68e8) + "FLOP", "268 MFLOP");
    EXPECT_EQ(error_text(0), "0");
    EXPECT_EQ(error_text(1.23e-6), "1.2e-06");
}

}  // namespace
}  // namespace stele
