#include "harness/explain/baseline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "harness/base/error.hpp"
#include "harness/base/json_text.hpp"

namespace stele::explain {
namespace {

enum class Direction { less_is_better, more_is_better };

struct Figure {
    const char* name;
    long BaselineRow::* value;
    Direction direction;
};

/// The figures of a row; reading, writing and comparing all go by this list.
constexpr std::array<Figure, 6> figures{{
    {"registers", &BaselineRow::registers, Direction::less_is_better},
    {"spill_bytes", &BaselineRow::spill_bytes, Direction::less_is_better},
    {"stack_bytes", &BaselineRow::stack_bytes, Direction::less_is_better},
    {"blocks_per_multiprocessor", &BaselineRow::blocks_per_multiprocessor, Direction::more_is_better},
    {"matrix_instructions", &BaselineRow::matrix_instructions, Direction::more_is_better},
    {"loop_instructions", &BaselineRow::loop_instructions, Direction::less_is_better},
}};

double margin_of(const Figure& figure, long before, const Margins& margins) {
    if (figure.value == &BaselineRow::registers) return static_cast<double>(margins.registers);
    if (figure.value == &BaselineRow::loop_instructions) return margins.loop_instructions * static_cast<double>(before);
    return 0;
}

std::string variant_of(const std::string& key) { return key.substr(0, key.find('|')); }

}  // namespace

Baseline make_baseline(const Explanation& explanation) {
    Baseline baseline;
    baseline.versions = explanation.versions;
    for (const KernelFigures& row : explanation.kernels)
        baseline.rows[row.key()] = {row.assembler.registers,
                                    static_cast<long>(row.assembler.spill_store_bytes + row.assembler.spill_load_bytes),
                                    row.occupancy.blocks,
                                    static_cast<long>(row.hot().matrix_instructions()),
                                    static_cast<long>(row.hot().total),
                                    static_cast<long>(row.assembler.stack_bytes)};
    return baseline;
}

std::string to_json(const Baseline& baseline) {
    nlohmann::ordered_json document;
    document["schema"] = "stele-explain";
    document["schema_version"] = Baseline::schema_version;
    document["versions"] = baseline.versions;
    auto& rows = document["kernels"] = nlohmann::ordered_json::object();
    for (const auto& [key, row] : baseline.rows)
        for (const Figure& figure : figures) rows[key][figure.name] = row.*figure.value;
    return document.dump(1) + "\n";
}

namespace {

using Json = nlohmann::ordered_json;

/// A field of an object. Throws BadInput that names its place and what was found there.
const Json& member(const Json& object, const std::string& place, const std::string& name, Json::value_t kind,
                   std::string_view expected) {
    const std::string path = place.empty() ? name : place + "." + name;
    const auto found = object.find(name);
    if (found == object.end()) throw BadInput(fmt::format("not a whole baseline: {} is missing", path));
    const bool number = kind == Json::value_t::number_integer;
    if (number ? !found->is_number_integer() : found->type() != kind)
        throw BadInput(fmt::format("not a whole baseline: {} must be {}, not {}", path, expected, found->type_name()));
    return *found;
}

}  // namespace

Baseline parse_baseline(const std::string& json) {
    const Json document = parse_json(json);
    if (!document.is_object() || document.value("schema", Json()) != "stele-explain")
        throw BadInput("not a baseline of `stele explain --save`");
    const long version =
        member(document, "", "schema_version", Json::value_t::number_integer, "a whole number").get<long>();
    if (version != Baseline::schema_version)
        throw BadInput(fmt::format("schema version {}, but this binary reads {}", version, Baseline::schema_version));
    Baseline baseline;
    const Json& versions = member(document, "", "versions", Json::value_t::object, "an object");
    for (const auto& [tool, text] : versions.items())
        baseline.versions[tool] =
            member(versions, "versions", tool, Json::value_t::string, "a string").get<std::string>();
    const Json& kernels = member(document, "", "kernels", Json::value_t::object, "an object");
    for (const auto& [key, unused] : kernels.items()) {
        const Json& row = member(kernels, "kernels", key, Json::value_t::object, "an object");
        for (const Figure& figure : figures)
            baseline.rows[key].*figure.value =
                member(row, "kernels." + key, figure.name, Json::value_t::number_integer, "a whole number").get<long>();
    }
    return baseline;
}

bool BaselineComparison::worse() const {
    return std::any_of(changes.begin(), changes.end(), [](const Change& change) { return change.worse; });
}

BaselineComparison compare(const Baseline& before, const Baseline& now, const std::vector<std::string>& asked_variants,
                           const Margins& margins) {
    BaselineComparison result;
    for (const auto& [tool, version] : now.versions) {
        const auto then = before.versions.find(tool);
        const std::string old = then == before.versions.end() ? "absent" : then->second;
        if (old != version) result.other_versions.push_back(fmt::format("{}: {} then, {} now", tool, old, version));
    }
    for (const auto& [key, row] : now.rows) {
        const auto then = before.rows.find(key);
        if (then == before.rows.end()) {
            result.added.push_back(key);
            continue;
        }
        ++result.compared;
        for (const Figure& figure : figures) {
            const long was = then->second.*figure.value, is = row.*figure.value;
            if (was == is) continue;
            const double loss =
                static_cast<double>(figure.direction == Direction::less_is_better ? is - was : was - is);
            result.changes.push_back({key, figure.name, was, is, loss > margin_of(figure, was, margins)});
        }
    }
    for (const auto& [key, row] : before.rows) {
        const bool asked =
            std::find(asked_variants.begin(), asked_variants.end(), variant_of(key)) != asked_variants.end();
        if (asked && !now.rows.contains(key)) result.gone.push_back(key);
    }
    return result;
}

}  // namespace stele::explain
