#include "harness/draw/html.hpp"

#include <algorithm>

#include "harness/base/markup.hpp"

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

std::string cell(const Column& column, const std::string& text) {
    return element(column.align == Align::right ? "td class=\"figure\"" : "td", text);
}

void append_row(std::string& out, const Table& table, const Row& row) {
    out += "<tr>";
    const std::size_t columns = table.columns.size(), cells = std::min(row.cells.size(), columns);
    for (std::size_t i = 0; i < cells; ++i) out += cell(table.columns[i], row.cells[i]);
    if (row.message.empty())
        for (std::size_t i = cells; i < columns; ++i) out += "<td></td>";
    else if (cells < columns)
        out += element("td colspan=\"" + std::to_string(columns - cells) + '"', row.message);
    out += "</tr>\n";
    // A row without a column left for its message has it in a row of its own.
    if (!row.message.empty() && cells == columns && columns > 0)
        out += "<tr>" + element("td colspan=\"" + std::to_string(columns) + '"', row.message) + "</tr>\n";
}

void append(std::string& out, const Table& table) {
    if (!table.title.empty()) out += element("h2", table.title) + '\n';
    if (!table.columns.empty()) {
        out += "<table>\n<thead><tr>";
        for (const Column& column : table.columns) out += element("th scope=\"col\"", column.title);
        out += "</tr></thead>\n<tbody>\n";
        for (const Row& row : table.rows) append_row(out, table, row);
        out += "</tbody>\n</table>\n";
    }
    for (const std::string& note : table.notes) out += element("p", note) + '\n';
}

void append(std::string& out, const Heading& heading) { out += element("h2", heading.text) + '\n'; }
void append(std::string& out, const Paragraph& paragraph) { out += element("p", paragraph.text) + '\n'; }

std::string title_of(const Document& document) {
    for (const Document::Part& part : document.parts()) {
        if (const auto* heading = std::get_if<Heading>(&part)) return heading->text;
        if (const auto* table = std::get_if<Table>(&part); table && !table->title.empty()) return table->title;
    }
    return "stele";
}

}  // namespace

std::string html_text(const Document& document) {
    std::string out =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" +
        element("title", title_of(document)) +
        "\n<style>\nbody { font-family: sans-serif; margin: 2em; }\ntable { border-collapse: collapse; }\n"
        "th, td { padding: 0.2em 0.8em; text-align: left; border-bottom: 1px solid #ccc; }\n"
        ".figure { text-align: right; font-variant-numeric: tabular-nums; }\n</style>\n</head>\n<body>\n";
    for (const Document::Part& part : document.parts())
        std::visit([&](const auto& piece) { append(out, piece); }, part);
    return out + "</body>\n</html>\n";
}

}  // namespace stele
