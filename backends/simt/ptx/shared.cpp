// What copies in flight and the asynchronous proxy mean for shared memory.
#include <algorithm>
#include <cstring>

#include "backends/simt/ptx/async.hpp"

namespace stele::simt {

namespace {

constexpr std::byte pattern{0xFF};  ///< NaN in every float format, and what the executor fills shared memory with

bool untouched(const std::byte* address, std::size_t bytes) {
    return std::all_of(address, address + bytes, [](std::byte value) { return value == pattern; });
}

}  // namespace

SharedView::SharedView()
    : base_(static_cast<const std::byte*>(dynamic_shared())),
      bytes_(dynamic_shared_bytes()),
      copies_((bytes_ + fine - 1) / fine),
      seen_((bytes_ + grain - 1) / grain * grain),
      stamp_((bytes_ + grain - 1) / grain, never) {}

bool SharedView::outside(const std::byte* address, std::size_t bytes) const {
    return bytes == 0 || address < base_ || address + bytes > base_ + bytes_;
}

void SharedView::count_copies(const std::byte* address, std::size_t bytes, int change) {
    const auto begin = static_cast<std::size_t>(address - base_);
    for (std::size_t i = begin / fine; i * fine < begin + bytes; ++i)
        copies_[i] = static_cast<std::uint8_t>(copies_[i] + change);
}

void SharedView::remember(const std::byte* address, std::size_t bytes) {
    const auto begin = static_cast<std::size_t>(address - base_);
    std::memcpy(seen_.data() + begin, address, bytes);
    for (std::size_t i = begin / grain; i * grain < begin + bytes; ++i) stamp_[i] = fences_;
}

void SharedView::begin_copy(std::byte* address, std::size_t bytes, bool by_async_proxy) {
    std::fill_n(address, bytes, pattern);
    if (outside(address, bytes)) return;
    count_copies(address, bytes, 1);
    if (by_async_proxy) remember(address, bytes);
}

void SharedView::end_copy(const std::byte* address, std::size_t bytes, bool by_async_proxy) {
    if (outside(address, bytes)) return;
    count_copies(address, bytes, -1);
    if (by_async_proxy) remember(address, bytes);
}

bool SharedView::in_flight(const std::byte* address, std::size_t bytes) const {
    if (outside(address, bytes)) return false;
    const auto begin = static_cast<std::size_t>(address - base_);
    for (std::size_t i = begin / fine; i * fine < begin + bytes; ++i)
        if (copies_[i] != 0) return true;
    return false;
}

Sight SharedView::look(const std::byte* address, std::size_t bytes) {
    if (outside(address, bytes)) return Sight::clear;
    if (in_flight(address, bytes)) return Sight::in_flight;
    const auto begin = static_cast<std::size_t>(address - base_);
    for (std::size_t i = begin / grain; i * grain < begin + bytes; ++i) {
        const std::size_t count = std::min(grain, bytes_ - i * grain);
        const std::byte* now = base_ + i * grain;
        const bool fresh = stamp_[i] == never;
        if (fresh ? untouched(now, count) : std::memcmp(seen_.data() + i * grain, now, count) == 0) continue;
        if (fences_ == (fresh ? 0 : stamp_[i])) return Sight::unfenced;
        std::memcpy(seen_.data() + i * grain, now, count);
        stamp_[i] = fences_;
    }
    return Sight::clear;
}

}  // namespace stele::simt
