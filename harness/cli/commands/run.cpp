// stele run: one verified run, on given tensors or on drawn ones.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/base/exit_code.hpp"
#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/cli/commands/all.hpp"
#include "harness/cli/workload.hpp"
#include "harness/exchange/manifest.hpp"

namespace stele {

namespace {

struct Place {
    const DeviceInfo& device;
    const Variant& variant;
};

/// The first device that can run the variant, with the tile that it has there unless one was named; what keeps the
/// others from it goes to the message.
Place place_for(const Registry& registry, const Variant& named, const Problem& problem, const DeviceSet& devices,
                const RunOptions& options) {
    const std::string& wanted = options.device;
    const bool tile_is_meant = options.variant.find('@') != std::string::npos;
    const auto selected = devices.select(wanted.empty() ? std::vector<std::string>{} : std::vector{wanted});
    std::vector<std::string> reasons;
    for (const DeviceInfo* device : selected) {
        if (!device->speaks(named.language)) continue;
        const Variant& variant = tile_is_meant ? named : registry.default_on(named, *device, problem);
        const Support support = variant.supports(*device, problem);
        const std::string too_large = support ? why_too_large(*device, problem) : "";
        if (support && too_large.empty()) return {*device, variant};
        reasons.push_back(fmt::format("{}: {}", device->id, support ? too_large : support.why_not));
    }
    if (reasons.empty()) reasons.push_back(devices.why_none_speaks(named.language, selected));
    throw CommandError(exit_nothing,
                       fmt::format("nothing ran: {} on '{}': {}", named.id(), problem.id(), fmt::join(reasons, "; ")));
}

std::string summary(const Measurement& cell) {
    const Verdict& verdict = cell.verdict;
    std::string text =
        fmt::format("{} on '{}' on {}: {}\n", cell.variant, cell.problem, cell.device, name(verdict.outcome));
    if (!verdict.reason.empty()) text += fmt::format("  {}\n", verdict.reason);
    if (!verdict.worst_tensor.empty())
        text += fmt::format("  largest error of its bound: {} in {}[{}], expected {}, got {}\n",
                            three_digits(verdict.worst_of_bound), verdict.worst_tensor,
                            fmt::join(verdict.worst_index, ", "), verdict.worst_expected, verdict.worst_got);
    if (verdict.outcome == Outcome::passed || verdict.outcome == Outcome::wrong)
        text +=
            fmt::format("  error: {} absolute, {} relative, {} in the root mean square\n",
                        error_text(verdict.max_absolute), error_text(verdict.max_relative), error_text(verdict.rms));
    return text;
}

}  // namespace

int run_command(const RunOptions& options) {
    const Registry registry;
    const Variant& named = registry.variant(options.variant);
    const OwnedProblem owned = parse_problem(options.problem, {&registry.operation(named.operation)});
    const Problem& named_problem = *owned.problem;
    SamplerOptions sampling;
    sampling.seed = options.operands.seed;
    sampling.fill = options.operands.fill;

    DeviceSet devices;
    const auto [device, variant] = place_for(registry, named, named_problem, devices, options);
    const std::vector<Tensor> inputs = options.inputs.empty() ? named_problem.inputs(sampling.seed, sampling.fill)
                                                              : read_inputs(options.inputs, named_problem);
    named_problem.check_inputs(inputs);
    const std::unique_ptr<Problem> followed = named_problem.following(inputs);
    const Problem& problem = followed ? *followed : named_problem;
    if (!options.dump.empty()) check_writable(std::filesystem::path(options.dump) / "manifest.json");

    const Cell cell{&variant, &problem, &devices.open(device)};
    const GivenRun run = run_cell(cell, inputs, sampling);
    print(summary(run.measurement));
    if (!options.dump.empty()) {
        write_run(options.dump, run.measurement, problem, inputs, run.outputs,
                  run.outputs.empty() ? std::vector<Expected>{} : run.expected);
        print(fmt::format("  tensors: {}\n", options.dump));
    }
    return exit_code_of({run.measurement}, true);
}

}  // namespace stele
