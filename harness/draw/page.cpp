#include "harness/draw/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "harness/base/markup.hpp"

namespace stele {

namespace {

const EmbeddedText& page_file(std::string_view file) {
    const auto found = std::ranges::find(embedded_page(), file, &EmbeddedText::file);
    if (found == embedded_page().end()) throw std::logic_error(fmt::format("the build has no {}", file));
    return *found;
}

/// The scripts of a page, in the order in which they run.
std::vector<const EmbeddedText*> scripts_of(bool with_plots) {
    std::vector<const EmbeddedText*> scripts;
    if (with_plots)
        for (const EmbeddedText& library : embedded_plot_library()) scripts.push_back(&library);
    scripts.push_back(&page_file("page.js"));
    return scripts;
}

unsigned hex_digit(char digit) { return static_cast<unsigned>(digit <= '9' ? digit - '0' : digit - 'a' + 10); }

/// RFC 4648, of bytes in hexadecimal.
std::string base64_of_hex(std::string_view hex) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t at = 0; at < hex.size(); at += 6) {
        const std::size_t digits = std::min<std::size_t>(6, hex.size() - at);
        unsigned bits = 0;
        for (std::size_t i = 0; i < 6; ++i) bits = bits << 4 | (i < digits ? hex_digit(hex[at + i]) : 0);
        for (std::size_t i = 0; i < 4; ++i) out += 6 * i < 4 * digits ? letters[bits >> (18 - 6 * i) & 63] : '=';
    }
    return out;
}

std::string policy(bool with_plots) {
    std::string scripts;
    for (const EmbeddedText* script : scripts_of(with_plots))
        scripts += fmt::format(" 'sha256-{}'", base64_of_hex(script->sha256));
    return fmt::format(
        "default-src 'none'; script-src{}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'", scripts);
}

}  // namespace

std::string page_start(const std::string& title, bool with_plots) {
    return fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n",
        policy(with_plots), markup_text(title), page_file("page.css").text);
}

std::string page_end(bool with_plots) {
    std::string out;
    for (const EmbeddedText* script : scripts_of(with_plots)) out += fmt::format("<script>{}</script>\n", script->text);
    return out + "</body>\n</html>\n";
}

std::string script_json(std::string_view json) {
    std::string out;
    out.reserve(json.size() + json.size() / 16);
    for (std::size_t at = 0; at < json.size(); ++at) {
        const std::string_view rest = json.substr(at);
        if (json[at] == '<' || json[at] == '>' || json[at] == '&') {
            out += fmt::format("\\u{:04x}", json[at]);
        } else if (rest.starts_with("\xe2\x80\xa8") || rest.starts_with("\xe2\x80\xa9")) {
            out += rest[2] == '\xa8' ? "\\u2028" : "\\u2029";
            at += 2;
        } else {
            out += json[at];
        }
    }
    return out;
}

}  // namespace stele
