#include "harness/explain/source_lines.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <sstream>

#include "harness/base/file.hpp"

namespace stele::explain {
namespace {

std::string folded(const std::string& line) {
    std::istringstream words(line);
    std::string out;
    for (std::string word; words >> word;) (out += out.empty() ? "" : " ") += word;
    return out;
}

}  // namespace

std::vector<std::string> code_lines(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    bool in_comment = false;
    for (std::string line; std::getline(in, line);) {
        std::string code;
        for (std::size_t i = 0; i < line.size();) {
            const std::string two = line.substr(i, 2);
            if (in_comment) {
                in_comment = two != "*/";
                i += in_comment ? 1 : 2;
            } else if (two == "//") {
                break;
            } else if (two == "/*") {
                in_comment = true;
                i += 2;
            } else {
                code += line[i++];
            }
        }
        code = folded(code);
        if (code.find_first_not_of("{}(); ") != std::string::npos) lines.push_back(code);
    }
    return lines;
}

SourceOverlap overlap_of(const std::filesystem::path& root, const std::vector<std::string>& files) {
    SourceOverlap overlap;
    std::vector<std::set<std::string>> sets;
    for (const std::string& file : files) {
        const auto lines = code_lines(read_input(root / "kernels" / file));
        overlap.files.push_back({file, lines.size()});
        sets.emplace_back(lines.begin(), lines.end());
    }
    double sum = 0;
    for (std::size_t i = 0; i < sets.size(); ++i)
        for (std::size_t j = i + 1; j < sets.size(); ++j) {
            std::vector<std::string> both;
            std::set_intersection(sets[i].begin(), sets[i].end(), sets[j].begin(), sets[j].end(),
                                  std::back_inserter(both));
            const double either = static_cast<double>(sets[i].size() + sets[j].size() - both.size());
            const double share = either > 0 ? static_cast<double>(both.size()) / either : 1;
            overlap.pairs.push_back({files[i], files[j], share});
            sum += share;
        }
    if (!overlap.pairs.empty()) overlap.divergence = 1 - sum / static_cast<double>(overlap.pairs.size());
    return overlap;
}

}  // namespace stele::explain
