#include "harness/study/first_contact.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/record/report_json.hpp"
#include "harness/study/probes.hpp"
#include "harness/study/side_by_side.hpp"

namespace stele {
namespace {

/// "gemm/hopper" of gemm/hopper/roles.ptx: rungs of which each builds on the one before. Empty: it stands alone.
std::string family_of(const Variant& variant) {
    const std::size_t slash = variant.algorithm.rfind('/');
    if (slash == variant.algorithm.npos || variant.language == Language::vendor) return {};
    return fmt::format("{}/{}.{}", variant.operation, variant.algorithm.substr(0, slash), name(variant.language));
}

std::string report_name(const std::string& step) {
    std::string name = step;
    std::replace(name.begin(), name.end(), '/', '-');
    return "reports/" + name + ".json";
}

struct Question {
    const char* name;
    std::vector<const char*> globs;
    const char* problem;
    bool is_for_a_cpu = false;
    std::vector<const char*> more{};
};

/// What answers most first. A question about an operation that is not there is not asked.
const std::vector<Question>& questions() {
    static const std::vector<Question> list{
        {"gemm-8192",
         {"gemm/hopper", "gemm/tile", "gemm/tensor", "gemm/vendor.cublaslt"},
         "m=8192 n=8192 k=8192 bf16 b=nk"},
        {"gemm-4096",
         {"gemm/hopper", "gemm/tile", "gemm/tensor", "gemm/vendor.cublaslt"},
         "m=4096 n=4096 k=4096 bf16 b=nk"},
        {"gemm-4096-f32", {"gemm/naive", "gemm/tiled", "gemm/vendor.cublaslt"}, "m=4096 n=4096 k=4096 f32"},
        {"gemm-4096-e4m3",
         {"gemm/hopper", "gemm/tile", "gemm/vendor.cublaslt"},
         "m=4096 n=4096 k=4096 e4m3 b=nk scale=tensor"},
        {"layer-128", {"gemm/hopper", "gemm/vendor.cublaslt"}, "m=128 n=7168 k=16384 bf16 b=nk"},
        {"gemm-8192-sustained",
         {"gemm/hopper/auto", "gemm/vendor.cublaslt"},
         "m=8192 n=8192 k=8192 bf16 b=nk",
         false,
         {"--regime", "sustained"}},
        {"gemm-8192-zeros",
         {"gemm/hopper/auto", "gemm/vendor.cublaslt"},
         "m=8192 n=8192 k=8192 bf16 b=nk",
         false,
         {"--fill", "zeros"}},
        {"prefill", {"attention"}, "batch=1 heads=32 kv_heads=8 seq_q=4096 seq_k=4096 head_dim=128 bf16 causal"},
        {"prefill-16384",
         {"attention/flash_hopper", "attention/tile", "attention/flash_tensor", "attention/vendor"},
         "batch=1 heads=32 kv_heads=8 seq_q=16384 seq_k=16384 head_dim=128 bf16 causal"},
        {"decode", {"attention"}, "batch=16 heads=32 kv_heads=8 seq_q=1 seq_k=8192 head_dim=128 bf16"},
        {"latent-16",
         {"attention/latent", "attention/latent_tensor"},
         "batch=32 heads=16 kv_heads=1 seq_q=1 seq_k=8192 head_dim=576 latent=512 bf16"},
        {"latent-128",
         {"attention/latent_tensor", "attention/latent_hopper"},
         "batch=32 heads=128 kv_heads=1 seq_q=1 seq_k=8192 head_dim=576 latent=512 bf16"},
        {"latent-64-pages",
         {"attention/latent_tensor", "attention/latent_hopper"},
         "batch=32 heads=64 kv_heads=1 seq_q=1 seq_k=8192 head_dim=576 latent=512 bf16 page=64"},
        {"sparse",
         {"sparse_attention"},
         "batch=1 heads=16 kv_heads=4 seq_q=8192 seq_k=8192 head_dim=128 bf16 causal block=64 density=0.1 "
         "pattern=random"},
        {"gemm-cpu", {"gemm/panel", "gemm/tiled", "gemm/vendor.openblas"}, "m=512 n=512 k=512 f32", true},
        {"attention-cpu", {"attention"}, "batch=1 heads=4 kv_heads=4 seq_q=256 seq_k=256 head_dim=64 f32", true},
    };
    return list;
}

/// Steps whose output is one line for the summary.
constexpr char probe_prefix[] = "here/opencl/";

class Steps {
public:
    Steps(const Registry& registry, const ContactOptions& options) : registry_(registry), options_(options) {}

