#include "harness/measure/verified_cell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "harness/base/statistics.hpp"
#include "harness/measure/memory.hpp"

namespace stele {
namespace {

/// Tells whether two outputs are the same without keeping them (FNV-1a: Fowler, Noll and Vo), eight bytes at a time.
std::uint64_t fingerprint(const std::vector<Tensor>& tensors) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const Tensor& tensor : tensors)
        for (std::size_t at = 0; at < tensor.data.size(); at += sizeof(std::uint64_t)) {
            std::uint64_t word = 0;
            std::memcpy(&word, tensor.data.data() + at, std::min(sizeof word, tensor.data.size() - at));
            hash = (hash ^ word) * 0x100000001b3u;
        }
    return hash;
}

}  // namespace

ProblemPlace::ProblemPlace(const Problem& problem, const SamplerOptions& options, OpenDevices& devices,
                           ReferenceCache& references, AboutTo about_to)
    : problem_(problem),
      options_(options),
      devices_(devices),
      references_(references),
      about_to_(std::move(about_to)) {}

Workspace& ProblemPlace::workspace(Device& device) {
    auto& place = workspaces_[&device];
    if (!place) place = std::make_unique<Workspace>(device, problem_);
    return *place;
}

Given ProblemPlace::drawn(const Cell& cell, std::uint64_t seed) const {
    return {references_.inputs(problem_, seed, options_.fill),
            references_.expected(problem_, seed, options_.fill, cell.variant->arithmetic_for(problem_))};
}

CheckedRun ProblemPlace::check(const Cell& cell, std::size_t index, Device& device, const LoadedPlan& plan,
                               const std::vector<GuardedBuffer*>& scratch, const Given& given) {
    return checked_run(
        device, plan, workspace(device).first(), scratch,
        {&problem_, cell.variant->arithmetic_for(problem_), given.inputs, given.expected,
         execution_limit_seconds(problem_, *cell.device, options_), [&] { about_to_(Phase::judge, index); }});
}

template <typename MakeGiven>
FirstRun ProblemPlace::first_run_on(const Cell& cell, std::size_t index, MakeGiven&& make_given) try {
    FirstRun out;
    if (const Support support = cell.variant->supports(*cell.device, problem_); !support) {
        out.verdict.outcome = Outcome::skipped;
        out.verdict.reason = support.why_not;
        return out;
    }
    if (!devices_.is_open(*cell.device)) about_to_(Phase::open, index);
    Device& device = devices_.open(*cell.device);
    // Before the first tensor there; what other problems and processes leave may be less than when the cell was chosen.
    if (!workspaces_.contains(&device))
        if (std::string why = why_too_large(*cell.device, problem_, references_.bytes()); !why.empty()) {
            out.verdict.outcome = Outcome::skipped;
            out.verdict.reason = std::move(why);
            return out;
        }
    about_to_(Phase::build, index);
    Workspace& place = workspace(device);
    LoadedPlan plan(device, *cell.variant, problem_);
    out.ran = plan.ran();
    std::vector<GuardedBuffer*> scratch = place.scratch().take(plan.scratch_bytes());
    about_to_(Phase::reference, index);
    const Given given = make_given();
    about_to_(Phase::verify, index);
    CheckedRun run = check(cell, index, device, plan, scratch, given);
    out.verdict = run.verdict;
    if (run.verdict.outcome == Outcome::passed)
        out.verified.emplace(VerifiedCell{cell, &device, index, std::move(plan), std::move(scratch),
                                          std::move(run.verdict), run.host_ns, fingerprint(run.outputs)});
    out.outputs = std::move(run.outputs);
    return out;
} catch (const std::exception& error) {
    return {verdict_of(error), {}, {}, {}};
}

FirstRun ProblemPlace::first_run(const Cell& cell, std::size_t index) {
    return first_run_on(cell, index, [&] { return drawn(cell, options_.seed); });
}

FirstRun ProblemPlace::first_run(const Cell& cell, const Given& given) {
    return first_run_on(cell, 0, [&] { return given; });
}

Verdict ProblemPlace::check_again(const VerifiedCell& verified) try {
    const Cell& cell = verified.cell;
    about_to_(Phase::reference, verified.index);
    const Given given = drawn(cell, SeededDraws(options_.seed).bits());
    about_to_(Phase::check_again, verified.index);
    CheckedRun run = check(cell, verified.index, *verified.device, verified.plan, verified.scratch, given);
    if (run.verdict.outcome == Outcome::passed)
        return run.verdict.worst_of_bound > verified.verdict.worst_of_bound ? run.verdict : verified.verdict;
    const bool stale = !run.outputs.empty() && fingerprint(run.outputs) == verified.output_fingerprint;
    run.verdict.reason =
        fmt::format("after timing, on fresh inputs: {}{}",
                    stale ? "the output is that of an earlier run, bit for bit; " : "", run.verdict.reason);
    return run.verdict;
} catch (const std::exception& error) {
    return verdict_of(error);
}

}  // namespace stele
