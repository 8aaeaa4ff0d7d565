// Takes samples of one cell: on which operands, how many executions at once, and when there are enough.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/measure/executor.hpp"
#include "harness/measure/sampler.hpp"
#include "harness/record/measurement.hpp"

namespace stele {

/// The operands of a problem on one device, shared by all its cells there, which run one after the other.
class Workspace {
public:
    /// One set, for checked runs. Throws DeviceError.
    Workspace(Device& device, const Problem& problem);

    TensorSet& first() { return *sets_.front(); }
    ScratchPool& scratch() { return scratch_; }

    /// Makes the sets that samples rotate over, and fills them. Cold: as many as hold twice the cache, so that each
    /// execution finds its operands gone; where that is too many or too much, fewer, and evicts() is true. Warm: one.
    void prepare(std::span<const Tensor> inputs, CacheMode cache);
    /// The set for the next execution; all cells take turns, so that a cell does not meet what it has just left.
    TensorSet& next();

    std::uint32_t rotations() const { return static_cast<std::uint32_t>(sets_.size()); }
    bool evicts() const { return evicts_; }
    Device& device() const { return *device_; }

    /// More sets than this are not worth their allocation; then the cache is evicted.
    static constexpr std::size_t most_sets = 256;

private:
    Device* device_;
    const Problem* problem_;
    std::vector<std::unique_ptr<TensorSet>> sets_;
    ScratchPool scratch_;
    std::size_t next_ = 0;
    bool evicts_ = false;
};

/// Samples one cell until its median is known well enough. Throws DeviceError where the device does.
class CellTimer {
public:
    CellTimer(Workspace& workspace, const LoadedPlan& plan, std::vector<GuardedBuffer*> scratch,
              const SamplerOptions& options);

    /// Executes a few times, untimed, and finds the batch: a sample lasts at least 50 × the clock's resolution.
    /// False if it cannot, for `why` it must not be timed.
    bool choose_batch(std::string& why);
    /// One execution, for its heat; returns its device time in nanoseconds.
    double execute();
    /// One sample. Evicting, and the run that warms the cache in warm mode, are outside the timed window.
    void sample(std::uint32_t round);

    bool done() const { return !timing_.stopped_by.empty(); }
    /// One execution took longer than the limit.
    bool timed_out() const { return timed_out_; }
    void interrupt();
    /// Median and interval included.
    Timing timing() const;
    std::size_t samples() const { return timing_.samples_ns.size(); }

private:
    double batch_ns(std::uint32_t batch);
    void decide();

    Workspace& workspace_;
    const LoadedPlan& plan_;
    std::vector<GuardedBuffer*> scratch_;
    const SamplerOptions& options_;
    Timing timing_;
    std::vector<double> sorted_;
    double seconds_ = 0;
    bool timed_out_ = false;
};

}  // namespace stele
