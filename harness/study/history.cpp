#include "harness/study/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/record/conditions.hpp"

namespace stele {

namespace {

std::string machine_of(const Environment& made) {
    return made.cpu_family.empty() ? made.cpu : fmt::format("{} ({})", made.cpu, made.cpu_family);
}

}  // namespace

std::vector<std::size_t> CourseSegment::timed_points() const {
    std::vector<std::size_t> timed;
    for (std::size_t i = 0; i < points.size(); ++i)
        if (points[i].is_timed()) timed.push_back(i);
    return timed;
}

std::size_t Course::size() const {
    std::size_t points = 0;
    for (const CourseSegment& segment : segments) points += segment.points.size();
    return points;
}

void sort_by_time(std::vector<NamedReport>& reports) {
    std::ranges::stable_sort(reports, {}, [](const NamedReport& named) { return named.report.environment.started; });
}

History history_of(std::span<const NamedReport> reports) {
    History history;
    std::map<CellKey, std::size_t> position;
    std::set<CellKey> skipped;
    for (std::size_t i = 0; i < reports.size(); ++i) {
        const Report& report = reports[i].report;
        const std::string machine = machine_of(report.environment);
        for (const Measurement& cell : report.measurements) {
            CellKey key = key_of(cell, report);
            if (cell.verdict.outcome == Outcome::skipped) {
                skipped.insert(std::move(key));
                continue;
            }
            const auto [found, is_new] = position.try_emplace(key, history.courses.size());
            if (is_new) history.courses.push_back({std::move(key), {}});
            std::vector<CourseSegment>& segments = history.courses[found->second].segments;
            const std::string& driver = device_of(cell, report).driver;
            if (segments.empty() || segments.back().driver != driver || segments.back().machine != machine)
                segments.push_back({driver, machine, {}, {}});
            segments.back().points.push_back({i, &cell});
        }
    }
    history.never_ran = static_cast<std::size_t>(
        std::ranges::count_if(skipped, [&](const CellKey& key) { return !position.contains(key); }));
    return history;
}

std::string toolkit_of(const Measurement& cell, const Environment& made) {
    switch (cell.language) {
        case Language::cuda:
        case Language::ptx:
            return made.cuda_compiler;
        case Language::host:
            return made.host_compiler;
        case Language::vendor: {
            std::string library = cell.algorithm.substr(cell.algorithm.find('.') + 1);
            if (!made.libraries || !made.libraries->contains(library)) return library;
            return fmt::format("{} {}", library, made.libraries->at(library).version);
        }
        default:
            return {};
    }
}

}  // namespace stele
