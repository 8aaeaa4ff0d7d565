// The operands of a problem on one device, shared by all its cells there, which run one after the other.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "harness/measure/operands.hpp"
#include "harness/record/measurement.hpp"

namespace stele {

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

}  // namespace stele
