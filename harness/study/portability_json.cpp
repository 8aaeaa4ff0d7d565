#include <nlohmann/json.hpp>

#include "harness/base/json_document.hpp"
#include "harness/study/portability_tables.hpp"

namespace stele {
namespace {

using Json = nlohmann::ordered_json;

Json estimate_json(const Estimate& estimate) {
    return {{"value", estimate.value}, {"low", estimate.interval.low}, {"high", estimate.interval.high}};
}

void put_estimate(Json& object, const char* key, const std::optional<Estimate>& estimate) {
    if (estimate) object[key] = estimate_json(*estimate);
}

Json on_device_json(const LanguageOnDevice& device) {
    Json json{{"asked", device.asked}, {"taken", device.taken}, {"supported", device.supported}};
    put_estimate(json, "efficiency", device.efficiency);
    if (!device.why_not.empty()) json["why_not"] = device.why_not;
    json["problems"] = Json::array();
    for (const FastestCell& cell : device.cells)
        json["problems"].push_back(
            {{"problem", cell.problem}, {"variant", cell.variant}, {"ns", cell.ns}, {"efficiency", cell.efficiency}});
    return json;
}

Json language_json(const LanguagePortability& language) {
    Json json{{"language", std::string(name(language.language))},
              {"coverage", language.coverage()},
              {"unknown_devices", language.unknown}};
    put_estimate(json, "pp", language.pp);
    put_estimate(json, "supported_mean", language.supported_mean);
    put_estimate(json, "minimum", language.minimum);
    json["devices"] = Json::array();
    for (const LanguageOnDevice& device : language.devices) json["devices"].push_back(on_device_json(device));
    json["cascade"] = Json::array();
    for (const CascadeStep& step : language.cascade)
        json["cascade"].push_back({{"device", step.device}, {"efficiency", step.efficiency}, {"pp", step.pp}});
    return json;
}

Json scope_json(const ScopePortability& scope) {
    Json json{{"operation", scope.scope.operation},
              {"dtype", std::string(name(scope.scope.dtype))},
              {"regime", std::string(name(scope.scope.regime))},
              {"cache", std::string(name(scope.scope.cache))},
              {"fill", std::string(name(scope.scope.fill))},
              {"devices", Json::array()},
              {"problems", scope.problems},
              {"common_problems", scope.common},
              {"efficiencies", Json::array()}};
    for (const PortabilityDevice& device : scope.devices)
        json["devices"].push_back(
            {{"hardware", device.hardware}, {"cpus", device.cpus}, {"cpu_quota", device.cpu_quota}});
    for (const EfficiencyKind& kind : scope.kinds) {
        Json& own =
            json["efficiencies"].emplace_back(Json{{"of", std::string(name(kind.of))}, {"languages", Json::array()}});
        for (const LanguagePortability& language : kind.languages) own["languages"].push_back(language_json(language));
    }
    return json;
}

Json divergence_json(const CodeDivergence& divergence) {
    Json json{{"operation", divergence.operation},
              {"divergence", divergence.mean},
              {"languages", Json::array()},
              {"pairs", Json::array()}};
    for (const LanguageSources& language : divergence.languages)
        json["languages"].push_back(
            {{"language", std::string(name(language.language))}, {"files", language.files}, {"lines", language.lines}});
    for (const LanguageDistance& pair : divergence.pairs) {
        Json& own = json["pairs"].emplace_back(Json{{"first", std::string(name(pair.first))},
                                                    {"second", std::string(name(pair.second))},
                                                    {"distance", pair.distance},
                                                    {"algorithms_of_both", pair.both}});
        if (pair.of_both) own["distance_of_these"] = *pair.of_both;
    }
    return json;
}

}  // namespace

Json portability_json(const PortabilityShown& shown, const PortabilityRules& rules) {
    Json json = new_document({"portability", "stele-portability", 1});
    json["reports"] = shown.reports;
    json["common_problems_only"] = rules.common_problems;
    json["confidence"] = rules.confidence;
    json["resamples"] = rules.resamples;
    json["seed"] = rules.seed;
    json["scopes"] = Json::array();
    for (const ScopePortability& scope : shown.scopes) json["scopes"].push_back(scope_json(scope));
    json["parity"] = parity_json(shown.parity);
    json["divergence"] = Json::array();
    for (const CodeDivergence& divergence : shown.divergence) json["divergence"].push_back(divergence_json(divergence));
    return json;
}

}  // namespace stele
