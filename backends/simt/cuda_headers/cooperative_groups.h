// Cooperative groups: the block, tiles of a warp, the cluster.
#pragma once

#include <cstddef>

#include "stele_simt_indices.h"
#include "stele_simt_language.h"
#include "stele_simt_sync.h"

namespace cooperative_groups {

using Where = stele::simt::Where;

class thread_block {
public:
    static void sync(Where where = Where::current()) { __syncthreads(where); }
    static unsigned thread_rank() { return stele::simt::ids().thread; }
    static unsigned size() { return stele::simt::ids().threads; }
    static unsigned num_threads() { return size(); }
    static dim3 group_index() { return dim3(blockIdx); }
    static dim3 thread_index() { return dim3(threadIdx); }
    static dim3 dim_threads() { return blockDim; }
};
inline thread_block this_thread_block() { return {}; }

/// `width` consecutive lanes of a warp.
template <unsigned width>
class thread_block_tile {
public:
    static_assert(width != 0 && width <= 32 && (width & (width - 1)) == 0, "a tile is a power of two of lanes");
    static unsigned thread_rank() { return stele::simt::ids().lane % width; }
    static constexpr unsigned size() { return width; }
    static constexpr unsigned num_threads() { return width; }
    static unsigned meta_group_rank() { return stele::simt::ids().thread / width; }
    static unsigned meta_group_size() { return (stele::simt::ids().threads + width - 1) / width; }
    static void sync(Where where = Where::current()) { __syncwarp(mask(), where); }

    template <typename T>
    T shfl(T value, int source, Where where = Where::current()) const {
        return __shfl_sync(mask(), value, source, width, where);
    }
    template <typename T>
    T shfl_up(T value, unsigned delta, Where where = Where::current()) const {
        return __shfl_up_sync(mask(), value, delta, width, where);
    }
    template <typename T>
    T shfl_down(T value, unsigned delta, Where where = Where::current()) const {
        return __shfl_down_sync(mask(), value, delta, width, where);
    }
    template <typename T>
    T shfl_xor(T value, unsigned bits, Where where = Where::current()) const {
        return __shfl_xor_sync(mask(), value, static_cast<int>(bits), width, where);
    }
    int any(int predicate, Where where = Where::current()) const { return __any_sync(mask(), predicate, where); }
    int all(int predicate, Where where = Where::current()) const { return __all_sync(mask(), predicate, where); }
    unsigned ballot(int predicate, Where where = Where::current()) const {
        return __ballot_sync(mask(), predicate, where) >> first();
    }

private:
    static unsigned first() { return stele::simt::ids().lane / width * width; }
    static unsigned mask() { return (width == 32 ? ~0u : (1u << width % 32) - 1) << first(); }
};
template <unsigned width, typename Parent>
thread_block_tile<width> tiled_partition(const Parent&) {
    return {};
}

class cluster_group {
public:
    static void sync(Where where = Where::current()) {
        stele::simt::cluster_arrive(where);
        stele::simt::cluster_wait(where);
    }
    static void barrier_arrive(Where where = Where::current()) { stele::simt::cluster_arrive(where); }
    static void barrier_wait(Where where = Where::current()) { stele::simt::cluster_wait(where); }
    static unsigned block_rank() { return stele::simt::ids().block_rank; }
    static unsigned num_blocks() { return stele::simt::ids().blocks; }
    static unsigned thread_rank() { return block_rank() * stele::simt::ids().threads + stele::simt::ids().thread; }
    static unsigned num_threads() { return num_blocks() * stele::simt::ids().threads; }
    template <typename T>
    static T* map_shared_rank(T* address, unsigned rank, Where where = Where::current()) {
        return static_cast<T*>(stele::simt::map_shared(address, rank, where));
    }
};
inline cluster_group this_cluster() { return {}; }

template <typename Group>
void sync(const Group& group, Where where = Where::current()) {
    group.sync(where);
}

template <typename T>
struct plus {
    T operator()(T a, T b) const { return a + b; }
};
template <typename T>
struct less {
    T operator()(T a, T b) const { return b < a ? b : a; }
};
template <typename T>
struct greater {
    T operator()(T a, T b) const { return a < b ? b : a; }
};
template <unsigned width, typename T, typename F>
T reduce(const thread_block_tile<width>& tile, T value, F fold, Where where = Where::current()) {
    for (unsigned bits = width / 2; bits > 0; bits /= 2) value = fold(value, tile.shfl_xor(value, bits, where));
    return value;
}

}  // namespace cooperative_groups
