#include "harness/explain/explanation_document.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "harness/explain/side_by_side.hpp"

namespace stele::explain {
namespace {

using Kernels = std::vector<const KernelFigures*>;

/// Groups in order of first appearance.
std::vector<Kernels> grouped(const std::vector<KernelFigures>& kernels, auto key) {
    std::vector<Kernels> groups;
    std::map<std::string, std::size_t> index;
    for (const KernelFigures& row : kernels) {
        const auto [place, fresh] = index.emplace(key(row), groups.size());
        if (fresh) groups.emplace_back();
        groups[place->second].push_back(&row);
    }
    return groups;
}

Table absent_table(const std::vector<NotExplained>& absent) {
    Table table;
    table.title = "Not explained";
    table.columns = {{"variant", Align::left}, {"for", Align::left}, {"why", Align::left}};
    std::set<std::vector<std::string>> seen;
    for (const NotExplained& row : absent)
        if (seen.insert({row.variant, row.architecture, row.reason}).second)
            table.rows.push_back({{row.variant, row.architecture}, row.reason});
    return table;
}

}  // namespace

Document document_of(const Explanation& explanation, const std::vector<CpuFigures>& cpu, const Sources& sources) {
    Document out;
    std::set<std::string> algorithms;
    for (const KernelFigures& row : explanation.kernels) algorithms.insert(row.operation + "/" + row.algorithm);
    if (algorithms.size() == 1) {
        for (const Kernels& siblings : grouped(explanation.kernels, [](const KernelFigures& row) {
                 return fmt::format("{}|{}|{}", row.kernel, row.dtype, row.architecture);
             }))
            out.add(side_by_side(siblings));
    } else {
        for (const Kernels& kernels : grouped(
                 explanation.kernels, [](const KernelFigures& row) { return row.operation + "|" + row.architecture; }))
            out.add(
                overview(kernels, fmt::format("{} on {}", kernels.front()->operation, kernels.front()->architecture)));
    }
    if (!cpu.empty()) out.add(cpu_table(cpu));
    for (const auto& [algorithm, overlap] : sources) out.add(sources_table(algorithm, overlap));
    if (!explanation.absent.empty()) out.add(absent_table(explanation.absent));
    return out;
}

Document document_of(const HeldAgainst& result, const std::string& name, const std::vector<std::string>& missing) {
    Table table;
    table.title = fmt::format("{} kernels against {}", result.held, name);
    table.columns = {{"kernel", Align::left},
                     {"figure", Align::left},
                     {"before", Align::right},
                     {"after", Align::right},
                     {"", Align::left}};
    for (const Change& change : result.changes)
        table.rows.push_back({{change.key, change.figure, std::to_string(change.before), std::to_string(change.after),
                               change.worse ? "WORSE" : ""},
                              {}});
    if (result.changes.empty()) table.notes.push_back("No figure differs.");
    for (const std::string& line : missing) table.notes.push_back("NOT EXAMINED: " + line);
    for (const std::string& key : result.gone)
        table.notes.push_back("NOT EXAMINED: in the baseline, but not explained now: " + key);
    for (const std::string& line : result.other_versions)
        table.notes.push_back("Other compiler versions, so a difference may be theirs: " + line);
    for (const std::string& key : result.added) table.notes.push_back("Not in the baseline: " + key);
    table.notes.push_back(
        "Margins: registers +4, loop instructions +5 %; spills, stack, occupancy and matrix instructions none.");
    return Document(std::move(table));
}

}  // namespace stele::explain
