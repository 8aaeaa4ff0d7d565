#include "harness/explain/baseline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <ranges>
#include <set>

#include "harness/base/error.hpp"
#include "harness/base/json_text.hpp"
#include "kernels/former_ids.hpp"

namespace stele::explain {
namespace {

using Json = nlohmann::ordered_json;

enum class Direction { less_is_better, more_is_better };

struct Figure {
    const char* name;
    long BaselineRow::* value;
    Direction direction;
};

/// The figures of a row; reading, writing and holding against all go by this list.
constexpr std::array<Figure, 6> figures{{
    {"registers", &BaselineRow::registers, Direction::less_is_better},
    {"spill_bytes", &BaselineRow::spill_bytes, Direction::less_is_better},
    {"stack_bytes", &BaselineRow::stack_bytes, Direction::less_is_better},
    {"blocks_per_multiprocessor", &BaselineRow::blocks_per_multiprocessor, Direction::more_is_better},
    {"matrix_instructions", &BaselineRow::matrix_instructions, Direction::more_is_better},
    {"loop_instructions", &BaselineRow::loop_instructions, Direction::less_is_better},
}};

struct LoopCount {
    const char* name;
    double& (*of)(LoopCounts&);
};

/// The counts of a loop; reading and writing go by this list.
constexpr std::array<LoopCount, 12> loop_counts{{
    {"flops", [](LoopCounts& loop) -> double& { return loop.flops; }},
    {"lane_flops", [](LoopCounts& loop) -> double& { return loop.lane_flops; }},
    {"issued", [](LoopCounts& loop) -> double& { return loop.work.issued; }},
    {"fp32", [](LoopCounts& loop) -> double& { return loop.work.fp32; }},
    {"fp16", [](LoopCounts& loop) -> double& { return loop.work.fp16; }},
    {"multiply", [](LoopCounts& loop) -> double& { return loop.work.multiply; }},
    {"integer", [](LoopCounts& loop) -> double& { return loop.work.integer; }},
    {"special", [](LoopCounts& loop) -> double& { return loop.work.special; }},
    {"memory", [](LoopCounts& loop) -> double& { return loop.work.memory; }},
    {"shared_bytes", [](LoopCounts& loop) -> double& { return loop.work.shared_bytes; }},
    {"l2_bytes", [](LoopCounts& loop) -> double& { return loop.work.l2_bytes; }},
    {"matrix_flops", [](LoopCounts& loop) -> double& { return loop.work.matrix_flops; }},
}};

double margin_of(const Figure& figure, long before, const Margins& margins) {
    if (figure.value == &BaselineRow::registers) return static_cast<double>(margins.registers);
    if (figure.value == &BaselineRow::loop_instructions) return margins.loop_instructions * static_cast<double>(before);
    return 0;
}

/// The key of a row as it is called now.
std::string present_key(const std::string& key) {
    const std::size_t bar = key.find('|');
    const std::string was = key.substr(0, bar), is = present_id(was);
    if (was == is || bar == std::string::npos) return key;
    std::string rest = key.substr(bar);
    // The kernel had its family's name.
    constexpr std::string_view family = "|gemm_hopper|";
    if (const std::size_t at = rest.find(family); at != std::string::npos)
        rest.replace(at, family.size(), "|gemm_hopper_clusters|");
    return is + rest;
}

bool is_asked(const std::string& text, const Asked& asked) {
    const auto key = parse_baseline_key(text);
    if (!key) return true;
    const auto has = [](const std::vector<std::string>& words, const std::string& word) {
        return std::ranges::find(words, word) != words.end();
    };
    const std::string without_tile = key->variant.substr(0, key->variant.find('@'));
    return (asked.variants.empty() || has(asked.variants, key->variant) || has(asked.variants, without_tile)) &&
           has(asked.architectures, key->architecture) && (asked.dtypes.empty() || has(asked.dtypes, key->dtype));
}

/// Version 2 called its format "schema", and was the same otherwise.
Json as_now(const std::string& text) {
    const Json document = parse_json(text);
    const bool is_old = document.is_object() && document.value("schema", Json()) == "stele-explain";
    return is_old ? parse_document(text, {"baseline", "stele-explain", 2}, "schema")
                  : parse_document(text, Baseline::kind);
}

/// A field of an object. Throws BadInput that names its place and what was found there.
const Json& member(const Json& object, const std::string& place, const std::string& name, Json::value_t kind,
                   std::string_view expected) {
    const std::string path = place.empty() ? name : place + "." + name;
    const auto found = object.find(name);
    if (found == object.end()) throw BadInput(fmt::format("not a whole baseline: {} is missing", path));
    const bool fits = kind == Json::value_t::number_integer ? found->is_number_integer()
                      : kind == Json::value_t::number_float ? found->is_number()
                                                            : found->type() == kind;
    if (!fits)
        throw BadInput(fmt::format("not a whole baseline: {} must be {}, not {}", path, expected, found->type_name()));
    return *found;
}

/// Zeros are left out.
Json to_json(LoopCounts loop) {
    Json json = Json::object();
    for (const LoopCount& count : loop_counts)
        if (const double value = count.of(loop); value == std::floor(value) && value != 0)
            json[count.name] = static_cast<std::int64_t>(value);
        else if (value != 0)
            json[count.name] = value;
    return json;
}

LoopCounts loop_in(const Json& json, const std::string& place) {
    LoopCounts loop;
    for (const LoopCount& count : loop_counts)
        if (json.contains(count.name))
            count.of(loop) = member(json, place, count.name, Json::value_t::number_float, "a number").get<double>();
    return loop;
}

}  // namespace

std::optional<BaselineKey> parse_baseline_key(const std::string& key) {
    std::vector<std::string> fields;
    for (const auto field : std::views::split(key, '|')) fields.emplace_back(field.begin(), field.end());
    if (fields.size() != 6) return std::nullopt;
    return BaselineKey{fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]};
}

