#include "backends/simt/device/memory.hpp"

#include <sys/mman.h>

namespace stele::simt {
namespace {

constexpr std::size_t page = 4096;
static_assert(Buffer::guard_bytes % page == 0, "a payload begins on a page");
/// Between buffers lie pages that nobody may touch at all.
constexpr std::size_t gap = 16 * page;

std::size_t rounded(std::size_t bytes) { return (bytes + page - 1) / page * page; }

}  // namespace

DeviceMemory::DeviceMemory() {
    // Address space only. A system that limits it gives less.
    for (std::size_t bytes = std::size_t{1} << 38; bytes >= std::size_t{1} << 30; bytes /= 2) {
        void* at = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (at == MAP_FAILED) continue;
        base_ = static_cast<std::byte*>(at);
        bytes_ = bytes;
        return;
    }
}

DeviceMemory::~DeviceMemory() {
    if (base_ != nullptr) munmap(base_, bytes_);
}

std::byte* DeviceMemory::allocate(std::size_t bytes) {
    const std::size_t accessible = 2 * Buffer::guard_bytes + rounded(bytes), reserved = accessible + gap;
    std::size_t at = gap;
    for (const auto& [offset, allocation] : used_) {
        if (offset - at >= reserved) break;
        at = offset + allocation.reserved;
    }
    if (at + reserved > bytes_ || mprotect(base_ + at, accessible, PROT_READ | PROT_WRITE) != 0) return nullptr;
    used_[at] = {reserved, bytes};
    return base_ + at + Buffer::guard_bytes;
}

void DeviceMemory::release(std::byte* payload) {
    const auto at = static_cast<std::size_t>(payload - Buffer::guard_bytes - base_);
    const auto found = used_.find(at);
    madvise(base_ + at, found->second.reserved - gap, MADV_DONTNEED);
    mprotect(base_ + at, found->second.reserved - gap, PROT_NONE);
    used_.erase(found);
}

std::vector<Extent> DeviceMemory::buffers() const {
    std::vector<Extent> out;
    out.reserve(used_.size());
    for (const auto& [offset, allocation] : used_)
        out.push_back({base_ + offset + Buffer::guard_bytes, allocation.payload_bytes});
    return out;
}

}  // namespace stele::simt
