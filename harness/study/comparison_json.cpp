#include <nlohmann/json.hpp>

#include <cmath>

#include "harness/base/json_document.hpp"
#include "harness/study/comparison_tables.hpp"

namespace stele {

namespace {

using Json = nlohmann::ordered_json;

Json names_json(const std::vector<Condition>& conditions) {
    Json names = Json::array();
    for (const Condition condition : conditions) names.push_back(std::string(name(condition)));
    return names;
}

Json side_json(const std::string& side, const SideCell& cell) {
    return {{"side", side},
            {"variant", cell.key.variant},
            {"device", cell.first().device},
            {"key", cell.key.text()},
            {"outcome", std::string(name(cell.telling().verdict.outcome))}};
}

Json cell_json(const CellComparison& cell) {
    Json json{{"finding", std::string(name(cell.found.finding))},
              {"problem", cell.cells.base->key.problem},
              {"base", side_json(cell.base_side, *cell.cells.base)},
              {"other", side_json(cell.other_side, *cell.cells.other)},
              {"base_ns", cell.base_ns},
              {"other_ns", cell.other_ns},
              {"ratio", cell.ratio()},
              {"pairs", cell.effect.pairs},
              {"margin", cell.margin},
              {"counts", cell.counts},
              {"differs", cell.found.differs}};
    if (cell.effect.test) {
        const Interval interval = cell.interval();
        json["low"] = interval.low;
        json["high"] = interval.high;
        json["p"] = cell.effect.test->p;
        json["adjusted_p"] = cell.adjusted_p;
    }
    json["sign_flip_p"] = cell.effect.flip_p;
    json["bootstrap"] = {{"low", std::exp(cell.effect.bootstrap.low)},
                         {"high", std::exp(cell.effect.bootstrap.high)},
                         {"agrees", cell.found.bootstrap_agrees}};
    if (cell.found.rounds > 0) json["rounds_to_settle"] = cell.found.rounds;
    if (cell.again) json["again"] = {{"confirmed", cell.again->confirmed}, {"ratio", cell.again->ratio}};
    json["let_pass"] = names_json(cell.cells.let_pass);
    json["causes"] = cell.causes;
    return json;
}

}  // namespace

Json comparison_json(const Comparison& comparison, const CompareRules& rules, const ComparisonShown& shown) {
    Json json = new_document({"comparison", "stele-comparison", 1});
    json["summary"] = comparison_summary(comparison);
    json["sides"] = shown.sides;
    json["margin"] = {{"asked", rules.margin}};
    if (rules.floor) json["margin"]["floor"] = *rules.floor;
    json["alpha"] = rules.alpha;
    json["correction"] = rules.gate ? "Holm" : "Benjamini-Hochberg";
    json["tests"] = comparison.tests;
    json["least_sign_flip_p"] = least_sign_flip_p(comparison.most_pairs());
    json["rounds_for_sign_flips"] = pairs_for_sign_flips(comparison.tests, rules.alpha);
    json["counts"] = {{"broken", comparison.broken()}};
    for (const auto& row : name_list(Finding{})) json["counts"][std::string(row.name)] = comparison.count(row.value);
    for (const char* list : {"cells", "without_time", "groups", "refused", "one_sided"}) json[list] = Json::array();
    for (const CellComparison& cell : comparison.cells) json["cells"].push_back(cell_json(cell));
    for (const WithoutTime& pair : comparison.without_time)
        json["without_time"].push_back({{"broken", pair.is_broken()},
                                        {"too_slow", pair.is_too_slow()},
                                        {"mended", pair.is_mended()},
                                        {"problem", pair.cells.base->key.problem},
                                        {"base", side_json(pair.base_side, *pair.cells.base)},
                                        {"other", side_json(pair.other_side, *pair.cells.other)}});
    for (const GroupComparison& group : comparison.groups)
        json["groups"].push_back({{"name", group.name},
                                  {"base", group.base_side},
                                  {"other", group.other_side},
                                  {"cells", group.cells},
                                  {"ratio", std::exp(group.test.mean)},
                                  {"low", std::exp(group.test.interval.low)},
                                  {"high", std::exp(group.test.interval.high)},
                                  {"p", group.test.p}});
    for (const RefusedCells& refused : comparison.refused)
        json["refused"].push_back({{"base", refused.base->key.text()},
                                   {"other", refused.other->key.text()},
                                   {"differing", names_json(refused.differing)}});
    for (const OneSided& one : comparison.one_sided)
        json["one_sided"].push_back({{"cell", one.cell->key.text()}, {"only_in", one.here}});
    if (!shown.parity.empty()) json["parity"] = parity_json(shown.parity);
    return json;
}

}  // namespace stele
