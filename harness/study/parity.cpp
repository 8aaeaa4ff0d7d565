#include "harness/study/parity.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "kernels/former_ids.hpp"

namespace stele {
namespace {

std::string extents_text(const Dim3& extents) { return fmt::format("{}x{}x{}", extents.x, extents.y, extents.z); }

std::string accumulator_text(const Arithmetic& arithmetic) {
    std::string text(name(arithmetic.accumulate));
    if (arithmetic.probabilities != Dtype::f32)
        text += fmt::format(", probabilities {}", name(arithmetic.probabilities));
    if (arithmetic.promote_every > 0) text += fmt::format(", promoted every {}", arithmetic.promote_every);
    if (arithmetic.products_per_rounding > 1)
        text += fmt::format(", {} products a rounding", arithmetic.products_per_rounding);
    return text;
}

/// Who compiles the kernel, and with which options beside those that name tile and types.
std::string build_text(const SideCell& cell, const Plan& plan) {
    const Environment& made = cell.sources.front().report->environment;
    if (is_native(cell.first().language)) return fmt::format("{} {}", made.cuda_compiler, made.cuda_flags);
    std::vector<std::string> options;
    if (!plan.kernels.empty()) options = plan.kernels.front().options;
    std::erase_if(options, [](const std::string& option) { return option.starts_with("-D"); });
    const DeviceInfo& device = *cell.device();
    const bool by_driver = device.backend == info(cell.first().language).runtime;
    options.insert(options.begin(), by_driver ? device.driver : "clang to PTX");
    return fmt::format("{}", fmt::join(options, " "));
}

struct Planned {
    Plan plan;
    Arithmetic arithmetic;
};

/// Of this binary, for the device that the report describes. Throws std::runtime_error with the reason.
Planned planned(const Registry& registry, const SideCell& cell) {
    const Measurement& measured = cell.first();
    const Variant& variant = registry.variant(present_id(measured.ran.value_or(measured.variant)));
    const auto problem = registry.operation(measured.operation).parse(measured.problem);
    const DeviceInfo* device = cell.device();
    if (device == nullptr) throw std::runtime_error("the report does not describe the device");
    if (const Support support = variant.supports(*device, *problem); !support)
        throw std::runtime_error(support.why_not);
    return {variant.plan(*device, *problem), variant.arithmetic_for(*problem)};
}

template <typename Get>
std::string of_steps(const Plan& plan, Get get) {
    std::vector<std::string> texts;
    for (const Step& step : plan.steps) texts.push_back(get(step));
    return fmt::format("{}", fmt::join(texts, ", "));
}

class Differences {
public:
    void add(std::string what, std::string first, std::string second) {
        if (first != second) all_.push_back({std::move(what), std::move(first), std::move(second)});
    }
    std::vector<ParityDifference> take() { return std::move(all_); }

private:
    std::vector<ParityDifference> all_;
};

void add_plans(Differences& out, const SideCell& first, const Planned& a, const SideCell& second, const Planned& b) {
    const auto steps = [&](std::string what, auto get) {
        out.add(std::move(what), of_steps(a.plan, get), of_steps(b.plan, get));
    };
    steps("blocks", [](const Step& step) { return extents_text(step.grid); });
    steps("threads of a block", [](const Step& step) { return extents_text(step.block); });
    steps("cluster", [](const Step& step) { return extents_text(step.cluster); });
    steps("dynamic shared bytes", [](const Step& step) { return std::to_string(step.shared_bytes); });
    out.add("scratch bytes", fmt::format("{}", fmt::join(a.plan.scratch, ", ")),
            fmt::format("{}", fmt::join(b.plan.scratch, ", ")));
    out.add("handed over", std::string(name(a.plan.handing)), std::string(name(b.plan.handing)));
    out.add("accumulator", accumulator_text(a.arithmetic), accumulator_text(b.arithmetic));
    out.add("build", build_text(first, a.plan), build_text(second, b.plan));
}

void add_reports(Differences& out, const SideCell& first, const SideCell& second) {
    out.add("tile", first.first().tile, second.first().tile);
    out.add("timer", condition_of(Condition::timer, first), condition_of(Condition::timer, second));
    out.add("threads", condition_of(Condition::threads, first), condition_of(Condition::threads, second));
    if (first.device() != nullptr && second.device() != nullptr) {
        const auto step = [](const SideCell& cell) { return fmt::format("{} ns", cell.device()->timer_resolution_ns); };
        out.add("timer's step", step(first), step(second));
        const auto shared = [](const SideCell& cell) { return std::to_string(cell.device()->shared_bytes_per_block); };
        out.add("shared bytes a block may have", shared(first), shared(second));
    }
    if (!first.first().timing || !second.first().timing) return;
    const auto timing = [](const SideCell& cell) -> const Timing& { return *cell.first().timing; };
    out.add("executions a sample", std::to_string(timing(first).batch), std::to_string(timing(second).batch));
    out.add("operands in turn", std::to_string(timing(first).rotations), std::to_string(timing(second).rotations));
    out.add("inputs' seed", std::to_string(first.first().seed), std::to_string(second.first().seed));
}

}  // namespace

void ParityAudit::add(const SideCell& first, const SideCell& second) {
    SiblingParity row;
    row.algorithm = fmt::format("{}/{}", first.first().operation, first.first().algorithm);
    row.first = name(first.first().language);
    row.second = name(second.first().language);
    row.hardware = first.key.hardware;
    Differences differences;
    add_reports(differences, first, second);
    try {
        add_plans(differences, first, planned(registry_, first), second, planned(registry_, second));
    } catch (const std::exception& why) {
        row.no_plan = why.what();
    }
    row.differences = differences.take();
    const auto same = std::ranges::find_if(rows_, [&](const SiblingParity& other) {
        return other.algorithm == row.algorithm && other.first == row.first && other.second == row.second &&
               other.hardware == row.hardware && other.differences == row.differences && other.no_plan == row.no_plan;
    });
    SiblingParity& place = same == rows_.end() ? rows_.emplace_back(std::move(row)) : *same;
    place.problems.push_back(first.key.problem);
}

std::vector<SiblingParity> parity_of_languages(std::span<const NamedSide> languages) {
    MatchRules rules;
    rules.identity = [](const SideCell& cell) { return cell.first().operation + '/' + cell.first().algorithm; };
    rules.allowed = {Condition::runtime, Condition::threads, Condition::timer};
    rules.fastest = true;
    ParityAudit audit;
    for (std::size_t first = 0; first < languages.size(); ++first)
        for (std::size_t second = first + 1; second < languages.size(); ++second)
            for (const MatchedCells& pair : match_cells(languages[first].cells, languages[second].cells, rules).pairs)
                if (!pair.base->rounds.empty() && !pair.other->rounds.empty()) audit.add(*pair.base, *pair.other);
    return audit.rows();
}

std::vector<SiblingParity> parity_of_comparison(const Comparison& comparison) {
    ParityAudit audit;
    for (const CellComparison& cell : comparison.cells) audit.add(*cell.cells.base, *cell.cells.other);
    return audit.rows();
}

Table parity_table(std::span<const SiblingParity> rows) {
    Table table;
    table.title = "What differs beside the language";
    table.columns = {
        {"algorithm", Align::left}, {"languages", Align::left}, {"on", Align::left}, {"differs", Align::left}};
    for (const SiblingParity& row : rows) {
        std::vector<std::string> parts;
        for (const ParityDifference& one : row.differences)
            parts.push_back(fmt::format("{} ({}; {})", one.what, one.first, one.second));
        if (!row.no_plan.empty()) parts.push_back("plans not compared: " + row.no_plan);
        table.rows.push_back(
            {{row.algorithm, fmt::format("{}, {}", row.first, row.second),
              row.problems.size() == 1 ? row.problems.front() : fmt::format("{} problems", row.problems.size())},
             parts.empty() ? "nothing" : fmt::format("{}", fmt::join(parts, "; "))});
    }
    table.notes = {
        "from what the reports say of both, and the plans that this binary makes for their devices; what is not named "
        "is alike: geometry, shared memory, accumulator, build, timer, operands"};
    return table;
}

nlohmann::ordered_json parity_json(std::span<const SiblingParity> rows) {
    using Json = nlohmann::ordered_json;
    Json json = Json::array();
    for (const SiblingParity& row : rows) {
        Json& own = json.emplace_back(Json{{"algorithm", row.algorithm},
                                           {"first", row.first},
                                           {"second", row.second},
                                           {"hardware", row.hardware},
                                           {"problems", row.problems},
                                           {"differences", Json::array()}});
        for (const ParityDifference& one : row.differences)
            own["differences"].push_back({{"what", one.what}, {"first", one.first}, {"second", one.second}});
        if (!row.no_plan.empty()) own["no_plan"] = row.no_plan;
    }
    return json;
}

}  // namespace stele
