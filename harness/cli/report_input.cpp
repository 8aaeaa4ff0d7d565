#include "harness/cli/report_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "harness/base/error.hpp"
#include "harness/catalog/registry.hpp"
#include "harness/cli/arguments.hpp"
#include "harness/cli/output.hpp"
#include "harness/record/report_json.hpp"
#include "kernels/former_ids.hpp"

namespace stele {

namespace fs = std::filesystem;

bool selects_id(std::string_view glob, std::string_view id) {
    const std::size_t at = glob.find('@'), tile = id.find('@');
    if (at != glob.npos && !glob_match(glob.substr(at + 1), tile == id.npos ? "" : id.substr(tile + 1))) return false;
    const std::string above(glob.substr(0, at));
    const std::string_view variant = id.substr(0, tile);
    return above.empty() || glob_match(above, variant) || glob_match(above + "[/.]*", variant);
}

std::vector<NamedReport> read_reports(const std::vector<std::string>& files) {
    std::vector<NamedReport> reports;
    for (const std::string& file : files) reports.push_back({file, read_report(file)});
    return reports;
}

std::vector<fs::path> report_files_in(const fs::path& folder) {
    std::error_code failed;
    std::vector<fs::path> files;
    for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed))
        if (entry->path().extension() == ".json") files.push_back(entry->path());
    if (failed) throw CannotRead(fmt::format("{}: cannot be read as a folder: {}", folder.string(), failed.message()));
    std::ranges::sort(files);
    return files;
}

std::vector<NamedReport> read_report_folder(const std::string& folder) {
    std::vector<NamedReport> reports;
    for (const fs::path& file : report_files_in(folder)) try {
            reports.push_back({file.filename().string(), read_report(file)});
        } catch (const BadInput& wrong) {
            say(fmt::format("left out: {}", wrong.what()));
        }
    if (reports.empty())
        throw NothingFound(fmt::format("{} holds no report, which is a file *.json that bench writes", folder));
    drop_repeated(reports);
    return reports;
}

void drop_repeated(std::vector<NamedReport>& reports) {
    const std::vector<RepeatedReport> repeated = repeated_reports(plain_reports(reports));
    for (const RepeatedReport& one : repeated)
        say(fmt::format("{} is the same run as {}, and counts once", reports[one.index].name, reports[one.first].name));
    for (auto one = repeated.rbegin(); one != repeated.rend(); ++one)
        reports.erase(reports.begin() + static_cast<std::ptrdiff_t>(one->index));
}

void keep_variants(std::vector<NamedReport>& reports, const std::string& glob) {
    if (glob.empty()) return;
    std::vector<std::string> ids;
    bool any = false;
    const std::string present = present_id(glob);
    for (NamedReport& named : reports) {
        for (const Measurement& cell : named.report.measurements) ids.push_back(cell.variant);
        std::erase_if(named.report.measurements,
                      [&](const Measurement& cell) { return !selects_id(present, cell.variant); });
        any = any || !named.report.measurements.empty();
    }
    if (any) return;
    std::ranges::sort(ids);
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    throw NothingFound(fmt::format("no variant of these reports matches '{}'{}", glob, did_you_mean(glob, ids)));
}

bool keep_problems(Report& report, const std::vector<std::string>& globs) {
    if (!globs.empty())
        std::erase_if(report.measurements, [&](const Measurement& cell) {
            return std::ranges::none_of(globs, [&](const std::string& glob) { return glob_match(glob, cell.problem); });
        });
    return !report.measurements.empty();
}

void keep_problems(std::vector<NamedReport>& reports, const std::vector<std::string>& globs) {
    if (globs.empty()) return;
    bool any = false;
    for (NamedReport& named : reports) any = keep_problems(named.report, globs) || any;
    if (!any) throw NothingFound("no problem of these reports matches --problem; a glob must match all of its text");
}

}  // namespace stele
