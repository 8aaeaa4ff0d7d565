#include "harness/study/history_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "backends/names.hpp"
#include "harness/base/json_document.hpp"
#include "harness/base/text.hpp"
#include "harness/study/outcome_text.hpp"

namespace stele {

namespace {

/// "2026-01-31 12:34:56" of "2026-01-31T12:34:56Z".
std::string second_text(std::string started) {
    started.resize(std::min<std::size_t>(started.size(), 19));
    std::ranges::replace(started, 'T', ' ');
    return started;
}

/// "12.3 % slower"
std::string slower_text(double ratio) {
    return fmt::format("{} % {}", three_digits(100 * std::abs(ratio - 1)), ratio < 1 ? "faster" : "slower");
}

std::string change_p_text(double p) { return p > 0 ? fmt::format("p = {}", error_text(p)) : "p < 1e-06"; }

std::string change_text(const ChangePoint& change) {
    return fmt::format("{} from here on: {} to {}, {}", slower_text(change.ratio()), time_text(change.before_ns),
                       time_text(change.after_ns), change_p_text(change.p));
}

std::string course_title(const Course& course) {
    return fmt::format("{} on {}", course.key.variant, course.key.problem);
}

/// "1 run before, 3 after": what the change was told from.
std::string runs_text(const CourseSegment& segment, std::size_t number) {
    const std::size_t begin = number == 0 ? 0 : segment.changes[number - 1].point;
    const std::size_t at = segment.changes[number].point;
    const std::size_t end =
        number + 1 < segment.changes.size() ? segment.changes[number + 1].point : segment.points.size();
    const auto timed = [&](std::size_t from, std::size_t to) {
        return std::count_if(segment.points.begin() + static_cast<std::ptrdiff_t>(from),
                             segment.points.begin() + static_cast<std::ptrdiff_t>(to),
                             [](const CoursePoint& point) { return point.is_timed(); });
    };
    const auto before = timed(begin, at);
    return fmt::format("{} run{} before, {} after", before, before == 1 ? "" : "s", timed(at, end));
}

/// The largest change of all that were found; 0 where none was.
double largest_change(const Course& course) {
    double largest = 0;
    for (const CourseSegment& segment : course.segments)
        for (const ChangePoint& change : segment.changes)
            largest = std::max(largest, std::abs(std::log(change.ratio())));
    return largest;
}

std::vector<const Course*> by_change(const History& history) {
    std::vector<const Course*> courses;
    for (const Course& course : history.courses) courses.push_back(&course);
    std::ranges::stable_sort(courses, std::greater{}, [](const Course* course) { return largest_change(*course); });
    return courses;
}

/// Writes the rows of one course; it knows what was said last.
class CourseRows {
public:
    CourseRows(Table& table, std::span<const NamedReport> reports, std::size_t course)
        : table_(table), reports_(reports), course_(course) {}

    void add(const CourseSegment& segment) {
        if (before_) {
            const bool same = before_->driver == segment.driver;
            table_.rows.push_back(
                {{},
                 fmt::format("another {}: {}, before {}; nothing is compared across", same ? "machine" : "driver",
                             same ? segment.machine : segment.driver, same ? before_->machine : before_->driver)});
        }
        before_ = &segment;
        before_ns_ = 0;
        for (std::size_t i = 0; i < segment.points.size(); ++i) {
            for (std::size_t number = 0; number < segment.changes.size(); ++number)
                if (segment.changes[number].point == i)
                    table_.rows.push_back(
                        {{},
                         fmt::format("▶ {}; {}", change_text(segment.changes[number]), runs_text(segment, number))});
            add(segment.points[i]);
        }
    }

private:
    void add(const CoursePoint& point) {
        const Environment& made = reports_[point.report].report.environment;
        const std::string toolkit = toolkit_of(*point.cell, made);
        if (toolkit_ && *toolkit_ != toolkit)
            table_.rows.push_back({{}, fmt::format("from here on {}, before {}", toolkit, *toolkit_)});
        toolkit_ = toolkit;
        Row& row = table_.rows.emplace_back();
        row.anchor = run_anchor(course_, run_++);
        row.cells = {second_text(made.started), made.revision};
        if (!point.is_timed()) {
            row.message = outcome_text(*point.cell);
            return;
        }
        const Timing& timing = *point.cell->timing;
        row.cells.insert(row.cells.end(),
                         {time_text(timing.median_ns), interval_text(timing.low_ns, timing.median_ns, timing.high_ns),
                          before_ns_ > 0 ? fmt::format("{:+.1f} %", 100 * (timing.median_ns / before_ns_ - 1)) : "–"});
        before_ns_ = timing.median_ns;
    }

