#include "harness/measure/references.hpp"

#include <algorithm>

#include "backends/host/limits.hpp"

namespace stele {
namespace {

std::size_t bytes_of(const std::vector<Tensor>& tensors) {
    std::size_t sum = 0;
    for (const Tensor& tensor : tensors) sum += tensor.data.size();
    return sum;
}

std::size_t bytes_of(const std::vector<Expected>& expected) {
    std::size_t sum = 0;
    for (const Expected& one : expected)
        sum += (one.value.size() + one.bound.size()) * sizeof(double) + one.sampled.size() * sizeof(std::size_t);
    return sum;
}

}  // namespace

std::size_t ReferenceCache::affordable_bytes() { return std::min(std::size_t{2} << 30, memory_left().bytes / 4); }

ReferenceCache::Inputs ReferenceCache::inputs(const Problem& problem, std::uint64_t seed, Fill fill) {
    const Key key{std::string(problem.operation()), problem.id(), seed, fill, std::nullopt};
    if (Entry* found = find(key)) return found->inputs;
    auto made = std::make_shared<const std::vector<Tensor>>(source_->inputs(problem, seed, fill));
    keep({key, bytes_of(*made), made, nullptr});
    return made;
}

ReferenceCache::Expectations ReferenceCache::expected(const Problem& problem, std::uint64_t seed, Fill fill,
                                                      const Arithmetic& arithmetic) {
    const Key key{std::string(problem.operation()), problem.id(), seed, fill, arithmetic};
    if (Entry* found = find(key)) return found->expected;
    const Inputs of = inputs(problem, seed, fill);
    auto made = std::make_shared<const std::vector<Expected>>(source_->expected(problem, seed, fill, arithmetic, *of));
    keep({key, bytes_of(*made), nullptr, made});
    return made;
}

ReferenceCache::Entry* ReferenceCache::find(const Key& key) {
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.key == key; });
    if (found == entries_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found);
    return &entries_.front();
}

void ReferenceCache::keep(Entry entry) {
    bytes_ += entry.bytes;
    entries_.push_front(std::move(entry));
    while (bytes_ > most_bytes_ && !entries_.empty()) {
        bytes_ -= entries_.back().bytes;
        entries_.pop_back();
    }
}

}  // namespace stele
