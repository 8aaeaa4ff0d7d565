#include "harness/cli/manual.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "harness/cli/commands/all.hpp"
#include "harness/draw/table.hpp"
#include "kernels/embedded_text.hpp"

namespace stele {

const std::vector<EmbeddedText>& embedded_manual();  // made by CMake

namespace {

/// "[bench](bench.md)" as "bench".
void strip_links(std::string& line) {
    for (std::size_t middle; (middle = line.find("](")) != std::string::npos;) {
        const std::size_t open = line.rfind('[', middle), close = line.find(')', middle);
        if (open == std::string::npos || close == std::string::npos) return;
        line.erase(middle, close + 1 - middle);
        line.erase(open, 1);
    }
}

/// A line as it is, or broken where it is too long; then what follows stands under an item's text.
void append(std::string& out, const std::string& line) {
    constexpr std::size_t most = 120;
    if (display_width(line) <= most) {
        out += line + '\n';
        return;
    }
    const char* indent = "";
    for (const std::string& piece : wrap(line, most - 2)) {
        out += indent + piece + '\n';
        indent = line.starts_with("- ") || line.starts_with("  ") ? "  " : "";
    }
}

/// Lines of Markdown as plain text: no fences, backticks, links or comments; headings become a line of their own.
std::string plain(std::string_view markdown) {
    std::string out;
    bool fenced = false, suites = false;
    while (!markdown.empty()) {
        const std::size_t end = std::min(markdown.find('\n'), markdown.size());
        std::string line(markdown.substr(0, end));
        markdown.remove_prefix(std::min(end + 1, markdown.size()));
        if (line.starts_with("<!--")) suites = line.find("<!-- suites") == 0;
        if (suites || line.starts_with("<!--")) continue;
        if (line.starts_with("```")) {
            fenced = !fenced;
            continue;
        }
        if (fenced)
            line = "  " + line;
        else
            std::erase(line, '`'), strip_links(line);
        if (line.starts_with('#')) line.erase(0, line.find_first_not_of("# "));
        append(out, line);
    }
    // Where marks were removed, blank lines would stand in a row.
    for (std::size_t at; (at = out.find("\n\n\n")) != std::string::npos;) out.erase(at, 1);
    return out;
}

/// "<!-- in short: [GLOB…] | are they right? -->" taken apart.
std::pair<std::string, std::string> in_short(std::string_view page) {
    constexpr std::string_view begin = "<!-- in short: ";
    const std::size_t start = page.find(begin);
    if (start == std::string_view::npos) return {};
    const std::string_view line = page.substr(start + begin.size(), page.find(" -->", start) - start - begin.size());
    const std::size_t bar = line.find("| ");
    std::string usage(line.substr(0, bar));
    while (usage.ends_with(' ')) usage.pop_back();
    return {usage, std::string(line.substr(bar + 2))};
}

std::string padded(std::string text, std::size_t width) {
    text.append(width - std::min(width, display_width(text)), ' ');
    return text;
}

/// A line a command, as its page says it in short.
std::string command_list() {
    std::string out = "```\n";
    for (const auto& command : all_commands()) {
        const auto [usage, summary] = in_short(manual_page(command->name()));
        out += padded(padded("stele " + std::string(command->name()), 20) + usage, 45) + summary + '\n';
    }
    return out + "```\n";
}

}  // namespace

std::string_view manual_page(std::string_view name) {
    for (const EmbeddedText& page : embedded_manual())
        if (page.file == std::string(name) + ".md") return page.text;
    return {};
}

std::vector<std::string> manual_pages() {
    std::vector<std::string> names;
    for (const EmbeddedText& page : embedded_manual()) names.emplace_back(page.file.substr(0, page.file.rfind('.')));
    return names;
}

std::string manual_help(std::string_view command) {
    std::string page(manual_page(command.empty() ? "index" : command));
    const std::string mark = "<!-- commands -->\n";
    const std::size_t begin = page.find(mark), end = page.find("<!-- end of commands -->");
    if (begin != std::string::npos && end != std::string::npos)
        page.replace(begin + mark.size(), end - begin - mark.size(), command_list());
    std::string out = plain(page);
    while (out.ends_with("\n\n")) out.pop_back();
    return out;
}

}  // namespace stele
