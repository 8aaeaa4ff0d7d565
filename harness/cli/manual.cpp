#include "harness/cli/manual.hpp"

#include <vector>

#include "kernels/embedded_text.hpp"

namespace stele {

const std::vector<EmbeddedText>& embedded_manual();

namespace {

/// Lines of Markdown as plain text: no fences, backticks or comments; headings become a line of their own.
std::string plain(std::string_view markdown) {
    std::string out;
    bool fenced = false;
    while (!markdown.empty()) {
        const std::size_t end = std::min(markdown.find('\n'), markdown.size());
        std::string line(markdown.substr(0, end));
        markdown.remove_prefix(std::min(end + 1, markdown.size()));
        if (line.starts_with("```")) {
            fenced = !fenced;
            continue;
        }
        if (line.starts_with("<!--")) continue;
        if (fenced)
            line = "  " + line;
        else
            std::erase(line, '`');
        if (line.starts_with('#')) line.erase(0, line.find_first_not_of("# "));
        out += line + '\n';
    }
    // Where marks were removed, blank lines would stand in a row.
    for (std::size_t at; (at = out.find("\n\n\n")) != std::string::npos;) out.erase(at, 1);
    return out;
}

}  // namespace

std::string_view manual() { return embedded_manual().front().text; }

std::string manual_help(std::string_view command) {
    const std::string heading = "## stele ";
    std::string out;
    std::string_view rest = manual();
    while (!rest.empty()) {
        std::size_t end = rest.find("\n## ");
        end = end == std::string_view::npos ? rest.size() : end + 1;
        const std::string_view section = rest.substr(0, end);
        rest.remove_prefix(end);
        const bool of_command = section.starts_with(heading);
        const bool wanted = command.empty() ? !of_command : section.starts_with(heading + std::string(command) + "\n");
        if (wanted) out += plain(section);
    }
    while (out.ends_with("\n\n")) out.pop_back();
    return out;
}

}  // namespace stele
