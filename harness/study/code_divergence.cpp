#include "harness/study/code_divergence.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "harness/base/file.hpp"
#include "harness/explain/source_lines.hpp"

namespace stele {
namespace {

using Lines = std::set<std::string>;

/// One language of one operation.
struct LanguageCode {
    std::map<std::string, Lines> algorithms;
    std::vector<std::string> files;

    Lines of(const auto& is_wanted) const {
        Lines all;
        for (const auto& [algorithm, lines] : algorithms)
            if (is_wanted(algorithm)) all.insert(lines.begin(), lines.end());
        return all;
    }
    Lines all() const {
        return of([](const std::string&) { return true; });
    }
};

/// "gemm/tiled/tiled.ptx.cu"
std::string source_file(const Measurement& cell) {
    const std::string leaf = cell.algorithm.substr(cell.algorithm.rfind('/') + 1);
    return cell.operation + '/' + cell.algorithm + '/' + leaf + std::string(info(cell.language).suffix);
}

double jaccard_distance(const Lines& a, const Lines& b) {
    Lines both;
    std::ranges::set_intersection(a, b, std::inserter(both, both.end()));
    const std::size_t either = a.size() + b.size() - both.size();
    return either == 0 ? 0 : 1 - static_cast<double>(both.size()) / static_cast<double>(either);
}

LanguageDistance distance_of(Language first, const LanguageCode& a, Language second, const LanguageCode& b) {
    LanguageDistance out{first, second, jaccard_distance(a.all(), b.all()), 0, {}};
    const auto is_shared = [&](const std::string& algorithm) {
        return a.algorithms.contains(algorithm) && b.algorithms.contains(algorithm);
    };
    for (const auto& [algorithm, lines] : a.algorithms) out.both += b.algorithms.contains(algorithm);
    if (out.both > 0) out.of_both = jaccard_distance(a.of(is_shared), b.of(is_shared));
    return out;
}

}  // namespace

std::vector<CodeDivergence> code_divergence_of(std::span<const Report> reports, const std::filesystem::path& root) {
    std::map<std::string, std::map<Language, LanguageCode>> operations;
    for (const Report& report : reports)
        for (const Measurement& cell : report.measurements) {
            if (info(cell.language).suffix.empty()) continue;
            LanguageCode& code = operations[cell.operation][cell.language];
            const std::string file = source_file(cell);
            if (code.algorithms.contains(cell.algorithm) || !std::filesystem::exists(root / "kernels" / file)) continue;
            const auto lines = explain::code_lines(read_input(root / "kernels" / file));
            code.algorithms[cell.algorithm] = {lines.begin(), lines.end()};
            code.files.push_back(file);
        }
    std::vector<CodeDivergence> out;
    for (auto& [operation, languages] : operations) {
        std::erase_if(languages, [](const auto& language) { return language.second.files.empty(); });
        if (languages.size() < 2) continue;
        CodeDivergence& one = out.emplace_back(CodeDivergence{operation, {}, {}, 0});
        for (auto first = languages.begin(); first != languages.end(); ++first) {
            one.languages.push_back({first->first, first->second.files, first->second.all().size()});
            for (auto second = std::next(first); second != languages.end(); ++second)
                one.pairs.push_back(distance_of(first->first, first->second, second->first, second->second));
        }
        for (const LanguageDistance& pair : one.pairs)
            one.mean += pair.distance / static_cast<double>(one.pairs.size());
    }
    return out;
}

}  // namespace stele
