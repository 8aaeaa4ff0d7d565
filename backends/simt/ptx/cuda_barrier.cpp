#include "backends/simt/ptx/cuda_barrier.hpp"

#include <cstring>

#include "backends/simt/ptx/async.hpp"
#include "backends/simt/ptx/instructions.hpp"

namespace stele::simt {

std::uint32_t mbarrier_parity(std::uint64_t* barrier, Where where) {
    return mbarrier_at(barrier, "cuda::barrier", where).has_ended(0) ? 1 : 0;
}

void memcpy_on_barrier(void* to, const void* from, std::size_t bytes, std::uint64_t* barrier, Where where) {
    if (bytes == 0) return;
    check_shared(to, bytes, 1, "cuda::memcpy_async", where);
    check_global(from, bytes, 1, "cuda::memcpy_async", where);
    Mbarrier& target = mbarrier_at(barrier, "cuda::memcpy_async", where);
    SyncClock issued;
    issued.release();
    SharedView& view = block_state<AsyncBlock>().shared;
    auto* target_bytes = static_cast<std::byte*>(to);
    view.begin_copy(target_bytes, bytes, false);
    target.expect(static_cast<std::uint32_t>(bytes), where);
    target.add({static_cast<std::uint32_t>(bytes), 0, [=, &view](SyncClock& landed) {
                    engine_read(from, bytes, issued, landed, "cuda::memcpy_async", where);
                    engine_write(to, bytes, issued, landed, "cuda::memcpy_async", where);
                    std::memcpy(to, from, bytes);
                    view.end_copy(target_bytes, bytes, false);
                }});
}

void memcpy_in_group(void* to, const void* from, std::size_t bytes, Where where) {
    const auto alignment = reinterpret_cast<std::uintptr_t>(to) | reinterpret_cast<std::uintptr_t>(from) | bytes;
    const std::size_t piece = alignment % 16 == 0 ? 16 : alignment % 8 == 0 ? 8 : alignment % 4 == 0 ? 4 : 0;
    auto* target = static_cast<std::byte*>(to);
    const auto* source = static_cast<const std::byte*>(from);
    if (piece == 0) {
        // The hardware has no asynchronous copy for these: CUDA makes them plain ones.
        read_memory(from, bytes, "cuda::memcpy_async", where);
        write_memory(to, bytes, "cuda::memcpy_async", where);
        std::memcpy(to, from, bytes);
        return;
    }
    for (std::size_t at = 0; at < bytes; at += piece) {
        if (piece == 16)
            cp_async_cg_16(target + at, source + at, 16, where);
        else if (piece == 8)
            cp_async_ca_8(target + at, source + at, 8, where);
        else
            cp_async_ca_4(target + at, source + at, 4, where);
    }
}

}  // namespace stele::simt