    StepGroup here() const {
        StepGroup group{"what is here", 0.05, 1, {{"here/devices", {options_.stele, "devices", "--json"}, 60, {}}}};
        if (!std::ranges::any_of(options_.devices, [](const DeviceInfo* device) { return can_be_probed(*device); }))
            return group;
        for (const std::string& name : probe_names())
            group.steps.push_back({probe_prefix + name, {options_.stele, "devices", "--probe", name}, 20, {}});
        return group;
    }

    StepGroup instructions() const {
        StepGroup group{"instructions", 0.15, 1};
        for (const std::string& test : options_.tests)
            group.steps.push_back({"instructions/" + test,
                                   bounded({options_.gpu_tests, "--gtest_brief=1", "--gtest_filter=" + test}),
                                   20,
                                   {}});
        return group;
    }

    /// The first suite of all variants, then the second of those that passed it.
    StepGroup correct() const {
        StepGroup group{"correctness", 0.35, options_.together};
        const std::vector<const Variant*> variants = registry_.select("");
        for (const std::string suite : {"smoke", "edge"}) {
            std::map<std::string, std::string> before;  // the last rung of each family
            for (const Variant* variant : variants)
                for (const DeviceInfo* device : options_.devices) {
                    if (!device->speaks(variant->language)) continue;
                    const std::string id = variant->base_id();
                    ContactStep step{fmt::format("{}/{}/{}", suite, id, device->id),
                                     bounded({options_.stele, "verify", id, "--device", device->id, "--suite", suite,
                                              "--cell-timeout", "10s", "--verbose"}),
                                     120,
                                     {}};
                    step.nothing_to_do = options_.nothing_ran;
                    if (suite == "edge") step.needs = fmt::format("smoke/{}/{}", id, device->id);
                    if (const std::string family = family_of(*variant); !family.empty() && suite == "smoke")
                        step.needs = std::exchange(before[family + device->id], step.name);
                    group.steps.push_back(std::move(step));
                }
        }
        return group;
    }

    StepGroup fast() const {
        StepGroup group{"speed", 0.4, 1};
        for (const DeviceInfo* device : options_.devices) {
            if (device->for_results_only) continue;
            for (const Question& question : questions()) {
                if (question.is_for_a_cpu != device->is_cpu) continue;
                ContactStep step{
                    fmt::format("speed/{}/{}", question.name, device->id), {options_.stele, "bench"}, 120, {}};
                for (const char* glob : question.globs)
                    if (has(glob)) step.words.emplace_back(glob);
                if (step.words.size() == 2) continue;
                for (const char* word : {"--problem", question.problem, "--device"}) step.words.emplace_back(word);
                step.words.push_back(device->id);
                // Libraries that have no device of their own kind.
                if (device->is_cpu) step.words.insert(step.words.end(), {"--device", "host"});
                step.words.insert(step.words.end(), question.more.begin(), question.more.end());
                step.words.insert(step.words.end(), {"--out", (options_.folder / report_name(step.name)).string()});
                group.steps.push_back(std::move(step));
            }
        }
        return group;
    }

    StepGroup counters() const {
        StepGroup group{"counters", 0.05, 1};
        if (options_.profiler.empty()) return group;
        for (const DeviceInfo* device : options_.devices) {
            if (device->compute_capability == 0) continue;
            for (const Question& question : questions()) {
                if (question.is_for_a_cpu || !has(question.globs.front()) || !question.more.empty()) continue;
                group.steps.push_back({fmt::format("counters/{}/{}", question.name, device->id),
                                       {options_.profiler, "--clock-control", "none", "--nvtx", "--csv", "--page",
                                        "raw", options_.stele, "bench", question.globs.front(), "--problem",
                                        question.problem, "--device", device->id, "--profile"},
                                       90,
                                       fmt::format("speed/{}/{}", question.name, device->id)});
            }
        }
        return group;
    }

private:
    /// With kernels whose waits are bounded, so that a hang is an error with a place.
    std::vector<std::string> bounded(std::vector<std::string> words) const {
        if (options_.bounded.empty()) return words;
        const char* given = std::getenv("LD_LIBRARY_PATH");
        const std::string before = given && *given ? fmt::format(":{}", given) : std::string();
        words.insert(words.begin(), {"/usr/bin/env", fmt::format("LD_LIBRARY_PATH={}{}", options_.bounded, before)});
        return words;
    }

