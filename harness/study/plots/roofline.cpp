#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "backends/names.hpp"
#include "harness/base/text.hpp"
#include "harness/record/hardware.hpp"
#include "harness/study/doctor_cells.hpp"
#include "harness/study/plots/report_plots.hpp"
#include "harness/study/plots/specification.hpp"

namespace stele::plots {

namespace {

/// The highest of each kind that these reports know of the hardware, from their times and from cells of `ceiling`.
class MeasuredCeilings {
public:
    MeasuredCeilings(const PageCells& cells, const std::string& hardware) {
        for (const ProblemSides& problem : cells.problems)
            if (problem.hardware == hardware)
                for (const CellSide& cell : problem.cells)
                    if (cell.timing() && cell.timing()->ceiling) keep(*cell.timing()->ceiling);
        for (const Report& report : cells.reports)
            for (const DeviceInfo& device : report.devices)
                if (hardware_of(device, report.environment) == hardware)
                    for (const Ceiling& ceiling : ceilings_of(report.measurements, device.id)) keep(ceiling);
    }

    double memory() const {
        double most = 0;
        for (const auto& [key, ceiling] : best_)
            if (ceiling.counted == Counted::bytes) most = std::max(most, ceiling.per_second);
        return most;
    }
    /// Of arithmetic, on these dtypes.
    std::vector<Ceiling> arithmetic(const std::set<Dtype>& dtypes) const {
        std::vector<Ceiling> out;
        for (const auto& [key, ceiling] : best_)
            if (ceiling.counted == Counted::flops && dtypes.contains(ceiling.dtype)) out.push_back(ceiling);
        return out;
    }

private:
    void keep(const Ceiling& ceiling) {
        const auto [place, is_new] = best_.try_emplace({ceiling.counted, ceiling.dtype}, ceiling);
        if (!is_new && ceiling.per_second > place->second.per_second) place->second = ceiling;
    }
    std::map<std::pair<Counted, Dtype>, Ceiling> best_;
};

/// Lines over intensities from `low` to `high`, as rows; a line that has room for its name has it at an end.
Json ceiling_rows(const MeasuredCeilings& measured, const std::set<Dtype>& dtypes, double low, double high) {
    const double memory = measured.memory();
    const std::vector<Ceiling> flats = measured.arithmetic(dtypes);
    Json rows = Json::array();
    const auto add = [&](const std::string& line, double intensity, double rate, const std::string& label) {
        Json& row = rows.emplace_back(Json{{"line", line}, {"intensity", intensity}, {"rate", rate}});
        if (!label.empty()) row["label"] = label;
    };
    double highest = 0;
    for (const Ceiling& flat : flats) {
        const std::string line = fmt::format("{}: {}FLOP/s", name(flat.dtype), count_text(flat.per_second));
        highest = std::max(highest, flat.per_second);
        const double ridge = memory > 0 ? flat.per_second / memory : low;
        add(line, std::clamp(ridge, low, high), flat.per_second, "");
        add(line, high, flat.per_second, line);
        // Names of lines that lie on each other would too: the lower one's stands behind the upper one's.
        for (Json& row : rows)
            if (row.contains("label") && row["line"] != line) {
                const double apart = row["rate"].get<double>() / flat.per_second;
                if (apart < 0.75 || apart > 1 / 0.75) continue;
                rows.back()["label"] = fmt::format("{}; {}", row["label"].get<std::string>(), line);
                row.erase("label");
            }
    }
    if (memory > 0) {
        const std::string line = fmt::format("memory: {}B/s", count_text(memory));
        const double end = highest > 0 ? std::clamp(highest / memory, low, high) : high;
        add(line, low, low * memory, line);
        add(line, end, end * memory, "");
    }
    return rows;
}

constexpr const char* roofline_text = R"json({
  "width": "container", "height": 380,
  "layer": [
    {"mark": {"type": "line", "color": "currentColor", "opacity": 0.7, "strokeWidth": 1.5},
     "encoding": {"detail": {"field": "line"}, "order": {"field": "intensity"}}},
    {"mark": {"type": "text", "align": {"expr": "datum.intensity < high ? 'left' : 'right'"}, "dy": -7, "dx": -2},
     "transform": [{"filter": "isValid(datum.label)"}],
     "encoding": {"text": {"field": "label"}}},
    {"mark": {"type": "point", "filled": true, "size": 70, "opacity": 0.85},
     "encoding": {
       "href": {"field": "link"},
       "tooltip": [{"field": "variant"}, {"field": "problem"}, {"field": "device"}, {"field": "median"},
                   {"field": "reached", "title": "rate"}, {"field": "of peak"}]}}
  ],
  "encoding": {
    "x": {"field": "intensity", "type": "quantitative", "scale": {"type": "log", "nice": false},
          "axis": {"title": "intensity: FLOP per byte of compulsory traffic (log scale)", "format": "~s"}},
    "y": {"field": "rate", "type": "quantitative", "scale": {"type": "log"},
          "axis": {"title": "rate in FLOP/s (log scale)", "format": "~s"}}
  }
})json";

}  // namespace

