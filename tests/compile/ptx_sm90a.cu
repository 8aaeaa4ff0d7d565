// Every ptx/ function for Hopper, called once, so that each is compiled and assembled.
#include <cuda_runtime.h>

#include "kernels/common/ptx/barrier.cuh"
#include "kernels/common/ptx/bulk.cuh"
#include "kernels/common/ptx/cluster.cuh"
#include "kernels/common/ptx/fence.cuh"
#include "kernels/common/ptx/ldmatrix.cuh"
#include "kernels/common/ptx/mbarrier.cuh"
#include "kernels/common/ptx/mma.cuh"
#include "kernels/common/ptx/registers.cuh"
#include "kernels/common/ptx/tma.cuh"
#include "kernels/common/ptx/wgmma_s32.cuh"

using namespace stele::ptx;

__global__ void copies(const __grid_constant__ stele::TensorMap map, float* out, const float* in) {
    extern __shared__ __align__(1024) char tile[];
    __shared__ std::uint64_t barrier;
    if (threadIdx.x == 0) {
        prefetch_tensor_map(map);
        mbarrier_init(&barrier, 2);
        fence_mbarrier_init();
        fence_proxy_async();
        mbarrier_expect_tx(&barrier, 1024);
        mbarrier_arrive_expect_tx(&barrier, 4096);
        tma_load_2d(tile, map, &barrier, 0, 0);
        tma_load_3d(tile, map, &barrier, 0, 0, 0);
        tma_load_4d(tile, map, &barrier, 0, 0, 0, 0);
        tma_load_2d_multicast(tile, map, &barrier, 3, 0, 0);
        tma_load_3d_multicast(tile, map, &barrier, 3, 0, 0, 0);
        bulk_load(tile, in, 128, &barrier);
        bulk_load_multicast(tile, in, 128, &barrier, 3);
        bulk_copy_cluster(mapa(tile, 1), tile, 128, mapa(&barrier, 1));
    }
    cp_async_mbarrier_arrive_noinc(&barrier);
    cluster_sync();
    cluster_arrive();
    cluster_wait();
    mbarrier_arrive(&barrier);
    mbarrier_arrive_cluster(mapa(&barrier, cluster_rank() ^ 1));
    mbarrier_arrive_relaxed_cluster(mapa(&barrier, cluster_rank() ^ 1));
    mbarrier_arrive_expect_tx_cluster(mapa(&barrier, cluster_size() - 1), 16);
    if (!mbarrier_test_wait_parity(&barrier, 0) && !mbarrier_try_wait_parity(&barrier, 0))
        mbarrier_wait_parity(&barrier, 0);
    mbarrier_wait_parity_cluster(&barrier, 1);
    mbarrier_wait_parity_relaxed_cluster(&barrier, 1);
    mbarrier_wait_parity_cluster(&barrier, 0);
    const std::uint32_t one[1] = {1}, two[2] = {1, 2}, four[4] = {1, 2, 3, 4};
    stmatrix_x1(tile, one);
    stmatrix_x2(tile, two);
    stmatrix_x4(tile, four);
    stmatrix_x1_trans(tile, one);
    stmatrix_x2_trans(tile, two);
    stmatrix_x4_trans(tile, four);
    fence_proxy_async_shared();
    fence_cluster();
    st_shared_cluster_f32(mapa(tile, 0), ld_shared_cluster_f32(mapa(tile, 1)));
    tma_store_2d(map, tile, 0, 0);
    tma_store_3d(map, tile, 0, 0, 0);
    tma_store_4d(map, tile, 0, 0, 0, 0);
    bulk_store(out, tile, 128);
    bulk_reduce_add_f32(out, reinterpret_cast<const float*>(tile), 128);
    bulk_commit_group();
    bulk_wait_group_read<0>();
    bulk_wait_group<0>();
    mbarrier_invalidate(&barrier);
    griddepcontrol_launch_dependents();
    griddepcontrol_wait();
    float acc[4] = {};
    mma_m16n8k32_e4m3_f32(acc, four, two, acc);
    out[threadIdx.x] = acc[0] + static_cast<float>(shared_address(tile));
}

/// Each type, major and sign for one N; A from shared memory and from registers.
template <int n>
__global__ void __launch_bounds__(128, 1) products(float* out, std::int32_t* sums, const std::uint32_t* in) {
    extern __shared__ __align__(1024) char tile[];
    setmaxnreg_dec<240>();
    setmaxnreg_inc<240>();
    const std::uint64_t a = wgmma_descriptor(tile, 16, 1024, Swizzle::bytes_128);
    const std::uint64_t b = wgmma_advance(a, 8192);
    std::uint32_t fragment[4] = {in[0], in[1], in[2], in[3]};
    float d[n / 2] = {};
    wgmma_fence();
    wgmma<Element::f16>(d, a, b, false);
    wgmma<Element::f16>(d, fragment, b, true);
    wgmma<Element::bf16, Major::k, Major::mn>(d, a, b, true);
    wgmma<Element::bf16, Major::mn, Major::k, -1>(d, a, b, true);
    wgmma<Element::bf16, Major::mn, Major::mn, 1, -1>(d, a, b, true);
    wgmma<Element::bf16, Major::mn>(d, fragment, b, true);
    wgmma<Element::tf32>(d, a, b, true);
    wgmma<Element::tf32>(d, fragment, b, true);
    wgmma<Element::e4m3>(d, a, b, true);
    wgmma<Element::e4m3>(d, fragment, b, true);
    wgmma<Element::e5m2>(d, a, b, true);
    wgmma_commit_group();
    wgmma_wait_group<0>();
    for (int i = 0; i < n / 2; ++i) out[i * 128 + threadIdx.x] = d[i];
    std::int32_t s[n / 2] = {};
    wgmma_fence();
    wgmma<Element::s8>(s, a, b, false);
    wgmma<Element::s8>(s, fragment, b, true);
    wgmma_commit_group();
    wgmma_wait_group<0>();
    for (int i = 0; i < n / 2; ++i) sums[i * 128 + threadIdx.x] = s[i];
}

template __global__ void products<64>(float*, std::int32_t*, const std::uint32_t*);
template __global__ void products<96>(float*, std::int32_t*, const std::uint32_t*);
template __global__ void products<128>(float*, std::int32_t*, const std::uint32_t*);
template __global__ void products<192>(float*, std::int32_t*, const std::uint32_t*);
template __global__ void products<256>(float*, std::int32_t*, const std::uint32_t*);
