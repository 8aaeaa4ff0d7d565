#include "harness/base/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/base/error.hpp"
#include "harness/base/visible.hpp"

namespace stele {

namespace {

std::string place_of(std::string_view text, std::size_t at) {
    const std::string_view before = text.substr(0, at);
    const std::size_t start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    return fmt::format("line {}, column {}", std::count(before.begin(), before.end(), '\n') + 1, at - start + 1);
}

/// Before anything is built of it, as what is built is taken down by recursion.
void check_depth(std::string_view text, int most) {
    int depth = 0;
    bool in_string = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (in_string) {
            if (c == '\\')
                ++at;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if ((c == '[' || c == '{') && ++depth > most) {
            throw BadInput(
                fmt::format("nested deeper than the {} levels that are read, at {}", most, place_of(text, at)));
        } else if (c == ']' || c == '}') {
            --depth;
        }
    }
}

/// What the parser wanted, from the end of its own text.
std::string expected_in(std::string_view told) {
    const std::size_t at = told.find("; expected ");
    if (at != std::string_view::npos) return std::string(told.substr(at + 11));
    if (told.find("number overflow") != std::string_view::npos) return "a number that a double can hold";
    if (told.find("string") != std::string_view::npos)
        return "a string in UTF-8, its control characters escaped, to its quote";
    return "a value";
}

/// The word or mark at a place, and not what follows it.
std::string found_at(std::string_view text, std::size_t at) {
    const std::size_t word = std::min(text.find_first_of(" \t\r\n,:[]{}\"", at), text.size());
    return '\'' + shortened(text.substr(at, std::max<std::size_t>(word - at, 1)), 20) + '\'';
}

}  // namespace

nlohmann::ordered_json parse_json(std::string_view text, int most_depth) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) throw BadInput("the file is empty");
    check_depth(text, most_depth);
    try {
        return nlohmann::ordered_json::parse(text);
    } catch (const nlohmann::ordered_json::parse_error& error) {
        if (error.byte > text.size())
            throw BadInput(
                fmt::format("the JSON is truncated: it ends after {} bytes, in the middle of a value", text.size()));
        const std::size_t at = error.byte > 0 ? error.byte - 1 : 0;
        throw BadInput(fmt::format("not JSON: at {} there is {}, expected {}", place_of(text, at), found_at(text, at),
                                   expected_in(error.what())));
    } catch (const nlohmann::ordered_json::exception& error) {
        throw BadInput(fmt::format("not JSON that can be read: expected {}", expected_in(error.what())));
    }
}

}  // namespace stele