    Table& table_;
    std::span<const NamedReport> reports_;
    std::size_t course_, run_ = 0;
    const CourseSegment* before_ = nullptr;
    std::optional<std::string> toolkit_;
    double before_ns_ = 0;  ///< of this segment
};

Table course_table(const Course& course, std::span<const NamedReport> reports, std::size_t number) {
    Table table;
    table.title = course_title(course);
    table.columns = {{"started", Align::left},
                     {"revision", Align::left},
                     {"median", Align::right},
                     {"95 % interval", Align::right},
                     {"change", Align::right}};
    CourseRows rows(table, reports, number);
    for (const CourseSegment& segment : course.segments) rows.add(segment);
    table.notes.push_back(RatioConditions{course.key, course.key, {}}.label());
    const CourseSegment& last = course.segments.back();
    const CoursePoint& newest = last.points.back();
    const std::string toolkit = toolkit_of(*newest.cell, reports[newest.report].report.environment);
    table.notes.push_back(
        fmt::format("last by {}{}", last.driver, toolkit.empty() ? "" : fmt::format("; {}", toolkit)));
    return table;
}

Table change_table(const std::vector<const Course*>& courses, std::span<const NamedReport> reports) {
    Table table;
    table.title = "Change points";
    table.columns = {{"cell", Align::left},     {"device", Align::left}, {"started", Align::left},
                     {"revision", Align::left}, {"change", Align::left}, {"told from", Align::left}};
    for (const Course* course : courses)
        for (const CourseSegment& segment : course->segments)
            for (std::size_t number = 0; number < segment.changes.size(); ++number) {
                const ChangePoint& change = segment.changes[number];
                const CoursePoint& point = segment.points[change.point];
                const Environment& made = reports[point.report].report.environment;
                table.rows.push_back({{course_title(*course), point.cell->device, second_text(made.started),
                                       made.revision, slower_text(change.ratio()), runs_text(segment, number)},
                                      {}});
            }
    return table;
}

Table once_table(const std::vector<const Course*>& courses, std::span<const NamedReport> reports) {
    Table table;
    table.title = "Measured once";
    table.columns = {
        {"cell", Align::left}, {"device", Align::left}, {"started", Align::left}, {"median", Align::right}};
    for (const Course* course : courses) {
        if (course->size() != 1) continue;
        const CoursePoint& point = course->segments.front().points.front();
        Row& row = table.rows.emplace_back();
        row.cells = {course_title(*course), point.cell->device,
                     second_text(reports[point.report].report.environment.started)};
        if (point.is_timed())
            row.cells.push_back(time_text(point.cell->timing->median_ns));
        else
            row.message = outcome_text(*point.cell);
    }
    return table;
}

Table history_header(const History& history, std::span<const NamedReport> reports, const std::string& change_points) {
    Table table;
    table.title = "History";
    table.notes = {fmt::format("{} reports from {} to {}; {} cells", reports.size(),
                               second_text(reports.front().report.environment.started),
                               second_text(reports.back().report.environment.started), history.courses.size()),
                   "change points: " + change_points};
    if (history.never_ran > 0)
        table.notes.push_back(fmt::format("{} more {} skipped in every report; `stele report` says why",
                                          history.never_ran, history.never_ran == 1 ? "was" : "were"));
    return table;
}

}  // namespace

std::string run_anchor(std::size_t course, std::size_t run) { return fmt::format("run-{}-{}", course, run); }

std::vector<HistoryTable> history_parts(const History& history, std::span<const NamedReport> reports,
                                        const std::string& change_points) {
    const std::vector<const Course*> courses = by_change(history);
    std::vector<HistoryTable> parts{{history_header(history, reports, change_points)}};
    if (Table changes = change_table(courses, reports); !changes.rows.empty()) parts.push_back({std::move(changes)});
    for (std::size_t number = 0; number < courses.size(); ++number)
        if (const Course* course = courses[number]; course->size() > 1)
            parts.push_back({course_table(*course, reports, number), course, number});
    if (Table once = once_table(courses, reports); !once.rows.empty()) parts.push_back({std::move(once)});
    return parts;
}

std::vector<Table> history_tables(const History& history, std::span<const NamedReport> reports,
                                  const std::string& change_points) {
    std::vector<Table> tables;
    for (HistoryTable& part : history_parts(history, reports, change_points)) tables.push_back(std::move(part.table));
    return tables;
}

nlohmann::ordered_json history_json(const History& history, std::span<const NamedReport> reports,
                                    const std::string& change_points) {
    using Json = nlohmann::ordered_json;
    Json json = new_document({"history", "stele-history", 1});
    json["change_points"] = change_points;
    json["reports"] = Json::array();
    for (const NamedReport& named : reports)
        json["reports"].push_back({{"name", named.name},
                                   {"revision", named.report.environment.revision},
                                   {"started", named.report.environment.started},
                                   {"complete", named.report.complete}});
    json["cells"] = Json::array();
    for (const Course& course : history.courses) {
        const CellKey& key = course.key;
        Json& cell = json["cells"].emplace_back(Json{{"variant", key.variant},
                                                     {"problem", key.problem},
                                                     {"hardware", key.hardware},
                                                     {"backend", key.backend},
                                                     {"platform", key.platform},
                                                     {"regime", std::string(name(key.regime))},
                                                     {"cache", std::string(name(key.cache))},
                                                     {"fill", std::string(name(key.fill))},
                                                     {"where", key.where()},
                                                     {"segments", Json::array()}});
        for (const CourseSegment& of : course.segments) {
            Json& segment = cell["segments"].emplace_back(Json{
                {"driver", of.driver}, {"machine", of.machine}, {"points", Json::array()}, {"changes", Json::array()}});
            for (const CoursePoint& point : of.points) {
                Json& row = segment["points"].emplace_back(
                    Json{{"report", point.report},
                         {"toolkit", toolkit_of(*point.cell, reports[point.report].report.environment)},
                         {"outcome", std::string(name(point.cell->verdict.outcome))}});
                if (!point.is_timed()) {
                    row["reason"] = outcome_text(*point.cell);
                    continue;
                }
                row["median_ns"] = point.cell->timing->median_ns;
                row["low_ns"] = point.cell->timing->low_ns;
                row["high_ns"] = point.cell->timing->high_ns;
            }
            for (const ChangePoint& change : of.changes)
                segment["changes"].push_back({{"point", change.point},
                                              {"before_ns", change.before_ns},
                                              {"after_ns", change.after_ns},
                                              {"p", change.p}});
        }
    }
    return json;
}

}  // namespace stele
