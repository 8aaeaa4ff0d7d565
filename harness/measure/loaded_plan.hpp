// A variant's plan for a problem, its kernels loaded on a device.
#pragma once

#include <memory>
#include <vector>

#include "backends/backend.hpp"
#include "harness/measure/operands.hpp"
#include "kernels/operation.hpp"

namespace stele {

/// OpenCL C reaches a CUDA device as the PTX that clang makes of it. The constructor throws what the plan and the
/// device throw, and MissingTool where clang is needed and absent.
class LoadedPlan {
public:
    LoadedPlan(Device& device, const Variant& variant, const Problem& problem);

    const std::vector<std::size_t>& scratch_bytes() const { return plan_.scratch; }
    /// See Plan::ran.
    const std::string& ran() const { return plan_.ran; }
    double build_ns() const;
    /// The steps on these operands. Throws std::out_of_range if a step names a kernel or an operand that is not there.
    std::vector<Launch> launches(TensorSet& tensors, const std::vector<GuardedBuffer*>& scratch) const;

private:
    Plan plan_;
    std::vector<std::unique_ptr<Kernel>> kernels_;
    double translation_ns_ = 0;
};

}  // namespace stele
