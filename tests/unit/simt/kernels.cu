// Correct kernels that use what the CPU executor models of CUDA C++; tests/unit/simt/executor.cpp knows their results.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <cuda_pipeline.h>
#include <mma.h>
#include <cuda/barrier>
#include <cuda/pipeline>

#include "kernels/common/half.cuh"
#include "kernels/common/shared.cuh"

namespace stele::cuda {

namespace cg = cooperative_groups;
namespace wmma = nvcuda::wmma;

/// Each thread its place: x, y, z of thread and block, packed.
__global__ void places(unsigned* out) {
    const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    out[block * blockDim.x * blockDim.y * blockDim.z + thread] = block * 1000 + thread;
}

/// Reverses 256 elements through static shared memory, then sums prefixes through dynamic.
__global__ void reverse(const float* in, float* out) {
    __shared__ float tile[256];
    float* copy = dynamic_shared<float>();
    tile[threadIdx.x] = in[threadIdx.x];
    __syncthreads();
    copy[255 - threadIdx.x] = tile[threadIdx.x];
    __syncthreads();
    out[threadIdx.x] = copy[threadIdx.x];
}

__global__ void block_votes(int* out) {
    const int odd = threadIdx.x % 2;
    const int count = __syncthreads_count(odd), all = __syncthreads_and(odd), any = __syncthreads_or(odd);
    out[threadIdx.x] = count * 100 + all * 10 + any;
}

/// Shuffles, votes and reductions of one warp: 16 results a lane.
__global__ void warp_functions(int* out) {
    const int lane = static_cast<int>(threadIdx.x);
    int* mine = out + lane * 16;
    mine[0] = __shfl_sync(~0u, lane, 5);
    mine[1] = __shfl_sync(~0u, lane, 3, 8);
    mine[2] = __shfl_xor_sync(~0u, lane, 16);
    mine[3] = __shfl_up_sync(~0u, lane, 2);
    mine[4] = __shfl_down_sync(~0u, lane, 4, 16);
    mine[5] = static_cast<int>(__ballot_sync(~0u, lane % 3 == 0));
    mine[6] = __any_sync(~0u, lane == 7);
    mine[7] = __all_sync(~0u, lane == 7);
    mine[8] = __reduce_add_sync(~0u, lane);
    mine[9] = __reduce_max_sync(~0u, -lane);
    mine[10] = static_cast<int>(__reduce_xor_sync(~0u, 1u << lane));
    mine[11] = static_cast<int>(__match_any_sync(~0u, lane / 8));
    // Half of the warp meets alone, the other half at another place.
    if (lane < 16)
        mine[12] = __reduce_add_sync(0x0000ffffu, lane);
    else
        mine[12] = __reduce_min_sync(0xffff0000u, lane);
    __syncwarp();
    const auto tile = cg::tiled_partition<8>(cg::this_thread_block());
    mine[13] = cg::reduce(tile, lane, cg::plus<int>());
    mine[14] = static_cast<int>(tile.ballot(lane % 2 == 0));
    mine[15] = static_cast<int>(tile.meta_group_rank());
}

/// Lanes that have left are not waited for.
__global__ void early_exit(int* out) {
    if (threadIdx.x % 4 == 0) return;
    out[threadIdx.x] = __popc(__ballot_sync(~0u, 1));
}

__global__ void count_up(unsigned* counter, float* sum) {
    const unsigned ticket = atomicAdd(counter, 1);
    atomicAdd(sum, 1.0f);
    atomicMax(counter + 1, ticket);
    atomicCAS(counter + 2, 0, ticket + 1);
}

/// One warp waits for a flag that another sets.
__global__ void flag(int* out) {
    __shared__ int ready, value;
    if (threadIdx.x == 0) ready = value = 0;
    __syncthreads();
    if (threadIdx.x == 0)
        while (atomicAdd(&ready, 0) == 0) {
        }
    if (threadIdx.x == 32) {
        atomicExch(&value, 42);
        atomicExch(&ready, 1);
    }
    __syncthreads();
    out[threadIdx.x] = value;
}

/// C[16,16] = A[16,16] B[16,16] on one warp, both layouts of B.
template <typename T, typename LayoutB>
__global__ void wmma_tile(const T* A, const T* B, float* C) {
    alignas(32) __shared__ T tile_a[16 * 24];
    alignas(32) __shared__ T tile_b[16 * 24];
    for (int i = static_cast<int>(threadIdx.x); i < 256; i += 32) {
        tile_a[i / 16 * 24 + i % 16] = A[i];
        tile_b[i / 16 * 24 + i % 16] = B[i];
    }
    __syncwarp();
    wmma::fragment<wmma::matrix_a, 16, 16, 16, T, wmma::row_major> a;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, T, LayoutB> b;
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> acc;
    wmma::fill_fragment(acc, 0.0f);
    wmma::load_matrix_sync(a, tile_a, 24);
    wmma::load_matrix_sync(b, tile_b, 24);
    wmma::mma_sync(acc, a, b, acc);
    wmma::store_matrix_sync(C, acc, 16, wmma::mem_row_major);
}

/// Copies through shared memory on a cuda::barrier, `rounds` times.
__global__ void barrier_copy(const float* in, float* out, int rounds) {
    using Barrier = ::cuda::barrier<::cuda::thread_scope_block>;
    alignas(16) __shared__ float tile[128];
    __shared__ Barrier barrier;
    if (threadIdx.x == 0) init(&barrier, blockDim.x);
    __syncthreads();
    for (int round = 0; round < rounds; ++round) {
        ::cuda::memcpy_async(cg::this_thread_block(), tile, in + round * 128, sizeof(tile), barrier);
        barrier.arrive_and_wait();
        out[round * 128 + threadIdx.x] = tile[127 - threadIdx.x];
        __syncthreads();
    }
}

/// The same with two stages of a thread's own asynchronous copies.
__global__ void pipeline_copy(const float* in, float* out, int rounds) {
    alignas(16) __shared__ float tile[2][128];
    const auto fetch = [&](int round) {
        if (round < rounds && threadIdx.x < 32)
            __pipeline_memcpy_async(tile[round % 2] + 4 * threadIdx.x, in + round * 128 + 4 * threadIdx.x, 16);
        __pipeline_commit();
    };
    fetch(0);
    for (int round = 0; round < rounds; ++round) {
        fetch(round + 1);
        __pipeline_wait_prior(1);
        __syncthreads();
        out[round * 128 + threadIdx.x] = tile[round % 2][127 - threadIdx.x];
        __syncthreads();
    }
}

/// The same with cuda::pipeline of the block.
__global__ void shared_pipeline_copy(const float* in, float* out, int rounds) {
    alignas(16) __shared__ float tile[2][128];
    __shared__ ::cuda::pipeline_shared_state<::cuda::thread_scope_block, 2> state;
    const auto block = cg::this_thread_block();
    auto pipe = ::cuda::make_pipeline(block, &state);
    for (int fetched = 0, round = 0; round < rounds; ++round) {
        for (; fetched < rounds && fetched < round + 2; ++fetched) {
            pipe.producer_acquire();
            ::cuda::memcpy_async(block, tile[fetched % 2], in + fetched * 128, sizeof(tile[0]), pipe);
            pipe.producer_commit();
        }
        pipe.consumer_wait();
        out[round * 128 + threadIdx.x] = tile[round % 2][127 - threadIdx.x];
        pipe.consumer_release();
    }
}

/// Each block of a cluster writes its neighbour's shared memory, static and dynamic.
__global__ void neighbours(unsigned* out) {
    __shared__ unsigned fixed[32];
    unsigned* dynamic = dynamic_shared<unsigned>();
    const auto cluster = cg::this_cluster();
    const unsigned next = (cluster.block_rank() + 1) % cluster.num_blocks();
    cluster.sync();
    cluster.map_shared_rank(fixed, next)[threadIdx.x] = 100 * blockIdx.x + threadIdx.x;
    cluster.map_shared_rank(dynamic, next)[threadIdx.x] = 1000 * blockIdx.x + threadIdx.x;
    cluster.sync();
    out[blockIdx.x * 32 + threadIdx.x] = fixed[threadIdx.x] + dynamic[threadIdx.x];
    cluster.sync();
}

/// Which thread came when: depends on the schedule, and on nothing else.
__global__ void order(unsigned* counter, unsigned* out) { out[threadIdx.x] = atomicAdd(counter, 1); }

std::vector<NativeInstance> simt_kernels() {
    NativeList list;
    list.add<places>("places", "");
    list.add<reverse>("reverse", "");
    list.add<block_votes>("block_votes", "");
    list.add<warp_functions>("warp_functions", "");
    list.add<early_exit>("early_exit", "");
    list.add<count_up>("count_up", "");
    list.add<flag>("flag", "");
    list.add<wmma_tile<half, wmma::row_major>>("wmma_tile", "f16 kn");
    list.add<wmma_tile<bf16, wmma::col_major>>("wmma_tile", "bf16 nk");
    list.add<barrier_copy>("barrier_copy", "");
    list.add<pipeline_copy>("pipeline_copy", "");
    list.add<shared_pipeline_copy>("shared_pipeline_copy", "");
    list.add<neighbours>("neighbours", "");
    list.add<order>("order", "");
    return std::move(list);
}

}  // namespace stele::cuda
