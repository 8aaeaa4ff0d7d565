#include "harness/draw/html.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/markup.hpp"
#include "harness/draw/page.hpp"

namespace stele {

namespace {

std::string escape_html(const std::string& text) {
    std::string out = markup_text(text);
    for (std::size_t at = 0; (at = out.find('\n', at)) != std::string::npos;) out.replace(at, 1, "<br>");
    return out;
}

std::string element(const std::string& tag, const std::string& text) {
    return '<' + tag + '>' + escape_html(text) + "</" + tag.substr(0, tag.find(' ')) + ">";
}

/// A variant may go on in a new line at its tile.
std::string cell(const Column& column, const std::string& text) {
    std::string out = element(column.align == Align::right ? "td class=\"figure\"" : "td", text);
    for (std::size_t at = 0; (at = out.find('@', at)) != std::string::npos; at += 6) out.insert(at, "<wbr>");
    return out;
}

void append_row(std::string& out, const Table& table, const Row& row) {
    out += row.anchor.empty() ? "<tr>" : fmt::format("<tr id=\"{}\">", markup_text(row.anchor));
    const std::size_t columns = table.columns.size(), cells = std::min(row.cells.size(), columns);
    for (std::size_t i = 0; i < cells; ++i) out += cell(table.columns[i], row.cells[i]);
    if (row.message.empty())
        for (std::size_t i = cells; i < columns; ++i) out += "<td></td>";
    else if (cells < columns)
        out += element("td colspan=\"" + std::to_string(columns - cells) + '"', row.message);
    out += "</tr>\n";
    // A row without a column left for its message has it in a row of its own.
    if (!row.message.empty() && cells == columns && columns > 0)
        out +=
            "<tr class=\"more\">" + element("td colspan=\"" + std::to_string(columns) + '"', row.message) + "</tr>\n";
}

std::string rows_of(const Table& table) {
    if (table.columns.empty()) return {};
    std::string out = "<div class=\"scroll\">\n<table>\n<thead><tr>";
    for (const Column& column : table.columns)
        out += element(column.align == Align::right ? "th scope=\"col\" class=\"figure\"" : "th scope=\"col\"",
                       column.title);
    out += "</tr></thead>\n<tbody>\n";
    for (const Row& row : table.rows) append_row(out, table, row);
    return out + "</tbody>\n</table>\n</div>\n";
}

std::string notes_of(const Table& table) {
    std::string out;
    for (const std::string& note : table.notes) out += element("p class=\"note\"", note) + '\n';
    return out;
}

/// Writes the parts of a document one after the other; each that has a title can be linked to.
class Body {
public:
    void add(const Heading& heading) {
        const bool first = text_.empty();
        title(heading.text, first ? "h1" : "h2");
        if (first) links_at_ = text_.size();
    }
    void add(const Paragraph& paragraph) {
        const std::string lead = paragraph.lead.empty() ? "" : element("strong", paragraph.lead) + ' ';
        text_ += "<p>" + lead + escape_html(paragraph.text) + "</p>\n";
    }
    void add(const Table& table) {
        title(table.title, "h2");
        text_ += rows_of(table) + notes_of(table);
    }
    void add(const Plot& plot) {
        ++plots_;
        if (!can_draw_plots()) {
            if (plots_ == 1)
                text_ +=
                    element("p class=\"note\"",
                            "This page has no plots, only their figures: this stele was built without the wheel "
                            "vl-convert-python, which carries Vega-Lite. ./dev bench installs it and builds again.") +
                    '\n';
            add(plot.table);
            return;
        }
        title(plot.table.title, "h2");
        const std::string id = fmt::format("specification-{}", plots_);
        text_ += fmt::format(
            "<figure>\n{}<div class=\"scroll\"><div class=\"plot\" role=\"img\" aria-label=\"{}\" "
            "data-specification=\"{}\"></div></div>\n<script type=\"application/json\" id=\"{}\">{}</script>\n"
            "<details><summary>Its figures</summary>\n{}</details>\n</figure>\n",
            notes_of(plot.table), markup_text(plot.table.title), id, id, script_json(plot.specification),
            rows_of(plot.table));
    }

    /// With links to the parts below the first heading, where there are plots between them.
    std::string text() const {
        if (plots_ == 0) return text_;
        return fmt::format("{}<nav><details{}><summary>On this page</summary>\n{}</details></nav>\n{}",
                           text_.substr(0, links_at_), titles_ > most_open_links ? "" : " open", links_,
                           text_.substr(links_at_));
    }
    bool draws_plots() const { return plots_ > 0 && can_draw_plots(); }

private:
    static constexpr std::size_t most_open_links = 16;

    void title(const std::string& text, const char* tag) {
        if (text.empty()) return;
        text_ += fmt::format("<{0} id=\"part-{1}\">{2}</{0}>\n", tag, ++titles_, escape_html(text));
        if (titles_ > 1) links_ += fmt::format("<a href=\"#part-{}\">{}</a>\n", titles_, escape_html(text));
    }

    std::string text_, links_;
    std::size_t links_at_ = 0, titles_ = 0, plots_ = 0;
};

std::string title_of(const Document& document) {
    for (const Document::Part& part : document.parts()) {
        if (const auto* heading = std::get_if<Heading>(&part)) return heading->text;
        if (const auto* table = std::get_if<Table>(&part); table && !table->title.empty()) return table->title;
    }
    return "stele";
}

}  // namespace

std::string html_text(const Document& document) {
    Body body;
    for (const Document::Part& part : document.parts()) std::visit([&](const auto& piece) { body.add(piece); }, part);
    return page_start(title_of(document), body.draws_plots()) + body.text() + page_end(body.draws_plots());
}

}  // namespace stele
