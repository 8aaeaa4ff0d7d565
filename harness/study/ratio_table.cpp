#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "backends/names.hpp"
#include "harness/base/text.hpp"
#include "harness/study/report_tables.hpp"

namespace stele {

Table ratio_table(std::span<const ProblemSides> problems, const RatioPair& pair) {
    const RatioSummary summary = summarise_ratio(problems, pair);
    Table table;
    table.title = fmt::format("{} ÷ {}: speed, above 1 the first is faster", pair.variant, pair.base);
    table.columns = {
        {"problem", Align::left}, {"reports", Align::right}, {"median", Align::right}, {"least–most", Align::right}};
    for (const ProblemRatio& row : summary.problems) {
        const ProblemSides& problem = problems[row.problem];
        table.rows.emplace_back().cells = {
            problem.problem, std::to_string(row.ratios.size()), three_digits(row.median),
            fmt::format("{}–{}", three_digits(row.ratios.front()), three_digits(row.ratios.back()))};
    }
    if (summary.problems.empty())
        table.notes.emplace_back("no report has timed both on one problem, device and conditions");
    else
        table.rows.emplace_back().cells = {fmt::format("geometric mean of {}", summary.problems.size()), "",
                                           three_digits(summary.geometric_mean), ""};
    return table;
}

nlohmann::ordered_json ratio_json(std::span<const ProblemSides> problems, const RatioPair& pair) {
    using Json = nlohmann::ordered_json;
    const RatioSummary summary = summarise_ratio(problems, pair);
    Json json{{"variant", pair.variant}, {"base", pair.base}, {"problems", Json::array()}};
    for (const ProblemRatio& row : summary.problems)
        json["problems"].push_back({{"operation", problems[row.problem].operation},
                                    {"problem", problems[row.problem].problem},
                                    {"hardware", problems[row.problem].hardware},
                                    {"regime", std::string(name(problems[row.problem].regime))},
                                    {"cache", std::string(name(problems[row.problem].cache))},
                                    {"fill", std::string(name(problems[row.problem].fill))},
                                    {"ratios", row.ratios},
                                    {"median", row.median}});
    if (!summary.problems.empty()) json["geometric_mean"] = summary.geometric_mean;
    return json;
}

}  // namespace stele
