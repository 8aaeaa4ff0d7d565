#include "harness/draw/table.hpp"

#include <algorithm>

namespace stele {

namespace {

bool continues_code_point(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

/// Bytes of the first `width` code points.
std::size_t prefix_bytes(std::string_view text, std::size_t width) {
    std::size_t at = 0;
    while (at < text.size()) {
        if (!continues_code_point(text[at]) && width-- == 0) break;
        ++at;
    }
    return at;
}

/// a … z, aa, ab, …
std::string letters(std::size_t index) {
    std::string out;
    for (++index; index > 0; index = (index - 1) / 26)
        out.insert(out.begin(), static_cast<char>('a' + (index - 1) % 26));
    return out;
}

}  // namespace

std::string Footnotes::mark(const std::string& text) {
    const auto [found, is_new] = index_.try_emplace(text, texts_.size());
    if (is_new) texts_.push_back(text);
    return '(' + letters(found->second) + ')';
}

std::vector<std::string> Footnotes::notes() const {
    std::vector<std::string> notes;
    for (std::size_t i = 0; i < texts_.size(); ++i) notes.push_back('(' + letters(i) + ") " + texts_[i]);
    return notes;
}

std::size_t display_width(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char byte) { return !continues_code_point(byte); }));
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
    width = std::max<std::size_t>(width, 1);
    std::vector<std::string> lines;
    std::string line;
    const auto end_line = [&] {
        lines.push_back(line);
        line.clear();
    };
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == '\n') {
            end_line();
            ++at;
            continue;
        }
        if (text[at] == ' ') {
            ++at;
            continue;
        }
        std::string_view word = text.substr(at, text.substr(at).find_first_of(" \n"));
        at += word.size();
        const bool too_long = prefix_bytes(word, width) < word.size();
        if (!line.empty() && (too_long || display_width(line) + 1 + display_width(word) > width)) end_line();
        if (!line.empty()) line += ' ';
        // Each piece is looked at once, however long the word.
        for (std::size_t cut = prefix_bytes(word, width); cut < word.size(); cut = prefix_bytes(word, width)) {
            lines.emplace_back(word.substr(0, cut));
            word.remove_prefix(cut);
        }
        line += word;
    }
    if (!line.empty() || lines.empty()) end_line();
    return lines;
}

}  // namespace stele
