// Copies that a group starts together and waits for.
#pragma once

#include <cooperative_groups.h>

#include "backends/simt/ptx/cuda_barrier.hpp"
#include "backends/simt/ptx/instructions.hpp"

namespace cooperative_groups {

template <typename Group, typename Size>
void memcpy_async(const Group& group, void* to, const void* from, Size bytes, Where where = Where::current()) {
    const std::size_t all = bytes;
    for (std::size_t at = 16 * group.thread_rank(); at < all; at += 16 * group.num_threads())
        stele::simt::memcpy_in_group(static_cast<char*>(to) + at, static_cast<const char*>(from) + at,
                                     all - at < 16 ? all - at : 16, where);
    stele::simt::cp_async_commit_group(where);
}
template <unsigned pending, typename Group>
void wait_prior(const Group& group, Where where = Where::current()) {
    stele::simt::cp_async_wait_group(pending, where);
    group.sync(where);
}
template <typename Group>
void wait(const Group& group, Where where = Where::current()) {
    wait_prior<0>(group, where);
}

}  // namespace cooperative_groups
