#include "harness/study/plots/forest.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace stele::plots {

namespace {

constexpr const char* forest_text = R"json({
  "width": "container", "autosize": {"type": "fit-x", "contains": "padding"}, "usermeta": {"names": "name"},
  "layer": [
    {"mark": {"type": "bar", "color": "currentColor", "opacity": 0.1, "height": {"band": 1}},
     "encoding": {"x": {"field": "from", "aggregate": "min"}, "x2": {"field": "to", "aggregate": "max"}}},
    {"mark": {"type": "rule", "color": "currentColor", "opacity": 0.6}, "data": {"values": [{}]},
     "encoding": {"x": {"datum": 1}, "y": null}},
    {"mark": {"type": "rule", "strokeWidth": 2, "clip": true}, "transform": [{"filter": "isValid(datum.low)"}],
     "encoding": {"x": {"field": "low"}, "x2": {"field": "high"}}},
    {"mark": {"type": "point", "filled": true, "size": 70, "opacity": 1},
     "encoding": {
       "href": {"field": "link"},
       "tooltip": [{"field": "name"}, {"field": "about"}, {"field": "text", "title": "ratio"},
                   {"field": "interval", "title": "95 %"}]}}
  ],
  "encoding": {
    "x": {"type": "quantitative", "field": "ratio", "scale": {"type": "log", "nice": false}, "axis": {"orient": "top", "format": "~g"}},
    "y": {"type": "nominal", "field": "name", "axis": {"title": null, "labelLimit": 600, "domain": false, "ticks": false, "grid": true}}
  }
})json";

}  // namespace

Plot forest(Table table, Json rows, const std::string& ratio_title, Json colour, Json shape, const char* side_by_side) {
    Json names = Json::array();
    double least = 1, most = 1;
    for (const Json& row : rows) {
        if (names.empty() || names.back() != row["name"]) names.push_back(row["name"]);
        for (const char* field : {"ratio", "from", "to"}) {
            least = std::min(least, row[field].get<double>());
            most = std::max(most, row[field].get<double>());
        }
    }
    Json whole = specification(forest_text);
    whole["height"] = (side_by_side ? 30 : 22) * names.size();
    Json& encoding = whole["encoding"];
    encoding["y"]["sort"] = std::move(names);
    encoding["x"]["axis"]["title"] = ratio_title;
    if (side_by_side) {
        for (const std::size_t layer : {2, 3})
            whole["layer"][layer]["encoding"]["yOffset"] = {{"field", side_by_side}, {"type", "nominal"}};
    }
    // An interval of few rounds may be wider than all ratios: it is cut, not they pressed together.
    encoding["x"]["scale"]["domain"] = {least / 1.3, most * 1.3};
    encoding["x"]["axis"]["values"] = ticks_of_log(least / 1.3, most * 1.3);
    Json& marks = whole["layer"][3]["encoding"];
    whole["layer"][2]["encoding"]["color"] = colour;
    marks["color"] = std::move(colour);
    marks["shape"] = std::move(shape);
    return plot_of(std::move(table), std::move(whole), std::move(rows));
}

}  // namespace stele::plots
