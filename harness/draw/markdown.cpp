#include "harness/draw/markdown.hpp"

namespace stele {

namespace {

/// A cell must stay one cell: no bars, no line ends, no HTML.
std::string escape(const std::string& text) {
    std::string out;
    for (char byte : text) switch (byte) {
            case '|':
                out += "\\|";
                break;
            case '\n':
                out += "<br>";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '*':
                out += "\\*";
                break;
            case '_':
                out += "\\_";
                break;
            default:
                out += byte;
        }
    return out;
}

}  // namespace

std::string markdown_text(const Table& table, int level) {
    std::string out;
    if (!table.title.empty())
        out += std::string(static_cast<std::size_t>(level), '#') + ' ' + escape(table.title) + "\n\n";
    if (!table.columns.empty()) {
        std::string titles = "|", rule = "|";
        for (const Column& column : table.columns) {
            titles += ' ' + escape(column.title) + " |";
            rule += column.align == Align::left ? " --- |" : " ---: |";
        }
        out += titles + '\n' + rule + '\n';
    }
    for (const Row& row : table.rows) {
        out += '|';
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            if (i < row.cells.size())
                out += ' ' + escape(row.cells[i]) + " |";
            else
                out += i == row.cells.size() && !row.message.empty() ? ' ' + escape(row.message) + " |" : " |";
        }
        out += '\n';
    }
    if (!table.columns.empty()) out += '\n';
    for (const std::string& note : table.notes) out += escape(note) + "\n\n";
    return out;
}

}  // namespace stele
