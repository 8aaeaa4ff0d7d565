#include "harness/exchange/otava.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"
#include "harness/base/json_text.hpp"
#include "harness/base/process.hpp"
#include "harness/exchange/csv_text.hpp"
#include "harness/toolchain/build_paths.hpp"

namespace stele {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view otava_version = "0.8.0", otava_group = "stele", otava_configuration = "otava.yaml";

/// A test of Otava's: a segment of a course, under a name that no other has.
struct OtavaTest {
    std::string name, file;
    CourseSegment* segment;
};

std::vector<OtavaTest> otava_tests(History& history) {
    std::vector<OtavaTest> tests;
    for (Course& course : history.courses)
        for (std::size_t i = 0; i < course.segments.size(); ++i) {
            if (course.segments[i].timed_points().empty()) continue;
            std::string name = course.key.text();
            if (course.segments.size() > 1) name += fmt::format(" | segment {}", i + 1);
            tests.push_back({std::move(name), fmt::format("{}.csv", tests.size() + 1), &course.segments[i]});
        }
    return tests;
}

std::string otava_csv(const CourseSegment& segment, std::span<const NamedReport> reports) {
    std::string text = csv_line({"time", "revision", "toolkit", "median_ns"});
    for (const std::size_t point : segment.timed_points()) {
        const auto& [report, cell] = segment.points[point];
        const Environment& made = reports[report].report.environment;
        text += csv_line(
            {made.started, made.revision, toolkit_of(*cell, made), fmt::format("{}", cell->timing->median_ns)});
    }
    return text;
}

/// Any text in double quotes, as YAML takes it from JSON.
std::string quoted(const std::string& text) { return nlohmann::json(text).dump(); }

std::vector<ExportedFile> otava_files(const std::vector<OtavaTest>& tests, std::span<const NamedReport> reports,
                                      const fs::path& place) {
    std::string configuration = "tests:\n", group = fmt::format("test_groups:\n  {}:\n", otava_group);
    std::vector<ExportedFile> files;
    for (const OtavaTest& test : tests) {
        configuration += fmt::format(
            "  {}:\n    type: csv\n    file: {}\n    time_column: time\n    attributes: [revision, toolkit]\n"
            "    metrics:\n      median_ns:\n        direction: -1\n        scale: 1\n",
            quoted(test.name), quoted((place / test.file).string()));
        group += fmt::format("    - {}\n", quoted(test.name));
        files.push_back({test.file, otava_csv(*test.segment, reports)});
    }
    files.push_back({std::string(otava_configuration), configuration + group});
    return files;
}

/// A number that Otava writes as text.
double otava_number(const nlohmann::ordered_json& json) {
    const auto& text = json.get_ref<const std::string&>();
    double value = 0;
    const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || stopped != text.data() + text.size())
        throw Failed(fmt::format("Apache Otava: '{}' is no number", text));
    return value;
}

/// One line of its output: {"name": [{"changes": [{…}]}]}.
void take_change_points(std::string_view line, std::map<std::string, CourseSegment*>& waiting) {
    const nlohmann::ordered_json answer = parse_json(line);
    for (const auto& [name, groups] : answer.items()) {
        const auto test = waiting.extract(name);
        if (!test) throw Failed(fmt::format("Apache Otava speaks of '{}', which it was not asked", name));
        CourseSegment& segment = *test.mapped();
        const std::vector<std::size_t> timed = segment.timed_points();
        for (const auto& group : groups)
            for (const auto& change : group.at("changes"))
                segment.changes.push_back({timed.at(change.at("index").get<std::size_t>()),
                                           otava_number(change.at("mean_before")),
                                           otava_number(change.at("mean_after")), otava_number(change.at("pvalue"))});
    }
}

}  // namespace

std::string how_to_get_otava() {
    return fmt::format("`./dev test` installs it, or `pip install apache-otava=={}`", otava_version);
}

std::optional<fs::path> find_otava() {
    std::error_code failed;
    const auto if_there = [&](const fs::path& path) {
        return fs::exists(path, failed) ? std::optional(path) : std::nullopt;
    };
    if (const char* named = std::getenv("STELE_OTAVA")) return if_there(named);
    if (const auto found = find_program("otava")) return found;
    return if_there(fs::path(build::source_folder) / ".deps/tracking/bin/otava");
}

std::vector<ExportedFile> otava_folder(std::span<const NamedReport> reports, const fs::path& place) {
    std::vector<NamedReport> sorted(reports.begin(), reports.end());
    sort_by_time(sorted);
    History history = history_of(sorted);
    const std::vector<OtavaTest> tests = otava_tests(history);
    if (tests.empty()) throw NothingFound("no cell of these reports has a time; --to csv tells why not");
    return otava_files(tests, sorted, place);
}

void find_change_points(History& history, std::span<const NamedReport> reports, const fs::path& otava) {
    const std::vector<OtavaTest> tests = otava_tests(history);
    if (tests.empty()) return;
    const TemporaryFolder folder;
    std::map<std::string, CourseSegment*> waiting;
    for (const OtavaTest& test : tests) waiting[test.name] = test.segment;
    for (const auto& [name, text] : otava_files(tests, reports, folder.path()))
        write_atomically(folder.path() / name, text);
    // Unasked, it looks at one year up to now.
    const ProcessResult result =
        run_process({otava.string(), "analyze", "--config-file", folder.path() / otava_configuration, "--output",
                     "json", "--since", "1970-01-01", "--until", "9999-01-01", std::string(otava_group)});
    try {
        std::istringstream lines(result.output);
        for (std::string line; std::getline(lines, line);) take_change_points(line, waiting);
    } catch (const BadInput& wrong) {
        throw Failed(fmt::format("Apache Otava: {}", wrong.what()));
    } catch (const nlohmann::json::exception& wrong) {
        throw Failed(fmt::format("Apache Otava: {}", wrong.what()));
    } catch (const std::out_of_range& wrong) {
        throw Failed(fmt::format("Apache Otava: {}", wrong.what()));
    }
    if (result.status != 0 || !waiting.empty())
        throw Failed(fmt::format("Apache Otava ended with {} and answered for {} of {} courses: {}", result.status,
                                 tests.size() - waiting.size(), tests.size(),
                                 result.errors.substr(result.errors.rfind('\n', result.errors.size() - 2) + 1)));
}

}  // namespace stele
