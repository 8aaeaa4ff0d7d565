#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "backends/names.hpp"
#include "harness/base/text.hpp"
#include "harness/study/report_tables.hpp"

namespace stele {

std::vector<Table> ratio_tables(std::span<const Report> reports, const RatioPair& pair) {
    const std::string title = fmt::format("{} ÷ {}: speed, above 1 the first is faster", pair.variant, pair.base);
    std::vector<Table> tables;
    for (const RatioSummary& summary : summarise_ratio(reports, pair)) {
        Table& table = tables.emplace_back();
        table.title = title;
        table.columns = {{"problem", Align::left},
                         {"reports", Align::right},
                         {"median", Align::right},
                         {"least–most", Align::right}};
        for (const ProblemRatio& row : summary.problems)
            table.rows.emplace_back().cells = {
                row.problem, std::to_string(row.ratios.size()), three_digits(row.median),
                fmt::format("{}–{}", three_digits(row.ratios.front()), three_digits(row.ratios.back()))};
        table.rows.emplace_back().cells = {fmt::format("geometric mean of {}", summary.problems.size()), "",
                                           three_digits(summary.geometric_mean), ""};
        table.notes.push_back(summary.conditions.label());
    }
    if (tables.empty()) {
        tables.emplace_back().title = title;
        tables.back().notes.emplace_back("no report has timed both on one problem, device and conditions");
    }
    return tables;
}

nlohmann::ordered_json ratio_json(std::span<const Report> reports, const RatioPair& pair) {
    using Json = nlohmann::ordered_json;
    Json json{{"variant", pair.variant}, {"base", pair.base}, {"summaries", Json::array()}};
    for (const RatioSummary& summary : summarise_ratio(reports, pair)) {
        const CellKey& key = summary.conditions.variant;
        Json& one = json["summaries"].emplace_back(Json{{"hardware", key.hardware},
                                                        {"regime", std::string(name(key.regime))},
                                                        {"cache", std::string(name(key.cache))},
                                                        {"fill", std::string(name(key.fill))}});
        for (const auto& [side, of] : {std::pair{"variant", &key}, {"base", &summary.conditions.base}})
            one[side] = {{"backend", of->backend}, {"platform", of->platform}, {"where", of->where()}};
        one["devices"] = summary.conditions.devices;
        one["geometric_mean"] = summary.geometric_mean;
        one["problems"] = Json::array();
        for (const ProblemRatio& row : summary.problems)
            one["problems"].push_back({{"operation", row.operation},
                                       {"problem", row.problem},
                                       {"ratios", row.ratios},
                                       {"median", row.median}});
    }
    return json;
}

}  // namespace stele
