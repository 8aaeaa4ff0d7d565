// stele run: one verified run, on given tensors or on drawn ones.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/cli/arguments.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/interrupt.hpp"
#include "harness/cli/outcome.hpp"
#include "harness/cli/output.hpp"
#include "harness/cli/selection.hpp"
#include "harness/cli/workload.hpp"
#include "harness/cli/workplace.hpp"
#include "harness/exchange/manifest.hpp"

namespace stele {

namespace {

struct Place {
    const DeviceInfo& device;
    const Variant& variant;
};

/// The first device that can run the variant, with the tile that it has there unless one was named; what keeps the
/// others from it goes to the message.
Place place_for(const Registry& registry, const Variant& named, bool tile_is_meant, const Problem& problem,
                const DeviceSet& devices, const std::string& wanted) {
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
    throw NothingFound(fmt::format("nothing ran: {} on '{}': {}", named.id(), problem.id(), fmt::join(reasons, "; ")));
}

Table summary(const Measurement& cell) {
    const Verdict& verdict = cell.verdict;
    Table table;
    table.title = fmt::format("{} on '{}' on {}: {}", cell.variant, cell.problem, cell.device, name(verdict.outcome));
    if (!verdict.reason.empty()) table.notes.push_back(verdict.reason);
    if (!verdict.worst_tensor.empty())
        table.notes.push_back(fmt::format(
            "largest error of its bound: {} in {}[{}], expected {}, got {}", three_digits(verdict.worst_of_bound),
            verdict.worst_tensor, fmt::join(verdict.worst_index, ", "), verdict.worst_expected, verdict.worst_got));
    if (verdict.outcome == Outcome::passed || verdict.outcome == Outcome::wrong)
        table.notes.push_back(fmt::format("error: {} absolute, {} relative, {} in the root mean square",
                                          error_text(verdict.max_absolute), error_text(verdict.max_relative),
                                          error_text(verdict.rms)));
    return table;
}

class Run final : public Command {
public:
    std::string_view name() const override { return "run"; }
    void declare(Arguments& arguments) override {
        arguments.text("variant", variant_, true);
        arguments.text("--problem", problem_, true);
        arguments.text("--device", device_);
        arguments.text("--inputs", inputs_);
        arguments.text("--dump", dump_);
        operands_.declare(arguments);
        isolation_.declare(arguments);
        for (const char* option : {"--fill", "--seed"}) arguments.useless_beside(option, "--inputs");
    }
    ExitCode run() override;

private:
    std::string variant_, problem_, device_, inputs_, dump_;
    Operands operands_;
    Isolation isolation_;
};

ExitCode Run::run() {
    const Registry registry;
    const Variant& named = registry.variant(variant_);
    const OwnedProblem owned = parse_problem(problem_, {&registry.operation(named.operation)});
    const Problem& named_problem = *owned.problem;
    SamplerOptions sampling;
    sampling.seed = operands_.seed;
    sampling.fill = operands_.fill;

    isolation_.apply(sampling);
    Workplace workplace(isolation_.here);
    const DeviceSet devices(workplace.runner().found());
    const bool tile_is_meant = variant_.find('@') != std::string::npos;
    const auto [device, variant] = place_for(registry, named, tile_is_meant, named_problem, devices, device_);
    const std::vector<Tensor> inputs =
        inputs_.empty() ? named_problem.inputs(sampling.seed, sampling.fill) : read_inputs(inputs_, named_problem);
    named_problem.check_inputs(inputs);
    const std::unique_ptr<Problem> followed = named_problem.following(inputs);
    const Problem& problem = followed ? *followed : named_problem;
    if (!dump_.empty()) check_run_folder(dump_);

    const Cell cell{&variant, &problem, &device};
    const Given given = given_inputs(cell, inputs);
    RunnerEvents events;
    events.about_to = [](const Intent&) {};
    events.stop = interrupted;
    keep_what_is_measured();
    const GivenRun run = workplace.runner().run_given(cell, given, sampling, events);
    if (interrupted()) throw Interrupted("interrupted");
    Table said = summary(run.measurement);
    if (!dump_.empty()) {
        write_run(dump_, run.measurement, problem, inputs, run.outputs,
                  run.outputs.empty() ? std::vector<Expected>{} : *given.expected);
        said.notes.push_back("tensors: " + dump_);
    }
    show(Document(std::move(said)));
    return outcome_of({run.measurement}, true);
}

}  // namespace

std::unique_ptr<Command> run_command() { return std::make_unique<Run>(); }

}  // namespace stele
