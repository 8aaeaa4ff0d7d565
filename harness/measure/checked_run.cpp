#include "harness/measure/checked_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <new>

#include "backends/error.hpp"
#include "harness/base/error.hpp"
#include "harness/measure/verdict.hpp"
#include "harness/toolchain/opencl_ptx.hpp"

namespace stele {

CheckedRun checked_run(Device& device, const LoadedPlan& plan, TensorSet& tensors,
                       const std::vector<GuardedBuffer*>& scratch, const Check& check) {
    const auto run_afresh = [&](std::byte fill) {
        tensors.reset(*check.inputs, fill);
        for (GuardedBuffer* buffer : scratch) {
            buffer->write_guards();
            buffer->poison(fill);
        }
        const std::vector<Launch> launches = plan.launches(tensors, scratch);
        const auto start = std::chrono::steady_clock::now();
        if (!launches.empty()) device.run(launches);
        return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
    };
    CheckedRun run;
    const double built_before_ns = plan.build_ns();
    run.host_ns = run_afresh(poison);
    // What was compiled within the first launch is no part of an execution, whether the device can tell or not.
    const double limit_ns = check.limit_seconds * 1e9;
    double execution_ns = run.host_ns - (plan.build_ns() - built_before_ns);
    if (execution_ns > limit_ns) execution_ns = run_afresh(poison);
    if (execution_ns > limit_ns) {
        run.verdict.outcome = Outcome::timeout;
        run.verdict.reason = fmt::format("one execution took {:.1f} s, longer than the {:.1f} s allowed",
                                         execution_ns * 1e-9, check.limit_seconds);
        return run;
    }

    run.outputs = tensors.outputs();
    std::vector<std::string> reasons;
    // What was written where it must not be comes first: it is the likelier cause than the values it spoils.
    if (std::string damage = tensors.damage(*check.inputs); !damage.empty()) reasons.push_back(std::move(damage));
    for (const GuardedBuffer* buffer : scratch)
        if (std::string damage = buffer->guard_damage(); !damage.empty()) reasons.push_back(std::move(damage));
    std::vector<Tensor> on_another_fill;
    if (holds_poison(run.outputs)) {
        run_afresh(second_poison);
        on_another_fill = tensors.outputs();
    }
    check.judging();
    run.verdict = judge(run.outputs, *check.expected, on_another_fill);
    if (!run.verdict.reason.empty()) {
        reasons.push_back(run.verdict.reason);
    } else if (ProbeResult probe = check.problem->probe(*check.inputs, run.outputs, check.arithmetic); !probe.passed) {
        reasons.push_back(std::move(probe.reason));
    }
    if (!reasons.empty()) run.verdict.outcome = Outcome::wrong;
    run.verdict.reason = fmt::format("{}", fmt::join(reasons, "; "));
    return run;
}

Verdict verdict_of(const std::exception& error) {
    Verdict verdict;
    const auto* device_error = dynamic_cast<const DeviceError*>(&error);
    const bool out_of_memory = (device_error != nullptr && device_error->out_of_memory()) ||
                               dynamic_cast<const std::bad_alloc*>(&error) != nullptr;
    const bool no_tool = dynamic_cast<const MissingTool*>(&error) != nullptr;
    // A compiler that somebody ended says nothing of the kernel.
    const bool ended = dynamic_cast<const Interrupted*>(&error) != nullptr;
    verdict.outcome = out_of_memory || no_tool || ended ? Outcome::skipped : Outcome::error;
    verdict.reason = out_of_memory ? fmt::format("not enough memory: {}", error.what()) : error.what();
    if (verdict.reason.empty()) verdict.reason = "an error without a message";
    return verdict;
}

}  // namespace stele
