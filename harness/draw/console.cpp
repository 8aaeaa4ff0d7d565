#include "harness/draw/console.hpp"

#include <algorithm>

#include "harness/base/visible.hpp"

namespace stele {

namespace {

constexpr std::size_t indent = 2, gap = 2;

std::string pad(const std::string& text, std::size_t width, Align align) {
    const std::size_t has = display_width(text);
    const std::string blanks(width > has ? width - has : 0, ' ');
    return align == Align::left ? text + blanks : blanks + text;
}

void end_line(std::string& out) {
    while (!out.empty() && out.back() == ' ') out.pop_back();
    out += '\n';
}

std::vector<std::size_t> column_widths(const Table& table) {
    std::vector<std::size_t> widths;
    for (const Column& column : table.columns) widths.push_back(display_width(column.title));
    for (const Row& row : table.rows)
        for (std::size_t i = 0; i < row.cells.size() && i < widths.size(); ++i)
            widths[i] = std::max(widths[i], display_width(row.cells[i]));
    return widths;
}

Table shown(Table table) {
    table.title = visible(table.title, true);
    for (Column& column : table.columns) column.title = visible(column.title);
    for (Row& row : table.rows) {
        for (std::string& cell : row.cells) cell = visible(cell);
        row.message = visible(row.message, true);
    }
    for (std::string& note : table.notes) note = visible(note, true);
    return table;
}

void append_wrapped(std::string& out, const std::string& text, std::size_t left, std::size_t width) {
    bool first = true;
    for (const std::string& line : wrap(text, width > left + 20 ? width - left : 20)) {
        if (!first) out.append(left, ' ');
        first = false;
        out += line;
        end_line(out);
    }
}

}  // namespace

std::string console_text(const Table& raw, std::size_t width) {
    const Table table = shown(raw);
    std::string out;
    if (!table.title.empty()) append_wrapped(out, table.title, 0, width);
    const std::vector<std::size_t> widths = column_widths(table);
    if (!widths.empty()) {
        std::string rule, titles;
        for (std::size_t i = 0; i < widths.size(); ++i) {
            const std::size_t before = i == 0 ? indent : gap;
            titles += std::string(before, ' ') + pad(table.columns[i].title, widths[i], table.columns[i].align);
            rule.append(before, ' ');
            for (std::size_t j = 0; j < widths[i]; ++j) rule += "─";
        }
        end_line(titles);
        end_line(rule);
        out += titles + rule;
    }
    for (const Row& row : table.rows) {
        std::string line;
        std::size_t left = indent;
        for (std::size_t i = 0; i < row.cells.size() && i < widths.size(); ++i) {
            if (i > 0) left += gap;
            line += std::string(i == 0 ? indent : gap, ' ') + pad(row.cells[i], widths[i], table.columns[i].align);
            left += widths[i];
        }
        if (row.message.empty()) {
            end_line(line);
            out += line;
        } else {
            out += line + std::string(gap, ' ');
            append_wrapped(out, row.message, line.empty() ? left : left + gap, width);
        }
    }
    for (const std::string& note : table.notes) {
        out += "  ";
        append_wrapped(out, note, indent, width);
    }
    return out;
}

namespace {

std::string text_of(const Table& table, std::size_t width) { return console_text(table, width); }

std::string text_of(const Plot& plot, std::size_t width) { return console_text(plot.table, width); }

std::string text_of(const Heading& heading, std::size_t width) {
    std::string out;
    append_wrapped(out, visible(heading.text), 0, width);
    return out;
}

std::string text_of(const Paragraph& paragraph, std::size_t width) {
    std::string out;
    append_wrapped(out, visible(paragraph.whole(), true), 0, width);
    return out;
}

}  // namespace

std::string console_text(const Document& document, std::size_t width) {
    std::string out;
    for (const Document::Part& part : document.parts()) {
        if (!out.empty()) out += '\n';
        out += std::visit([&](const auto& piece) { return text_of(piece, width); }, part);
    }
    return out;
}

}  // namespace stele
