// One run by all the rules.
#pragma once

#include <exception>
#include <functional>
#include <vector>

#include "backends/backend.hpp"
#include "harness/measure/loaded_plan.hpp"
#include "harness/measure/operands.hpp"
#include "harness/measure/references.hpp"
#include "harness/record/measurement.hpp"
#include "kernels/operation.hpp"

namespace stele {

struct CheckedRun {
    Verdict verdict;
    std::vector<Tensor> outputs;  ///< empty where the run did not end
    double host_ns = 0;           ///< host time of the run, with what a driver compiled within it
};

/// What to run, on what, and what must come out.
struct Check {
    const Problem* problem = nullptr;
    Arithmetic arithmetic;
    ReferenceCache::Inputs inputs;
    ReferenceCache::Expectations expected;
    double limit_seconds = 30;              ///< of one execution
    std::function<void()> judging = [] {};  ///< called when the run has ended, before its outputs are judged
};

/// Operands fresh, outputs and scratch NaN, guard bands whole and inputs unchanged after,
/// outputs as they must be, then the problem's own probe. A run that stays longer than the limit when it is repeated,
/// with nothing left to compile, is not checked. Outputs that hold the fill are told from such results by a second run
/// on another fill. Throws DeviceError.
CheckedRun checked_run(Device& device, const LoadedPlan& plan, TensorSet& tensors,
                       const std::vector<GuardedBuffer*>& scratch, const Check& check);

/// The verdict for something thrown: out of memory and a missing compiler are skipped, everything else an error, each
/// with its message.
Verdict verdict_of(const std::exception& error);

}  // namespace stele
