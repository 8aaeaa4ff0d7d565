#include "harness/base/visible.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace stele {

namespace {

struct Character {
    std::uint32_t code = 0;
    std::size_t bytes = 1;
    bool valid = false;
};

/// The first character of a text that is not empty; of one that is no UTF-8, its first byte.
Character first_of(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return {lead, 1, true};
    const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {lead, 1, false};
    std::uint32_t code = lead & (0xFFu >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return {lead, 1, false};
        code = code << 6 | (byte(i) & 0x3Fu);
    }
    constexpr std::uint32_t least[]{0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    if (code < least[bytes] || code > 0x10FFFF || surrogate) return {lead, 1, false};
    return {code, bytes, true};
}

bool steers_a_terminal(std::uint32_t code) {
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x200E || code == 0x200F ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

std::size_t characters_in(std::string_view text) {
    std::size_t count = 0;
    for (; !text.empty(); ++count) text.remove_prefix(first_of(text).bytes);
    return count;
}

/// The bytes of the first `most` characters.
std::size_t bytes_of(std::string_view text, std::size_t most) {
    std::size_t bytes = 0;
    for (std::size_t count = 0; bytes < text.size() && count < most; ++count)
        bytes += first_of(text.substr(bytes)).bytes;
    return bytes;
}

/// Words and quoted texts of one line, each cut.
std::string with_short_words(std::string_view line) {
    std::string out;
    while (!line.empty()) {
        std::size_t end = line.find(' ');
        // A quoted text may hold blanks; a quotation mark inside a word is an apostrophe.
        if (line.front() == '\'')
            if (const std::size_t close = line.find('\'', 1); close != std::string_view::npos && close > 200)
                end = close;
        end = std::min(end, line.size());
        const std::string_view word = line.substr(0, end);
        out += characters_in(word) > 220 ? shortened(word) : std::string(word);
        line.remove_prefix(end);
        const std::size_t blanks = std::min(line.find_first_not_of(' '), line.size());
        out += line.substr(0, blanks);
        line.remove_prefix(blanks);
        if (end == 0 && blanks == 0) {
            out += line.front();
            line.remove_prefix(1);
        }
    }
    return out;
}

}  // namespace

std::string visible(std::string_view text, bool keep_lines) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Character next = first_of(text);
        if (keep_lines && next.code == '\n')
            out += '\n';
        else if (next.valid && !steers_a_terminal(next.code))
            out += text.substr(0, next.bytes);
        else if (next.code == '\n' || next.code == '\t' || next.code == '\r')
            out += next.code == '\n' ? "\\n" : next.code == '\t' ? "\\t" : "\\r";
        else
            out += next.code < 0x100 && !(next.valid && next.code >= 0x80) ? fmt::format("\\x{:02x}", next.code)
                                                                           : fmt::format("\\u{:04x}", next.code);
        text.remove_prefix(next.bytes);
    }
    return out;
}

std::string shortened(std::string_view text, std::size_t most) {
    const std::size_t bytes = bytes_of(text, most);
    if (bytes == text.size()) return visible(text);
    return fmt::format("{}… ({} characters)", visible(text.substr(0, bytes)), characters_in(text));
}

std::string message_text(std::string_view text) {
    constexpr std::size_t most_lines = 200, most_line = 2000;
    std::string out;
    std::size_t lines = 0;
    while (!text.empty() && lines < most_lines) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string line = with_short_words(text.substr(0, end));
        out += characters_in(line) > most_line ? shortened(line, most_line) : visible(line);
        text.remove_prefix(end);
        ++lines;
        if (text.empty()) break;
        out += '\n';
        text.remove_prefix(1);
    }
    if (!text.empty()) out += fmt::format("… and {} more lines", std::count(text.begin(), text.end(), '\n') + 1);
    return out;
}

}  // namespace stele