    bool has(const std::string& glob) const {
        try {
            return !registry_.select(glob).empty();
        } catch (const RegistryError&) {
            return false;
        }
    }

    const Registry& registry_;
    const ContactOptions& options_;
};

/// "gemm m=… bf16: hopper/auto.ptx 780 µs, 0.98 of vendor"
void tell_speed(const std::filesystem::path& report, std::vector<std::string>& lines) {
    const std::vector<Report> reports{read_report(report)};
    for (const ProblemSides& problem : side_by_side(reports)) {
        std::vector<const CellSide*> timed;
        for (const CellSide& cell : problem.cells)
            if (cell.measurement && cell.measurement->timing) timed.push_back(&cell);
        std::ranges::stable_sort(timed, {}, [](const CellSide* cell) { return cell->measurement->timing->median_ns; });
        if (timed.empty()) continue;
        lines.push_back(fmt::format("{} {}:", problem.operation, problem.problem));
        for (std::size_t i = 0; i < std::min<std::size_t>(3, timed.size()); ++i) {
            const CellSide& cell = *timed[i];
            lines.push_back(
                fmt::format("  {} {}{}", cell.variant, time_text(cell.measurement->timing->median_ns),
                            cell.of_vendor ? fmt::format(", {} of vendor", three_digits(*cell.of_vendor)) : ""));
        }
    }
}

/// Of what a step printed, no longer than a console is wide.
std::string first_line(const std::filesystem::path& output) {
    constexpr std::size_t most = 118;
    const std::string text = read_text(output);
    return text.substr(0, std::min(most, text.find('\n')));
}

/// The first `most` of them, and how many more there are.
void append(std::vector<std::string>& lines, const std::vector<std::string>& more, std::size_t most) {
    for (std::size_t i = 0; i < std::min(most, more.size()); ++i) lines.push_back(more[i]);
    if (more.size() > most) lines.push_back(fmt::format("  and {} more; see steps.json", more.size() - most));
}

}  // namespace

std::vector<StepGroup> contact_steps(const Registry& registry, const ContactOptions& options) {
    const Steps steps(registry, options);
    return {steps.here(), steps.instructions(), steps.correct(), steps.fast(), steps.counters()};
}

std::vector<std::string> contact_summary(const std::vector<StepGroup>& groups, std::span<const StepResult> results,
                                         const std::filesystem::path& folder, std::size_t most_lines) {
    std::map<std::string, const StepResult*> by_name;
    for (const StepResult& result : results) by_name[result.name] = &result;
    std::vector<std::string> left_out, wrong, counts, speed, told;
    for (const StepGroup& group : groups) {
        std::size_t fine = 0, nothing = 0;
        for (const ContactStep& step : group.steps) {
            const auto known = by_name.find(step.name);
            const StepResult none{step.name, StepOutcome::left_out, "not reached", "", 0};
            const StepResult& result = known == by_name.end() ? none : *known->second;
            fine += result.outcome == StepOutcome::fine;
            nothing += result.outcome == StepOutcome::nothing;
            if (result.outcome == StepOutcome::left_out)
                left_out.push_back(fmt::format("  {}: {}", step.name, result.reason));
            else if (result.outcome != StepOutcome::fine && result.outcome != StepOutcome::nothing)
                wrong.push_back(fmt::format("  {}: {}; {}", step.name, result.reason, result.output));
            if (step.name.starts_with(probe_prefix) && result.outcome == StepOutcome::fine)
                told.push_back("  " + first_line(folder / result.output));
            const auto report = folder / report_name(step.name);
            if (std::filesystem::exists(report)) tell_speed(report, speed);
        }
        counts.push_back(fmt::format("{}: {} of {} fine{}", group.name, fine, group.steps.size() - nothing,
                                     nothing ? fmt::format(", {} had nothing to do here", nothing) : ""));
    }
    std::vector<std::string> lines;
    const std::size_t room = most_lines - counts.size() - told.size() - 7;
    if (!told.empty()) lines.emplace_back("OpenCL's compiler:");
    append(lines, told, probe_names().size());
    if (!left_out.empty()) lines.emplace_back("Left out:");
    append(lines, left_out, room / 6);
    if (!speed.empty()) lines.emplace_back("Measured:");
    append(lines, speed, room / 2);
    if (!wrong.empty()) lines.emplace_back("Not right:");
    append(lines, wrong, room / 4);
    append(lines, counts, counts.size());
    return lines;
}

}  // namespace stele
