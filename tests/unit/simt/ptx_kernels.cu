// Kernels that use ptx/ as they should; tests/unit/simt/ptx_executor.cpp runs them on the CPU.
#include "kernels/common/ptx/bulk.cuh"
#include "kernels/common/ptx/cluster.cuh"
#include "tests/support/ptx_gemm.cuh"

namespace stele::ptx {

/// One wgmma chain: D[64, N] = A[64, 64] B[64, N], bf16, from tiles that TMA brought, in any major and swizzle. A
/// K-major tile comes as boxes of [rows][width], an MN-major one as boxes of [64 k][width]; `width` is the swizzle's in
/// elements.
template <int n, Major major_a, Major major_b, Swizzle swizzle>
__global__ void __launch_bounds__(128, 1)
    wgmma_layout(const __grid_constant__ TensorMap map_a, const __grid_constant__ TensorMap map_b, float* d) {
    constexpr int K = 64;
    constexpr int bytes = swizzle == Swizzle::bytes_128 ? 128 : swizzle == Swizzle::bytes_64 ? 64 : 32;
    constexpr int width = bytes / 2;
    unsigned char* tile_a = dynamic_shared<unsigned char>();
    unsigned char* tile_b = tile_a + 64 * K * 2;
    __shared__ std::uint64_t full;
    if (threadIdx.x == 0) {
        mbarrier_init(&full, 1);
        fence_mbarrier_init();
        mbarrier_arrive_expect_tx(&full, (64 + n) * K * 2);
        const auto load = [&](unsigned char* tile, const TensorMap& map, Major major, int extent) {
            const int along = major == Major::k ? K : extent, across = major == Major::k ? extent : K;
            for (int i = 0; i < along / width; ++i) tma_load_2d(tile + i * across * bytes, map, &full, i * width, 0);
        };
        load(tile_a, map_a, major_a, 64);
        load(tile_b, map_b, major_b, n);
    }
    __syncthreads();
    mbarrier_wait_parity(&full, 0);
    float acc[n / 2];
    wgmma_fence();
    for (int kk = 0; kk < K; kk += 16) {
        // 16 of k are a step along a K-major row (in the next box beyond its width), and two blocks of an MN-major one.
        const auto operand = [&](unsigned char* tile, Major major, int extent) {
            if (major == Major::k)
                return wgmma_descriptor(tile + kk / width * extent * bytes + kk % width * 2, 16, 8 * bytes, swizzle);
            return wgmma_descriptor(tile + kk * bytes, K * bytes, 8 * bytes, swizzle);
        };
        wgmma<Element::bf16, major_a, major_b>(acc, operand(tile_a, major_a, 64), operand(tile_b, major_b, n), kk > 0);
    }
    wgmma_commit_group();
    wgmma_wait_group<0>();
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    for (int i = 0; i < n / 2; ++i)
        d[(warp * 16 + lane / 4 + i / 2 % 2 * 8) * n + i / 4 * 8 + lane % 4 * 2 + i % 2] = acc[i];
}

/// D[64, 64] = A[64, K] B[64, K]ᵀ of one element type, K being 256 / bits; A from registers, B by plain stores into the
/// layout without a swizzle. `a` and `b` are rows of bytes.
template <Element element, typename Accumulator>
__global__ void __launch_bounds__(128, 1) wgmma_types(const unsigned char* a, const unsigned char* b, Accumulator* d) {
    // 32 bytes of k a row: core matrices of 8 rows x 16 bytes, the two of one row block after one another.
    unsigned char* tile = dynamic_shared<unsigned char>();
    const int thread = static_cast<int>(threadIdx.x), lane = thread % 32, warp = thread / 32;
    for (int i = thread; i < 64 * 32; i += 128) {
        const int row = i / 32, byte = i % 32;
        tile[row / 8 * 256 + byte / 16 * 128 + row % 8 * 16 + byte % 16] = b[i];
    }
    fence_proxy_async_shared();
    __syncthreads();
    std::uint32_t fragment[4];
    for (int r = 0; r < 4; ++r) {
        const int row = warp * 16 + lane / 4 + r % 2 * 8, byte = lane % 4 * 4 + r / 2 * 16;
        fragment[r] = *reinterpret_cast<const std::uint32_t*>(a + row * 32 + byte);
    }
    Accumulator acc[32];
    wgmma_fence();
    wgmma<element>(acc, fragment, wgmma_descriptor(tile, 128, 256, Swizzle::none), false);
    wgmma_commit_group();
    wgmma_wait_group<0>();
    for (int i = 0; i < 32; ++i)
        d[(warp * 16 + lane / 4 + i / 2 % 2 * 8) * 64 + i / 4 * 8 + lane % 4 * 2 + i % 2] = acc[i];
}

/// Moves a tensor box by box through shared memory by TMA, and a row of it by bulk copies.
__global__ void copy_tiles(const __grid_constant__ TensorMap from, const __grid_constant__ TensorMap to, int box_bytes,
                           int box_x, int box_y, const float* row, float* row_copy, float* sum, int row_bytes) {
    unsigned char* tile = dynamic_shared<unsigned char>();
    unsigned char* line = tile + box_bytes;
    __shared__ std::uint64_t full;
    if (threadIdx.x != 0) return;
    mbarrier_init(&full, 1);
    fence_mbarrier_init();
    const int x = static_cast<int>(blockIdx.x) * box_x, y = static_cast<int>(blockIdx.y) * box_y;
    mbarrier_arrive_expect_tx(&full, box_bytes + row_bytes);
    tma_load_3d(tile, from, &full, x, y, static_cast<int>(blockIdx.z));
    bulk_load(line, row, row_bytes, &full);
    mbarrier_wait_parity(&full, 0);
    tma_store_3d(to, tile, x, y, static_cast<int>(blockIdx.z));
    if (blockIdx.x + blockIdx.y + blockIdx.z == 0) bulk_store(row_copy, line, row_bytes);
    bulk_reduce_add_f32(sum, reinterpret_cast<const float*>(line), row_bytes);
    bulk_commit_group();
    bulk_wait_group_read<0>();
}

/// Two blocks: each loads half of a tile into both by multicast, adds what the other has by distributed shared memory,
/// and tells the other by its mbarrier.
__global__ void __launch_bounds__(128) cluster_exchange(const __grid_constant__ TensorMap map, float* out) {
    constexpr int HALF = 32 * 4;
    float* tile = dynamic_shared<float>();
    float* sums = tile + 2 * 32;
    __shared__ std::uint64_t full, ready;
    const std::uint32_t rank = cluster_rank(), other = rank ^ 1;
    if (threadIdx.x == 0) {
        mbarrier_init(&full, 1);
        mbarrier_init(&ready, 128);
        fence_mbarrier_init();
        mbarrier_arrive_expect_tx(&full, 2 * HALF);
    }
    cluster_sync();
    if (threadIdx.x == 0) tma_load_2d_multicast(tile + rank * 32, map, &full, 3, 0, static_cast<int>(rank));
    mbarrier_wait_parity(&full, 0);
    const int column = static_cast<int>(threadIdx.x) % 32;
    if (threadIdx.x < 32) sums[column] = tile[column] * (rank == 0 ? 1.0f : 2.0f) + tile[32 + column];
    mbarrier_arrive_cluster(mapa(&ready, other));
    mbarrier_wait_parity_cluster(&ready, 0);
    if (threadIdx.x < 32) {
        const float theirs = ld_shared_cluster_f32(mapa(&sums[column], other));
        out[rank * 32 + column] = sums[column] + 10 * theirs;
    }
    cluster_sync();
}

/// Producer and consumers over a ring that cp.async fills, with arrivals that follow the copies.
__global__ void __launch_bounds__(128) noinc_copy(const uint4* in, uint4* out, int count) {
    uint4* ring = dynamic_shared<uint4>();
    __shared__ std::uint64_t full[2], empty[2];
    const int thread = static_cast<int>(threadIdx.x), lane = thread % 64;
    if (thread == 0) {
        for (int stage = 0; stage < 2; ++stage) {
            mbarrier_init(&full[stage], 64);
            mbarrier_init(&empty[stage], 64);
        }
    }
    __syncthreads();
    for (int step = 0; step * 64 < count; ++step) {
        const int stage = step % 2, phase = step / 2 % 2;
        if (thread < 64) {
            mbarrier_wait_parity(&empty[stage], phase ^ 1);
            cp_async_cg_16(&ring[stage * 64 + lane], in + step * 64 + lane);
            cp_async_mbarrier_arrive_noinc(&full[stage]);
        } else {
            while (!mbarrier_try_wait_parity(&full[stage], phase)) {
            }
            out[step * 64 + lane] = ring[stage * 64 + (lane + 1) % 64];
            mbarrier_arrive(&empty[stage]);
        }
    }
}

/// A round trip through stmatrix and ldmatrix, plain and transposed, and named barriers between two pairs of warps.
__global__ void __launch_bounds__(128) matrices(const std::uint32_t* in, std::uint32_t* out) {
    auto* tile = dynamic_shared<unsigned char>();
    const int thread = static_cast<int>(threadIdx.x), warp = thread / 32, lane = thread % 32;
    const int partner = warp ^ 2;
    std::uint32_t matrix[4], back[4];
    for (int i = 0; i < 4; ++i) matrix[i] = in[thread * 4 + i];
    stmatrix_x4_trans(tile + warp * 512 + lane * 16, matrix);
    barrier_sync(1 + warp % 2, 64);
    ldmatrix_x4(back, tile + partner * 512 + lane * 16);
    for (int i = 0; i < 4; ++i) out[thread * 4 + i] = back[i];
}

/// The second block waits for an arrival that never comes.
__global__ void missing_arrival() {
    __shared__ std::uint64_t full;
    if (threadIdx.x == 0) {
        mbarrier_init(&full, 2);
        fence_mbarrier_init();
        mbarrier_arrive(&full);
        if (blockIdx.x != 1) mbarrier_arrive(&full);
        mbarrier_wait_parity(&full, 0);
    }
}

std::vector<NativeInstance> ptx_kernels() {
    NativeList list;
    list.add<&ampere_gemm<Flaw::none>>("ampere_gemm", "");
    list.add<&hopper_gemm<Flaw::none>>("hopper_gemm", "");
    list.add<&wgmma_layout<64, Major::k, Major::k, Swizzle::bytes_128>>("wgmma_layout", "64 k k 128");
    list.add<&wgmma_layout<96, Major::k, Major::k, Swizzle::bytes_64>>("wgmma_layout", "96 k k 64");
    list.add<&wgmma_layout<192, Major::k, Major::k, Swizzle::bytes_32>>("wgmma_layout", "192 k k 32");
    list.add<&wgmma_layout<128, Major::k, Major::mn, Swizzle::bytes_128>>("wgmma_layout", "128 k mn 128");
    list.add<&wgmma_layout<256, Major::mn, Major::mn, Swizzle::bytes_128>>("wgmma_layout", "256 mn mn 128");
    list.add<&wgmma_layout<64, Major::mn, Major::k, Swizzle::bytes_64>>("wgmma_layout", "64 mn k 64");
    list.add<&wgmma_layout<64, Major::mn, Major::mn, Swizzle::bytes_32>>("wgmma_layout", "64 mn mn 32");
    list.add<&wgmma_types<Element::f16, float>>("wgmma_types", "f16");
    list.add<&wgmma_types<Element::tf32, float>>("wgmma_types", "tf32");
    list.add<&wgmma_types<Element::e4m3, float>>("wgmma_types", "e4m3");
    list.add<&wgmma_types<Element::e5m2, float>>("wgmma_types", "e5m2");
    list.add<&wgmma_types<Element::s8, std::int32_t>>("wgmma_types", "s8");
    list.add<&copy_tiles>("copy_tiles", "");
    list.add<&cluster_exchange>("cluster_exchange", "");
    list.add<&noinc_copy>("noinc_copy", "");
    list.add<&matrices>("matrices", "");
    list.add<&missing_arrival>("missing_arrival", "");
    return std::move(list);
}

}  // namespace stele::ptx
