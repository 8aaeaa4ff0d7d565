// One model for every table that people read, drawn for a console or as Markdown.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stele {

enum class Align { left, right };

struct Column {
    std::string title;
    Align align = Align::left;
};

/// A row: one cell a column. A row with a `message` fills the columns from `cells.size()` on with that text, so that
/// a reason stands where the figures would.
struct Row {
    std::vector<std::string> cells;
    std::string message;
    std::string anchor{};  ///< by which a page's plots link to it: letters, digits and "-"; unique in its document
};

/// Text above, rows, text below. Notes are whole sentences.
struct Table {
    std::string title;
    std::vector<Column> columns;
    std::vector<Row> rows;
    std::vector<std::string> notes;
};

/// Texts that many rows share: a mark where each stands, and the text once.
class Footnotes {
public:
    /// "(a)", the same for the same text.
    std::string mark(const std::string& text);
    /// "(a) text", in the order of their marks.
    std::vector<std::string> notes() const;

private:
    std::vector<std::string> texts_;
    std::map<std::string, std::size_t> index_;  ///< of each text
};

/// Columns that `text` (UTF-8) takes on a terminal: one a code point.
std::size_t display_width(std::string_view text);

/// Breaks `text` at blanks, and inside a word only when the word is wider than `width`. At least one line.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

}  // namespace stele
