#include "harness/draw/markdown.hpp"

#include <string_view>

#include "harness/base/visible.hpp"

namespace stele {

namespace {

/// A cell must stay one cell, and text must stay text: no bars, no line ends, no links, no HTML.
std::string escape_markdown(const std::string& text) {
    std::string out;
    for (const char byte : visible(text, true)) switch (byte) {
            case '|':
            case '*':
            case '_':
            case '`':
            case '[':
            case ']':
            case '\\':
                out += '\\';
                out += byte;
                break;
            case '\n':
                out += "<br>";
                break;
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            default:
                out += byte;
        }
    return out;
}

/// A text that stands alone must not begin as a heading or a list does.
std::string paragraph(const std::string& text) {
    const bool marked = !text.empty() && std::string_view("#-+=~").find(text.front()) != std::string_view::npos;
    return (marked ? "\\" : "") + escape_markdown(text) + "\n\n";
}

}  // namespace

std::string markdown_text(const Table& table, int level) {
    std::string out;
    if (!table.title.empty())
        out += std::string(static_cast<std::size_t>(level), '#') + ' ' + escape_markdown(table.title) + "\n\n";
    if (!table.columns.empty()) {
        std::string titles = "|", rule = "|";
        for (const Column& column : table.columns) {
            titles += ' ' + escape_markdown(column.title) + " |";
            rule += column.align == Align::left ? " --- |" : " ---: |";
        }
        out += titles + '\n' + rule + '\n';
    }
    for (const Row& row : table.rows) {
        out += '|';
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            if (i < row.cells.size())
                out += ' ' + escape_markdown(row.cells[i]) + " |";
            else
                out += i == row.cells.size() && !row.message.empty() ? ' ' + escape_markdown(row.message) + " |" : " |";
        }
        out += '\n';
    }
    if (!table.columns.empty()) out += '\n';
    for (const std::string& note : table.notes) out += paragraph(note);
    return out;
}

namespace {

std::string text_of(const Table& table) { return markdown_text(table); }
std::string text_of(const Plot& plot) { return markdown_text(plot.table); }
std::string text_of(const Heading& heading) { return "## " + escape_markdown(heading.text) + "\n\n"; }
std::string text_of(const Paragraph& text) { return paragraph(text.whole()); }

}  // namespace

std::string markdown_text(const Document& document) {
    std::string out;
    for (const Document::Part& part : document.parts())
        out += std::visit([](const auto& piece) { return text_of(piece); }, part);
    // One line end, not the empty line that would part it from what does not follow.
    if (out.ends_with("\n\n")) out.pop_back();
    return out;
}

}  // namespace stele
