#include "harness/measure/workspace.hpp"

#include <algorithm>

#include "backends/error.hpp"
#include "backends/host/limits.hpp"

namespace stele {

Workspace::Workspace(Device& device, const Problem& problem) : device_(&device), problem_(&problem), scratch_(device) {
    sets_.push_back(std::make_unique<TensorSet>(device, problem));
}

void Workspace::prepare(std::span<const Tensor> inputs, CacheMode cache) {
    const DeviceInfo& info = device_->info();
    std::size_t wanted = 1, affordable = 1;
    const std::size_t footprint = first().bytes();
    if (cache == CacheMode::cold && footprint != 0) {
        wanted = std::max<std::size_t>(1, (2 * info.cache_bytes + footprint - 1) / footprint);
        // A quarter of the memory leaves room for scratch and for other devices on the same memory.
        const std::size_t memory = info.is_cpu ? std::min(info.global_bytes, memory_left().bytes) : info.global_bytes;
        affordable = std::clamp<std::size_t>(memory / 4 / footprint, 1, most_sets);
    }
    const std::size_t count = std::min(wanted, affordable);
    try {
        while (sets_.size() < count) sets_.push_back(std::make_unique<TensorSet>(*device_, *problem_));
    } catch (const DeviceError& error) {
        if (!error.out_of_memory()) throw;
    }
    // A cache whose size is not known may hold anything.
    evicts_ = cache == CacheMode::cold && (sets_.size() < wanted || info.cache_bytes == 0);
    for (const auto& set : sets_) set->reset(inputs);
}

TensorSet& Workspace::next() {
    next_ = (next_ + 1) % sets_.size();
    return *sets_[next_];
}

}  // namespace stele
