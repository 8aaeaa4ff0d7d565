// The last wave shared along K: where tiles do not fill the clusters, each cluster takes an equal run of all their
// stages.
//
// Stages of these tiles stand one tile behind the other. A cluster's run reaches over one or two tiles: it ends the
// first, which it owns, and may begin the second, or lie inside one. Who owns a tile adds what clusters before it have
// left in global memory. A cluster first leaves its own part and then waits, and only for clusters of lower numbers, so
// that no wait can be for one that waits.
#pragma once

#include "kernels/common/ptx/barrier.cuh"
#include "kernels/gemm/hopper/operands.cuh"

namespace stele::gemm::ptx {

using namespace stele::ptx;

/// Stages [first, last) of the tile `tile`, counted in the last wave; none where they are equal.
struct TileRun {
    int tile = 0, first = 0, last = 0;
    __device__ __forceinline__ explicit operator bool() const { return first < last; }
};

/// A cluster's part of the last wave.
struct LastWave {
    TileRun left{};        ///< whose sums another cluster adds
    TileRun own{};         ///< that ends its tile
    int first_helper = 0;  ///< clusters [first_helper, this one) have left parts of the own tile

    __device__ __forceinline__ LastWave(int tiles, int steps, int cluster, int clusters) {
        const int stages = tiles * steps, run = (stages + clusters - 1) / clusters;
        const int begin = cluster * run, end = min(begin + run, stages);
        if (begin >= end) return;
        const int tile = begin / steps, last_tile = (end - 1) / steps;
        const TileRun front{tile, begin - tile * steps, min(end - tile * steps, steps)};
        (front.last == steps ? own : left) = front;
        if (last_tile != tile) left = {last_tile, 0, end - last_tile * steps};
        first_helper = tile * steps / run;
    }
};

/// A consumer's sums in global memory: [ACCUMULATORS / 4][128] of four.
template <int ACCUMULATORS>
__device__ __forceinline__ float4* partial_of(float* partials, int block, int consumers, int consumer, int thread) {
    const long long unit = static_cast<long long>(block) * consumers + consumer;
    return reinterpret_cast<float4*>(partials) + unit * (ACCUMULATORS / 4 * 128) + thread;
}

/// Leaves a consumer's sums, and says so by its flag. `barrier` is a named barrier of this warpgroup alone.
template <int ACCUMULATORS>
__device__ __forceinline__ void leave_partial(const float (&acc)[ACCUMULATORS], float4* partial, unsigned* flag,
                                              std::uint32_t barrier, int thread) {
#pragma unroll
    for (int i = 0; i < ACCUMULATORS / 4; ++i)
        partial[i * 128] = make_float4(acc[i * 4], acc[i * 4 + 1], acc[i * 4 + 2], acc[i * 4 + 3]);
    __threadfence();
    barrier_sync(barrier, 128);
    if (thread == 0) atomicExch(flag, 1u);
    __syncwarp();
}

/// A warpgroup waits until `flags[first]`, and every `stride`-th after it before `last`, say that sums have been left.
__device__ __forceinline__ void await_partials(unsigned* flags, int first, int last, int stride, std::uint32_t barrier,
                                               int thread) {
    if (thread == 0)
        for (int at = first; at < last; at += stride)
            while (atomicAdd(flags + at, 0u) == 0) __nanosleep(100);
    barrier_sync(barrier, 128);
    __threadfence();
}

template <int ACCUMULATORS>
__device__ __forceinline__ void add_partial(float (&acc)[ACCUMULATORS], const float4* partial) {
#pragma unroll
    for (int i = 0; i < ACCUMULATORS / 4; ++i) {
        const float4 part = partial[i * 128];
        acc[i * 4] += part.x;
        acc[i * 4 + 1] += part.y;
        acc[i * 4 + 2] += part.z;
        acc[i * 4 + 3] += part.w;
    }
}

}  // namespace stele::gemm::ptx
