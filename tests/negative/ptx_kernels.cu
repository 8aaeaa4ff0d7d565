// Kernels with one thing wrong each; tests/negative/ptx_defects.cpp says how each must be caught.
#include "kernels/common/ptx/bulk.cuh"
#include "kernels/common/ptx/cluster.cuh"
#include "tests/support/ptx_gemm.cuh"

namespace stele::ptx {

/// Plain stores of an operand, then a wgmma, with no proxy fence between.
__global__ void __launch_bounds__(128, 1) unfenced_operand(float* d) {
    unsigned char* tile = dynamic_shared<unsigned char>();
    for (int i = static_cast<int>(threadIdx.x); i < 4096; i += 128) tile[i] = 0;
    __syncthreads();
    float acc[32];
    wgmma_fence();
    wgmma<Element::f16>(acc, wgmma_descriptor(tile, 128, 256, Swizzle::none),
                        wgmma_descriptor(tile + 2048, 128, 256, Swizzle::none), false);
    wgmma_commit_group();
    wgmma_wait_group<0>();
    d[threadIdx.x] = acc[0];
}

/// Plain stores, then a TMA store of them, with no proxy fence between.
__global__ void unfenced_store(const __grid_constant__ TensorMap map) {
    float* tile = dynamic_shared<float>();
    tile[threadIdx.x] = static_cast<float>(threadIdx.x);
    __syncthreads();
    if (threadIdx.x == 0) {
        tma_store_2d(map, tile, 0, 0);
        bulk_commit_group();
        bulk_wait_group_read<0>();
    }
}

/// The kernel ends while a bulk store may still read its shared memory.
__global__ void unwaited_store(float* out) {
    float* tile = dynamic_shared<float>();
    tile[threadIdx.x] = 1;
    fence_proxy_async_shared();
    __syncthreads();
    if (threadIdx.x == 0) {
        bulk_store(out, tile, 128);
        bulk_commit_group();
    }
}

/// Shared memory is written again before the store that reads it has been waited for.
__global__ void overwritten_store(float* out) {
    float* tile = dynamic_shared<float>();
    tile[threadIdx.x] = 1;
    fence_proxy_async_shared();
    __syncthreads();
    if (threadIdx.x == 0) {
        bulk_store(out, tile, 128);
        bulk_commit_group();
    }
    tile[threadIdx.x] = 2;
    if (threadIdx.x == 0) bulk_wait_group<0>();
}

/// One thread more than counted arrives while transactions are open.
__global__ void extra_arrival(const float* in) {
    float* tile = dynamic_shared<float>();
    __shared__ std::uint64_t full;
    if (threadIdx.x == 0) {
        mbarrier_init(&full, 1);
        fence_mbarrier_init();
        mbarrier_arrive_expect_tx(&full, 128);
        bulk_load(tile, in, 128, &full);
        mbarrier_arrive(&full);
    }
}

/// A barrier that nobody initialised.
__global__ void no_barrier() {
    __shared__ std::uint64_t full;
    mbarrier_wait_parity(&full, 0);
}

/// Only one of four warps multiplies.
__global__ void __launch_bounds__(128, 1) lonely_warp(float* d) {
    unsigned char* tile = dynamic_shared<unsigned char>();
    fence_proxy_async();
    if (threadIdx.x >= 32) return;
    float acc[32];
    wgmma_fence();
    wgmma<Element::f16>(acc, wgmma_descriptor(tile, 128, 256, Swizzle::none),
                        wgmma_descriptor(tile + 2048, 128, 256, Swizzle::none), false);
    wgmma_commit_group();
    wgmma_wait_group<0>();
    d[threadIdx.x] = acc[0];
}

/// Accumulators are changed while a wgmma on them is in flight.
__global__ void __launch_bounds__(128, 1) touched_accumulator(float* d) {
    unsigned char* tile = dynamic_shared<unsigned char>();
    fence_proxy_async();
    float acc[32];
    for (float& value : acc) value = 0;
    wgmma_fence();
    wgmma<Element::f16>(acc, wgmma_descriptor(tile, 128, 256, Swizzle::none),
                        wgmma_descriptor(tile + 2048, 128, 256, Swizzle::none), true);
    wgmma_commit_group();
    acc[3] = 1;
    wgmma_wait_group<0>();
    d[threadIdx.x] = acc[0];
}

/// A bulk copy of 24 bytes.
__global__ void odd_bulk(const float* in) {
    float* tile = dynamic_shared<float>();
    __shared__ std::uint64_t full;
    if (threadIdx.x == 0) {
        mbarrier_init(&full, 1);
        fence_mbarrier_init();
        bulk_load(tile, in, 24, &full);
    }
}

/// One bulk copy into the blocks of the cluster whose bits are set.
__global__ void multicast_into(const float* in, int blocks) {
    float* tile = dynamic_shared<float>();
    __shared__ std::uint64_t full;
    if (threadIdx.x == 0) {
        mbarrier_init(&full, 1);
        fence_mbarrier_init();
        mbarrier_arrive_expect_tx(&full, 16);
        bulk_load_multicast(tile, in, 16, &full, static_cast<std::uint16_t>(blocks));
        mbarrier_wait_parity(&full, 0);
    }
}

/// Arrives by the cluster's address at a barrier that no other block may have seen yet.
__global__ void early_arrival(bool expects) {
    __shared__ std::uint64_t full;
    if (threadIdx.x == 0) {
        mbarrier_init(&full, 2);
        if (expects)
            mbarrier_arrive_expect_tx_cluster(mapa(&full, 0), 16);
        else
            mbarrier_arrive_cluster(mapa(&full, 0));
    }
}

/// Reads what cp.async brings without waiting for it.
__global__ void hasty_load(const float* in, float* out) {
    float* tile = dynamic_shared<float>();
    cp_async_ca_4(tile + threadIdx.x, in + threadIdx.x);
    cp_async_commit_group();
    out[threadIdx.x] = tile[threadIdx.x];
}

std::vector<NativeInstance> ptx_flawed_kernels() {
    NativeList list;
    list.add<&ampere_gemm<Flaw::wrong_group>>("ampere_gemm", "wrong_group");
    list.add<&ampere_gemm<Flaw::misaligned_ldmatrix>>("ampere_gemm", "misaligned_ldmatrix");
    list.add<&hopper_gemm<Flaw::dropped_wait>>("hopper_gemm", "dropped_wait");
    list.add<&hopper_gemm<Flaw::dropped_init_fence>>("hopper_gemm", "dropped_init_fence");
    list.add<&hopper_gemm<Flaw::many_arrivals>>("hopper_gemm", "many_arrivals");
    list.add<&hopper_gemm<Flaw::more_bytes>>("hopper_gemm", "more_bytes");
    list.add<&hopper_gemm<Flaw::misaligned_tma>>("hopper_gemm", "misaligned_tma");
    list.add<&hopper_gemm<Flaw::misaligned_wgmma>>("hopper_gemm", "misaligned_wgmma");
    list.add<&hopper_gemm<Flaw::dropped_fence>>("hopper_gemm", "dropped_fence");
    list.add<&hopper_gemm<Flaw::dropped_result_wait>>("hopper_gemm", "dropped_result_wait");
    list.add<&hopper_gemm<Flaw::early_release>>("hopper_gemm", "early_release");
    list.add<&unfenced_operand>("unfenced_operand", "");
    list.add<&unfenced_store>("unfenced_store", "");
    list.add<&unwaited_store>("unwaited_store", "");
    list.add<&overwritten_store>("overwritten_store", "");
    list.add<&extra_arrival>("extra_arrival", "");
    list.add<&no_barrier>("no_barrier", "");
    list.add<&lonely_warp>("lonely_warp", "");
    list.add<&touched_accumulator>("touched_accumulator", "");
    list.add<&hasty_load>("hasty_load", "");
    list.add<&odd_bulk>("odd_bulk", "");
    list.add<&multicast_into>("multicast_into", "");
    list.add<&early_arrival>("early_arrival", "");
    return std::move(list);
}

}  // namespace stele::ptx
