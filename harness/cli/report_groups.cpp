#include "harness/cli/report_groups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "harness/base/error.hpp"
#include "harness/catalog/registry.hpp"
#include "harness/cli/output.hpp"
#include "harness/record/report_json.hpp"
#include "harness/study/ratio.hpp"
#include "harness/study/sides.hpp"

namespace stele {

namespace {

std::vector<std::string> files_at(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) return {path};
    std::vector<std::string> files;
    for (std::filesystem::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error))
        if (entry->path().extension() == ".json") files.push_back(entry->path().string());
    if (error) throw CannotRead(fmt::format("{}: {}", path, error.message()));
    std::ranges::sort(files);
    if (files.empty()) throw BadInput(fmt::format("{}: a folder without reports (*.json)", path));
    return files;
}

void drop_repeated_runs(ReportGroup& group) {
    const std::vector<RepeatedReport> repeated = repeated_reports(group.reports);
    for (auto one = repeated.rbegin(); one != repeated.rend(); ++one) {
        const auto at = static_cast<std::ptrdiff_t>(one->index);
        say(fmt::format("{} is the same run as {}, and counts once", group.files[one->index], group.files[one->first]));
        group.files.erase(group.files.begin() + at);
        group.reports.erase(group.reports.begin() + at);
    }
}

}  // namespace

ReportGroup read_group(const std::vector<std::string>& paths) {
    ReportGroup group;
    for (const std::string& path : paths)
        for (std::string& file : files_at(path)) {
            group.reports.push_back(read_report(file));
            group.files.push_back(std::move(file));
        }
    drop_repeated_runs(group);
    return group;
}

void keep_problems(std::vector<Report>& reports, const std::vector<std::string>& globs) {
    if (globs.empty()) return;
    for (Report& report : reports)
        std::erase_if(report.measurements, [&](const Measurement& cell) {
            return std::ranges::none_of(globs, [&](const std::string& glob) { return glob_match(glob, cell.problem); });
        });
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
