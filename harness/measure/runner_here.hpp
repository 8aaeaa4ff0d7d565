// Cells in this process.
#pragma once

#include "harness/measure/references.hpp"
#include "harness/measure/runner.hpp"

namespace stele {

class RunnerHere final : public CellRunner {
public:
    /// The references outlive the runner.
    explicit RunnerHere(ReferenceCache& references) : references_(references) {}

    void run(Work work, std::span<const Cell> cells, const SamplerOptions& options,
             const RunnerEvents& events) override;

private:
    ReferenceCache& references_;
};

}  // namespace stele