std::optional<Plot> roofline(const PageCells& cells, const std::string& hardware) {
    Table table;
    table.title = "Roofline: " + hardware;
    table.columns = {{"variant", Align::left}, {"problem", Align::left}, {"device", Align::left},
                     {"FLOP/B", Align::right}, {"rate", Align::right},   {"of peak", Align::right}};
    Json rows = Json::array();
    std::set<Language> languages;
    std::set<Dtype> dtypes;
    double low = INFINITY, high = 0, slowest = INFINITY, fastest = 0;
    for (std::size_t p = 0; p < cells.problems.size(); ++p) {
        const ProblemSides& problem = cells.problems[p];
        if (problem.hardware != hardware || problem.flops <= 0 || problem.bytes <= 0) continue;
        const double intensity = problem.flops / problem.bytes;
        for (std::size_t c = 0; c < problem.cells.size(); ++c) {
            const CellSide& cell = problem.cells[c];
            const Timing* timing = cell.timing();
            if (timing == nullptr) continue;
            const Measurement& measured = *cell.measurement;
            const double rate = problem.flops / (timing->median_ns * 1e-9);
            const std::string reached = count_text(rate) + "FLOP/s",
                              of_peak = timing->fraction_of_peak ? three_digits(*timing->fraction_of_peak) : "–";
            low = std::min(low, intensity);
            high = std::max(high, intensity);
            languages.insert(measured.language);
            dtypes.insert(measured.dtype);
            rows.push_back({{"intensity", intensity},
                            {"rate", rate},
                            {"language", language_title(measured.language)},
                            {"variant", cell.variant},
                            {"problem", problem_label(problem)},
                            {"device", measured.device},
                            {"median", time_text(timing->median_ns)},
                            {"reached", reached},
                            {"of peak", of_peak},
                            {"link", link_to(cell_anchor(p, c))}});
            table.rows.push_back(
                {{cell.variant, problem_label(problem), measured.device, three_digits(intensity), reached, of_peak},
                 {}});
        }
    }
    if (rows.empty()) return std::nullopt;
    // Room on both sides, so that a single intensity is a place on an axis too.
    low /= 2;
    high *= 2;
    const MeasuredCeilings measured(cells, hardware);
    const Json lines = ceiling_rows(measured, dtypes, low, high);
    Json whole = specification(roofline_text);
    Json& layers = whole["layer"];
    layers[2]["encoding"]["color"] = language_colour(languages);
    layers[2]["encoding"]["shape"] = language_shape(languages);
    for (const std::size_t layer : {0, 1}) layers[layer]["data"] = {{"values", lines}};
    if (lines.empty()) layers = Json::array({layers[2]});
    whole["params"] = Json::array({{{"name", "high"}, {"value", high}}});
    whole["encoding"]["x"]["scale"]["domain"] = {low, high};
    whole["encoding"]["x"]["axis"]["values"] = ticks_of_log(low, high);
    for (const Json* list : {&std::as_const(rows), &lines})
        for (const Json& row : *list) {
            slowest = std::min(slowest, row["rate"].get<double>() / 2);
            fastest = std::max(fastest, row["rate"].get<double>() * 2);
        }
    whole["encoding"]["y"]["scale"]["domain"] = {slowest, fastest};
    whole["encoding"]["y"]["axis"]["values"] = ticks_of_log(slowest, fastest);
    table.notes.push_back(fmt::format(
        "Each mark is a timed cell, and leads to its row. The higher, the faster. {}",
        lines.empty() ? "Lines would be what the device was measured to reach; these reports do not know it, "
                        "and stele doctor measures it."
                      : "Lines are what the device was measured to reach, of memory (sloped) and of each "
                        "dtype's arithmetic (level): a cell below the slope's end waits for memory at best."));
    return plot_of(std::move(table), std::move(whole), std::move(rows));
}

}  // namespace stele::plots
