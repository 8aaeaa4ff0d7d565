// A cell that is timed: on which operands, how many executions at once, and when there are enough samples.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <vector>

#include "harness/measure/options.hpp"
#include "harness/measure/verified_cell.hpp"
#include "harness/measure/workspace.hpp"
#include "harness/record/measurement.hpp"

namespace stele {

/// A right cell that has no time, and why.
class NotTimeable : public std::runtime_error {
public:
    explicit NotTimeable(const std::string& why, double execution_ns = 0)
        : std::runtime_error(why), execution_ns_(execution_ns) {}
    Untimed untimed() const { return {what(), execution_ns_}; }

private:
    double execution_ns_;
};

/// Samples a verified cell until its median is known well enough.
class TimedCell {
public:
    /// Executes a few times, untimed, and finds the batch: a sample lasts at least 50 × the clock's resolution. Throws
    /// NotTimeable if none does or one execution is too long, and DeviceError. Workspace and options outlive the cell.
    TimedCell(VerifiedCell verified, Workspace& workspace, const SamplerOptions& options);

    const VerifiedCell& verified() const { return verified_; }
    Device& device() const { return workspace_->device(); }

    /// One execution, for its heat; returns its device time in nanoseconds.
    double execute() { return batch_ns(1); }
    /// One sample. Evicting, and the run that warms the cache in warm mode, are outside the timed window.
    Sample sample(std::uint32_t pass);

    /// Executes for at least a second between two readings of the energy counter, where there is one. Throws
    /// DeviceError.
    void measure_energy();

    /// No sample is wanted any more.
    bool done() const { return failure_ || timed_out_ || stopped_by_; }
    /// One execution took longer than the limit.
    bool timed_out() const { return timed_out_; }
    void interrupt();
    /// What went wrong while it was sampled.
    void fail(Verdict verdict) { failure_ = std::move(verdict); }
    const std::optional<Verdict>& failure() const { return failure_; }

    /// Median and interval included.
    Timing timing() const;
    std::size_t samples() const { return timing_.samples_ns.size(); }

private:
    void choose_batch();
    std::vector<Launch> batch_of(std::uint32_t batch);
    double batch_ns(std::uint32_t batch);
    void decide();
    /// Notes whether an execution of so long is beyond the limit.
    void watch(double execution_ns);

    VerifiedCell verified_;
    Workspace* workspace_;
    const SamplerOptions* options_;
    Timing timing_;
    std::vector<double> sorted_;
    std::vector<double> stolen_ms_;  ///< by sample
    bool tells_stolen_ = false;
    double seconds_ = 0;
    std::optional<StoppedBy> stopped_by_;
    bool timed_out_ = false;
    std::optional<Verdict> failure_;
};

}  // namespace stele
