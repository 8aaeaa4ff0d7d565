// Kernels in CUDA C++ with one thing wrong each; tests/negative/simt_defects.cpp says how each must be caught.
#include "kernels/common/half.cuh"
#include "kernels/common/shared.cuh"

namespace stele::cuda {

/// Thread 7 does not come to the second barrier.
__global__ void skipped_barrier(float* out) {
    __shared__ float tile[64];
    tile[threadIdx.x] = 1.0f;
    __syncthreads();
    if (threadIdx.x == 7) return;
    __syncthreads();
    out[threadIdx.x] = tile[63 - threadIdx.x];
}

/// Two barriers that are not the same one.
__global__ void two_barriers(float* out) {
    if (threadIdx.x < 32) {
        __syncthreads();
        out[threadIdx.x] = 1.0f;
    } else {
        __syncthreads();
        out[threadIdx.x] = 2.0f;
    }
}

/// A shuffle that half of its mask does not come to.
__global__ void lonely_shuffle(int* out) {
    if (threadIdx.x < 16)
        out[threadIdx.x] = __shfl_xor_sync(~0u, threadIdx.x, 1);
    else
        __syncthreads();
}

/// Waits for a flag that nobody sets.
__global__ void lost_flag(int* flag) {
    if (threadIdx.x == 0)
        while (atomicAdd(flag, 0) == 0) {
        }
    __syncthreads();
}

/// Neighbours read what was written just before, with or without the barrier between.
template <bool synchronised>
__global__ void missing_barrier(const float* in, float* out) {
    __shared__ float tile[64];
    tile[threadIdx.x] = 0.0f;
    __syncthreads();
    tile[threadIdx.x] = in[threadIdx.x];
    if constexpr (synchronised) __syncthreads();
    out[threadIdx.x] = tile[(threadIdx.x + 1) % 64];
}

/// The tile of the next round is written while others still read this one's.
__global__ void missing_second_barrier(const float* in, float* out) {
    float* tile = dynamic_shared<float>();
    for (int round = 0; round < 4; ++round) {
        tile[threadIdx.x] = in[threadIdx.x];
        __syncthreads();
        out[threadIdx.x] = tile[(threadIdx.x + 33) % 64];
    }
}

/// Lanes of one warp need a barrier too.
__global__ void missing_warp_barrier(int* out) {
    __shared__ int tile[32];
    tile[threadIdx.x] = 0;
    __syncwarp();
    tile[threadIdx.x] = static_cast<int>(threadIdx.x);
    out[threadIdx.x] = tile[31 - threadIdx.x];
}

/// One pure race each, under every schedule: thread 1 touches what thread 0 touched once it sees a flag, and a flag of
/// relaxed atomics tells when, and orders nothing.
enum class Race { read_after_write, write_after_read, write_after_write, none };
template <Race race>
__global__ void pure_race(float* out, int* flag) {
    __shared__ float cell;
    if (threadIdx.x == 0) cell = 1.0f;
    __syncthreads();
    if (threadIdx.x == 0) {
        if constexpr (race == Race::write_after_read)
            out[0] = cell;
        else
            cell = 2.0f;
        atomicExch(flag, 1);
    }
    if constexpr (race == Race::none) __syncthreads();
    if (threadIdx.x == 1) {
        while (atomicAdd(flag, 0) == 0) {
        }
        if constexpr (race == Race::read_after_write || race == Race::none)
            out[1] = cell;
        else
            cell = 3.0f;
    }
}

/// Writes one element more than there are: of a buffer, of a static array, of dynamic shared memory.
__global__ void past_buffer(float* out, int n) { out[threadIdx.x + static_cast<unsigned>(n) - 63] = 1.0f; }
__global__ void before_buffer(const float* in, float* out) { out[threadIdx.x] = in[static_cast<int>(threadIdx.x) - 1]; }
__global__ void past_array(float* out) {
    __shared__ float tile[63];
    tile[threadIdx.x] = 1.0f;
    __syncthreads();
    out[threadIdx.x] = tile[0];
}
__global__ void past_dynamic(float* out) {
    float* tile = dynamic_shared<float>();
    tile[threadIdx.x + 1] = 1.0f;
    out[threadIdx.x] = 0.0f;
}
__global__ void far_past_buffer(float* out) { out[threadIdx.x + (1u << 20)] = 1.0f; }
__global__ void null_pointer(float* out, const float* optional) { out[threadIdx.x] = optional[threadIdx.x]; }

/// A vector of four from an address that is a multiple of four bytes only.
__global__ void misaligned_vector(const float* in, float* out) {
    const float4 four = *reinterpret_cast<const float4*>(in + threadIdx.x);
    out[threadIdx.x] = four.x;
}

/// Half of the tile was never written.
__global__ void uninitialised_tile(float* out) {
    float* tile = dynamic_shared<float>();
    if (threadIdx.x < 32) tile[threadIdx.x] = 1.0f;
    __syncthreads();
    out[threadIdx.x] = tile[threadIdx.x];
}

std::vector<NativeInstance> simt_flawed_kernels() {
    NativeList list;
    list.add<skipped_barrier>("skipped_barrier", "");
    list.add<two_barriers>("two_barriers", "");
    list.add<lonely_shuffle>("lonely_shuffle", "");
    list.add<lost_flag>("lost_flag", "");
    list.add<missing_barrier<false>>("missing_barrier", "");
    list.add<missing_barrier<true>>("missing_barrier", "mended");
    list.add<missing_second_barrier>("missing_second_barrier", "");
    list.add<missing_warp_barrier>("missing_warp_barrier", "");
    list.add<pure_race<Race::read_after_write>>("pure_race", "read_after_write");
    list.add<pure_race<Race::write_after_read>>("pure_race", "write_after_read");
    list.add<pure_race<Race::write_after_write>>("pure_race", "write_after_write");
    list.add<pure_race<Race::none>>("pure_race", "none");
    list.add<past_buffer>("past_buffer", "");
    list.add<before_buffer>("before_buffer", "");
    list.add<past_array>("past_array", "");
    list.add<past_dynamic>("past_dynamic", "");
    list.add<far_past_buffer>("far_past_buffer", "");
    list.add<null_pointer>("null_pointer", "");
    list.add<misaligned_vector>("misaligned_vector", "");
    list.add<uninitialised_tile>("uninitialised_tile", "");
    return std::move(list);
}

}  // namespace stele::cuda
