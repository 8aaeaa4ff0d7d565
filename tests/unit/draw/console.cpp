// Tables and words on a console, sign by sign.
#include "harness/draw/console.hpp"

#include <gtest/gtest.h>

namespace stele::console_test {
namespace {

Table table_of(std::vector<Row> rows) {
    Table table;
    table.columns = {{"name", Align::left}, {"time", Align::right}, {"note", Align::left}};
    table.rows = std::move(rows);
    return table;
}

TEST(Console, ColumnsAreAsWideAsTheirWidestCell) {
    EXPECT_EQ(console_text(table_of({{{"a", "1", "b"}, {}},
                                     {{"longer", "12345", "µµµµµ", "no column"}, {}},
                                     {{"b"}, {}},
                                     {{}, {}},
                                     {{"c", "2"}, "why"}})),
              "  name     time  note\n"
              "  ──────  ─────  ─────\n"
              "  a           1  b\n"
              "  longer  12345  µµµµµ\n"
              "  b\n"
              "\n"
              "  c           2  why\n");
}

TEST(Console, AMessageGoesOnBelowWhereItBegan) {
    const std::string twenty = "aaaaaaaaa bbbbbbbbbb", message = twenty + ' ' + twenty;
    EXPECT_EQ(console_text(table_of({{{}, message}, {{"a"}, message}, {{"a", "1"}, message}}), 30),
              "  name  time  note\n"
              "  ────  ────  ────\n"
              "  aaaaaaaaa bbbbbbbbbb\n"
              "  aaaaaaaaa bbbbbbbbbb\n"
              "  a     aaaaaaaaa bbbbbbbbbb\n"
              "        aaaaaaaaa bbbbbbbbbb\n"
              "  a        1  aaaaaaaaa bbbbbbbbbb\n"
              "              aaaaaaaaa bbbbbbbbbb\n");
}

TEST(Console, TitlesAndNotesWrapAtTheWidth) {
    Table table;
    table.title = "aaaaaaaaaa bbbbbbbbbbb cc";
    table.notes = {"aaaaaaaaaa bbbbbbbbbb cc", "second"};
    EXPECT_EQ(console_text(table, 23), "aaaaaaaaaa bbbbbbbbbbb\ncc\n  aaaaaaaaaa bbbbbbbbbb\n  cc\n  second\n");
    EXPECT_EQ(console_text(table, 22), "aaaaaaaaaa bbbbbbbbbbb\ncc\n  aaaaaaaaaa\n  bbbbbbbbbb cc\n  second\n")
        << "20 columns for words are the least";
    table.title.clear();
    EXPECT_EQ(console_text(table, 5), "  aaaaaaaaaa\n  bbbbbbbbbb cc\n  second\n");
    EXPECT_EQ(console_text(table), "  aaaaaaaaaa bbbbbbbbbb cc\n  second\n");
}

TEST(Console, LinesStayInTextAndAreShownInCells) {
    Table table = table_of({{{"a\nb"}, "why\nso"}});
    table.title = "T\nt";
    table.columns[1].title = "ti\nme";
    table.notes = {"n\nm"};
    EXPECT_EQ(console_text(table),
              "T\nt\n"
              "  name  ti\\nme  note\n"
              "  ────  ──────  ────\n"
              "  a\\nb  why\n"
              "        so\n"
              "  n\n"
              "  m\n");
}

TEST(Console, HeadingsParagraphsAndPlotsWrapToo) {
    const std::string words = "aaaaaaaaaa bbbbbbbbbb";
    Document document;
    document.add(Heading{words});
    document.add(Paragraph{words + "\nnext", "Lead:"});
    Plot plot;
    plot.table.notes = {words};
    document.add(std::move(plot));
    EXPECT_EQ(console_text(document, 20),
              "aaaaaaaaaa\nbbbbbbbbbb\n\nLead: aaaaaaaaaa\nbbbbbbbbbb\nnext\n\n  aaaaaaaaaa\n  bbbbbbbbbb\n");
}

}  // namespace
}  // namespace stele::console_test
