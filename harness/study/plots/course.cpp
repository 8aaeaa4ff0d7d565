#include "harness/study/plots/course.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "harness/base/text.hpp"
#include "harness/study/outcome_text.hpp"
#include "harness/study/plots/specification.hpp"

namespace stele::plots {

namespace {

constexpr const char* course_text = R"json({
  "width": "container", "height": 170,
  "layer": [
    {"mark": {"type": "rule", "color": "#D55E00", "strokeDash": [5, 3], "strokeWidth": 2},
     "transform": [{"filter": "isValid(datum.change)"}], "encoding": {"y": null}},
    {"mark": {"type": "text", "align": "left", "dx": 4, "color": "#D55E00"},
     "transform": [{"filter": "isValid(datum.change)"}],
     "encoding": {"y": {"value": 8}, "text": {"field": "change"}}},
    {"mark": {"type": "line", "strokeWidth": 1.5, "color": "#1F8FD6"}, "transform": [{"filter": "isValid(datum.median)"}],
     "encoding": {"detail": {"field": "segment"}}},
    {"mark": {"type": "rule", "strokeWidth": 2, "color": "#1F8FD6"}, "transform": [{"filter": "isValid(datum.median)"}],
     "encoding": {"y": {"field": "low"}, "y2": {"field": "high"}}},
    {"mark": {"type": "point", "filled": true, "size": 60, "opacity": 1, "color": "#1F8FD6"},
     "transform": [{"filter": "isValid(datum.median)"}],
     "encoding": {"href": {"field": "link"},
                  "tooltip": [{"field": "started"}, {"field": "revision"}, {"field": "text", "title": "median"},
                              {"field": "interval", "title": "95 %"}, {"field": "made by"}]}},
    {"mark": {"type": "text", "text": "✕", "color": "#D55E00", "fontSize": 14},
     "transform": [{"filter": "isValid(datum.failed)"}],
     "encoding": {"y": {"value": 160}, "href": {"field": "link"},
                  "tooltip": [{"field": "started"}, {"field": "revision"}, {"field": "failed"}]}},
    {"mark": {"type": "text", "align": "left", "dx": 4, "baseline": "bottom", "limit": {"expr": "containerSize()[0] / 4"}},
     "transform": [{"filter": "isValid(datum.begins)"}],
     "encoding": {"y": {"value": 168}, "text": {"field": "begins"}}}
  ],
  "encoding": {
    "x": {"type": "ordinal", "field": "run", "axis": {"title": "run: date and revision, the oldest first", "labelAngle": -30, "labelLimit": 130,
      "labelExpr": "containerSize()[0] < 640 ? split(datum.label, ' ')[0] + ' ' + slice(split(datum.label, ' ')[1], 5) : datum.label"}},
    "y": {"type": "quantitative", "field": "median", "scale": {"zero": false, "nice": true}}
  }
})json";

/// "03 2026-11-28 6738a58edd48": runs stand at equal distances, and two of one day and revision apart.
std::string run_label(std::size_t number, const Environment& made) {
    return fmt::format("{:02} {} {}", number, made.started.substr(0, 10), made.revision);
}

}  // namespace

std::optional<Plot> course(const HistoryTable& part, std::span<const NamedReport> reports) {
    const Course& course = *part.course;
    Json rows = Json::array();
    std::size_t timed = 0, number = 0;
    for (std::size_t s = 0; s < course.segments.size(); ++s) {
        const CourseSegment& segment = course.segments[s];
        for (std::size_t i = 0; i < segment.points.size(); ++i) {
            const CoursePoint& point = segment.points[i];
            const Environment& made = reports[point.report].report.environment;
            const std::string link = link_to(run_anchor(part.number, number));
            Json& row = rows.emplace_back(Json{{"run", run_label(++number, made)},
                                               {"link", link},
                                               {"started", made.started},
                                               {"revision", made.revision},
                                               {"segment", s}});
            if (i == 0 && course.segments.size() > 1) row["begins"] = "by " + segment.driver;
            for (const ChangePoint& change : segment.changes)
                if (change.point == i) row["change"] = fmt::format("{:+.3g} % from here", 100 * (change.ratio() - 1));
            if (!point.is_timed()) {
                row["failed"] = outcome_text(*point.cell);
                continue;
            }
            ++timed;
            const Timing& timing = *point.cell->timing;
            row["median"] = timing.median_ns * 1e-9;
            row["low"] = timing.low_ns * 1e-9;
            row["high"] = timing.high_ns * 1e-9;
            row["text"] = time_text(timing.median_ns);
            row["interval"] = interval_text(timing.low_ns, timing.median_ns, timing.high_ns);
            row["made by"] = toolkit_of(*point.cell, made);
        }
    }
    if (timed < 2) return std::nullopt;
    Json whole = specification(course_text);
    whole["encoding"]["y"]["axis"] = time_axis("median time of one execution");
    return plot_of(part.table, std::move(whole), std::move(rows));
}

}  // namespace stele::plots