std::optional<StaticBound> bound_of(const std::string& key, const BaselineRow& row) {
    const auto fields = parse_baseline_key(key);
    const auto rates = fields ? rates_of(fields->architecture) : std::nullopt;
    if (!rates || !row.loop) return std::nullopt;
    return static_bound(row.loop->work, row.loop->lane_flops, *rates);
}

Baseline make_baseline(const Explanation& explanation) {
    Baseline baseline;
    baseline.versions = explanation.versions;
    for (const KernelFigures& row : explanation.kernels) {
        BaselineRow& saved = baseline.rows[row.key()] = {
            row.assembler.registers,
            static_cast<long>(row.assembler.spill_store_bytes + row.assembler.spill_load_bytes),
            row.occupancy.blocks,
            static_cast<long>(row.hot().matrix_instructions()),
            static_cast<long>(row.hot().total),
            static_cast<long>(row.assembler.stack_bytes)};
        if (row.loop_work) saved.loop = {row.loop->thread_flops(), row.loop->flops_per_thread, *row.loop_work};
    }
    return baseline;
}

std::string to_json(const Baseline& baseline) {
    Json document = new_document(Baseline::kind);
    document["versions"] = baseline.versions;
    auto& rows = document["kernels"] = Json::object();
    for (const auto& [key, row] : baseline.rows) {
        for (const Figure& figure : figures) rows[key][figure.name] = row.*figure.value;
        if (row.loop) rows[key]["loop"] = to_json(*row.loop);
    }
    return dump(document);
}

Baseline parse_baseline(const std::string& json) {
    const Json document = as_now(json);
    Baseline baseline;
    const Json& versions = member(document, "", "versions", Json::value_t::object, "an object");
    for (const auto& [tool, text] : versions.items())
        baseline.versions[tool] =
            member(versions, "versions", tool, Json::value_t::string, "a string").get<std::string>();
    const Json& kernels = member(document, "", "kernels", Json::value_t::object, "an object");
    for (const auto& [key, unused] : kernels.items()) {
        const Json& row = member(kernels, "kernels", key, Json::value_t::object, "an object");
        BaselineRow& row_now = baseline.rows[present_key(key)];
        for (const Figure& figure : figures)
            row_now.*figure.value =
                member(row, "kernels." + key, figure.name, Json::value_t::number_integer, "a whole number").get<long>();
        if (row.contains("loop")) {
            const std::string place = "kernels." + key;
            row_now.loop = loop_in(member(row, place, "loop", Json::value_t::object, "an object"), place + ".loop");
        }
    }
    return baseline;
}

bool HeldAgainst::worse() const {
    return !gone.empty() ||
           std::any_of(changes.begin(), changes.end(), [](const Change& change) { return change.worse; });
}

HeldAgainst hold_against(const Baseline& before, const Baseline& now, const Asked& asked, const Margins& margins) {
    HeldAgainst result;
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
        ++result.held;
        for (const Figure& figure : figures) {
            const long was = then->second.*figure.value, is = row.*figure.value;
            if (was == is) continue;
            const double loss =
                static_cast<double>(figure.direction == Direction::less_is_better ? is - was : was - is);
            result.changes.push_back({key, figure.name, was, is, loss > margin_of(figure, was, margins)});
        }
    }
    for (const auto& [key, row] : before.rows)
        if (!now.rows.contains(key) && is_asked(key, asked)) result.gone.push_back(key);
    return result;
}

std::vector<std::string> not_examined(const Explanation& explanation) {
    std::set<std::string> lines;
    for (const NotExplained& row : explanation.absent)
        if (!row.not_taken) lines.insert(fmt::format("{} for {}: {}", row.variant, row.architecture, row.reason));
    return {lines.begin(), lines.end()};
}

}  // namespace stele::explain
