#include "harness/cli/report_groups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "harness/base/error.hpp"
#include "harness/cli/report_input.hpp"
#include "harness/study/sides.hpp"

namespace stele {

namespace {

/// A file, or all of a folder.
std::vector<std::string> files_at(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) return {path};
    std::vector<std::string> files;
    for (const std::filesystem::path& file : report_files_in(path)) files.push_back(file.string());
    if (files.empty()) throw BadInput(fmt::format("{}: a folder without reports (*.json)", path));
    return files;
}

}  // namespace

ReportGroup read_group(const std::vector<std::string>& paths) {
    std::vector<std::string> files;
    for (const std::string& path : paths) std::ranges::move(files_at(path), std::back_inserter(files));
    std::vector<NamedReport> named = read_reports(files);
    drop_repeated(named);
    ReportGroup group;
    for (NamedReport& one : named) {
        group.files.push_back(std::move(one.name));
        group.reports.push_back(std::move(one.report));
    }
    return group;
}

void keep_problems(ReportGroup& group, const std::vector<std::string>& globs) {
    for (Report& report : group.reports) keep_problems(report, globs);
}

std::string group_line(std::string_view name, const ReportGroup& group) {
    const Environment& made = group.reports.front().environment;
    std::size_t rounds = 0;
    for (const Report& report : group.reports) rounds += processes_of(report);
    const auto interrupted =
        std::ranges::count_if(group.reports, [](const Report& report) { return !report.complete; });
    return fmt::format("{}: {}{}: stele {} ({}), {}; {} round{}{}", name, group.files.front(),
                       group.files.size() > 1 ? fmt::format(" and {} more", group.files.size() - 1) : "", made.version,
                       made.revision, made.started, rounds, rounds == 1 ? "" : "s",
                       interrupted > 0 ? fmt::format("; INCOMPLETE: {} interrupted", interrupted) : "");
}

}  // namespace stele
