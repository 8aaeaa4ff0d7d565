// Pages of HTML, sign by sign: rows that are short, full or too long, links between parts, plots.
#include "harness/draw/html.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "harness/draw/page.hpp"

namespace stele::html_test {
namespace {

/// What a document puts on its page: all between the body's start and the first script of the page itself.
std::string body_of(const Document& document) {
    const std::string page = html_text(document), begin = "<body>\n";
    const std::size_t from = page.find(begin) + begin.size();
    return page.substr(from, page.find("<script>", from) - from);
}

std::string title_of(const Document& document) {
    const std::string page = html_text(document), begin = "<title>";
    const std::size_t from = page.find(begin) + begin.size();
    return page.substr(from, page.find("</title>", from) - from);
}

Table table_of(std::string title, std::vector<Row> rows) {
    Table table;
    table.title = std::move(title);
    table.columns = {{"name", Align::left}, {"time <", Align::right}};
    table.rows = std::move(rows);
    return table;
}

const std::string head =
                      "<div class=\"scroll\">\n<table>\n<thead><tr><th scope=\"col\">name</th><th scope=\"col\" "
                      "class=\"figure\">time "
                      "&lt;</th></tr></thead>\n<tbody>\n",
                  foot = "</tbody>\n</table>\n</div>\n";

std::string rows_of(std::vector<Row> rows) {
    const std::string text = body_of(Document(table_of("", std::move(rows))));
    EXPECT_TRUE(text.starts_with(head) && text.ends_with(foot)) << text;
    return text.substr(head.size(), text.size() - head.size() - foot.size());
}

Plot plot_of(std::string title) {
    Plot plot;
    plot.specification = "{\"mark\":\"<\"}";
    plot.table = table_of(std::move(title), {{{"a", "1"}, {}}});
    plot.table.notes = {"How & why."};
    return plot;
}

TEST(Html, HeadingsAndParagraphs) {
    Document document;
    document.add(Heading{"One & two"});
    document.add(Paragraph{"\ntext\nmore", "Lead:"});
    document.add(Paragraph{"No lead"});
    document.add(Heading{"Next"});
    document.add(Heading{""});
    EXPECT_EQ(body_of(document),
              "<h1 id=\"part-1\">One &amp; two</h1>\n<p><strong>Lead:</strong> <br>text<br>more</p>\n"
              "<p>No lead</p>\n<h2 id=\"part-2\">Next</h2>\n");
}

TEST(Html, ATableHasItsTitleRowsAndNotes) {
    Table table = table_of("T", {{{"a", "1"}, {}}});
    table.notes = {"First.", "Second & last."};
    EXPECT_EQ(body_of(Document(table)), "<h2 id=\"part-1\">T</h2>\n" + head +
                                            "<tr><td>a</td><td class=\"figure\">1</td></tr>\n" + foot +
                                            "<p class=\"note\">First.</p>\n<p class=\"note\">Second &amp; last.</p>\n");
    table.columns.clear();
    table.notes.pop_back();
    EXPECT_EQ(body_of(Document(table)), "<h2 id=\"part-1\">T</h2>\n<p class=\"note\">First.</p>\n")
        << "without columns no rows";
}

TEST(Html, EveryRowFillsTheColumns) {
    const std::string full = "<tr><td>a</td><td class=\"figure\">1</td></tr>\n";
    EXPECT_EQ(rows_of({{{"a", "1"}, {}}}), full);
    EXPECT_EQ(rows_of({{{"a", "1", "too many"}, {}}}), full);
    EXPECT_EQ(rows_of({{{"a"}, {}}}), "<tr><td>a</td><td></td></tr>\n");
    EXPECT_EQ(rows_of({{{}, {}}}), "<tr><td></td><td></td></tr>\n");
    EXPECT_EQ(rows_of({{{"a"}, "why <"}}), "<tr><td>a</td><td colspan=\"1\">why &lt;</td></tr>\n");
    EXPECT_EQ(rows_of({{{}, "why"}}), "<tr><td colspan=\"2\">why</td></tr>\n");
    EXPECT_EQ(rows_of({{{"a", "1"}, "why"}}), full + "<tr class=\"more\"><td colspan=\"2\">why</td></tr>\n");
    EXPECT_EQ(rows_of({{{"a", "1"}, {}, "row-\"1\""}, {{"a", "1"}, {}}}),
              "<tr id=\"row-&quot;1&quot;\"><td>a</td><td class=\"figure\">1</td></tr>\n" + full);
    Table narrow = table_of("", {{{"a"}, "why"}});
    narrow.columns.pop_back();
    EXPECT_NE(body_of(Document(narrow)).find("<tr><td>a</td></tr>\n<tr class=\"more\"><td colspan=\"1\">why</td></tr>"),
              std::string::npos)
        << "one column is enough";
}

TEST(Html, ACellMayBreakBeforeEachTile) {
    EXPECT_EQ(rows_of({{{"@a@@b", "c@d"}, {}}}),
              "<tr><td><wbr>@a<wbr>@<wbr>@b</td><td class=\"figure\">c<wbr>@d</td></tr>\n");
}

TEST(Html, ThePageIsCalledAsItsFirstTitle) {
    Document document;
    document.add(Paragraph{"words"});
    EXPECT_EQ(title_of(document), "stele");
    document.add(table_of("", {}));
    EXPECT_EQ(title_of(document), "stele");
    document.add(table_of("A <table>", {}));
    EXPECT_EQ(title_of(document), "A &lt;table&gt;");
    document.add(Heading{"A heading"});
    EXPECT_EQ(title_of(document), "A &lt;table&gt;");
    Document headed;
    headed.add(Heading{"A heading"});
    headed.add(table_of("A table", {}));
    EXPECT_EQ(title_of(headed), "A heading");
}

TEST(Html, APlotStandsAboveItsFiguresWithLinksToTheParts) {
    Document document;
    document.add(Heading{"Page"});
    document.add(Paragraph{"Words"});
    document.add(plot_of("P & 1"));
    document.add(plot_of(""));
    const std::string nav =
        "<h1 id=\"part-1\">Page</h1>\n<nav><details open><summary>On this page</summary>\n"
        "<a href=\"#part-2\">P &amp; 1</a>\n</details></nav>\n<p>Words</p>\n";
    const std::string note = "<p class=\"note\">How &amp; why.</p>\n";
    const std::string figures = head + "<tr><td>a</td><td class=\"figure\">1</td></tr>\n" + foot;
    const auto drawn_plot = [&](const std::string& id, const std::string& label) {
        return fmt::format(
            "<figure>\n{}<div class=\"scroll\"><div class=\"plot\" role=\"img\" aria-label=\"{}\" "
            "data-specification=\"{}\"></div></div>\n<script type=\"application/json\" "
            "id=\"{}\">{{\"mark\":\"\\u003c\"}}</script>\n<details><summary>Its figures</summary>\n{}</details>\n"
            "</figure>\n",
            note, label, id, id, figures);
    };
    const std::string title = "<h2 id=\"part-2\">P &amp; 1</h2>\n", text = body_of(document);
    if (can_draw_plots()) {
        EXPECT_EQ(text, nav + title + drawn_plot("specification-1", "P &amp; 1") + drawn_plot("specification-2", ""));
        return;
    }
    const std::size_t reason = text.find("<p class=\"note\">This page has no plots");
    ASSERT_EQ(reason, nav.size());
    EXPECT_EQ(text.find("This page has no plots", reason + 20), std::string::npos) << "said once";
    EXPECT_TRUE(text.ends_with(title + figures + note + figures + note)) << text;
}

TEST(Html, ManyLinksAreFolded) {
    Document document;
    document.add(plot_of("1"));
    for (int part = 2; part <= 16; ++part) document.add(table_of(std::to_string(part), {}));
    EXPECT_TRUE(body_of(document).starts_with("<nav><details open><summary>")) << body_of(document).substr(0, 80);
    document.add(table_of("17", {}));
    const std::string text = body_of(document);
    EXPECT_TRUE(text.starts_with("<nav><details><summary>On this page</summary>\n<a href=\"#part-2\">2</a>\n"));
    EXPECT_NE(text.find("<a href=\"#part-17\">17</a>\n</details></nav>\n"), std::string::npos);
}

TEST(Html, APageThatDoesNotBeginWithAHeadingHasItsLinksFirst) {
    Document document;
    document.add(Paragraph{"Words"});
    document.add(Heading{"Later"});
    document.add(Heading{"Last"});
    document.add(plot_of(""));
    EXPECT_TRUE(
        body_of(document).starts_with("<nav><details open><summary>On this page</summary>\n"
                                      "<a href=\"#part-2\">Last</a>\n</details></nav>\n<p>Words</p>\n"
                                      "<h2 id=\"part-1\">Later</h2>\n"))
        << body_of(document).substr(0, 300);
}

}  // namespace
}  // namespace stele::html_test
