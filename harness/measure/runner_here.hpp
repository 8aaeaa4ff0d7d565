// Cells in this process.
#pragma once

#include "harness/measure/references.hpp"
#include "harness/measure/runner.hpp"

namespace stele {

class RunnerHere final : public CellRunner {
public:
    /// Devices and references outlive the runner.
    RunnerHere(OpenDevices& devices, ReferenceCache& references) : devices_(devices), references_(references) {}

    FoundDevices found() override { return devices_.found(); }
    ClockCheck check_clock(const DeviceInfo& device) override;

    void run(Work work, std::span<const Cell> cells, const SamplerOptions& options,
             const RunnerEvents& events) override;
    GivenRun run_given(const Cell& cell, const Given& given, const SamplerOptions& options,
                       const RunnerEvents& events) override;

private:
    OpenDevices& devices_;
    ReferenceCache& references_;
};

}  // namespace stele
