// gemm / naive — CUDA C++ with PTX; siblings: naive.cu, naive.cl
//
// C[M,N] = A[M,K] B[K,N], row-major, B as [K,N] or [N,K]. One thread owns one element of C and reads a row of A and a
// column of B from global memory, through the read-only path. Neighbouring threads own neighbouring columns.
#include "kernels/common/ptx_element.cuh"
#include "kernels/gemm/instances.cuh"
#include "kernels/gemm/naive/naive.hpp"

namespace stele::gemm::ptx {

using namespace stele::ptx;

using gemm::LayoutB;

template <typename T, LayoutB layout>
__global__ void __launch_bounds__(gemm::naive_threads)
    gemm_naive(const T* __restrict__ A, const T* __restrict__ B, T* __restrict__ C, int M, int N, int K) {
    // -- place
    const long long element = static_cast<long long>(blockIdx.x) * gemm::naive_threads + threadIdx.x;
    const long long row = element / N, col = element % N;
    if (row >= M) return;
    const T* a = A + row * K;
    const T* b = layout == LayoutB::kn ? B + col : B + col * K;
    const long long b_step = layout == LayoutB::kn ? N : 1;
    float acc = 0.0f;

    // -- multiply
    // By four: what the compiler chose by itself took 1.045 times as long on an H200.
#pragma unroll 4
    for (int k = 0; k < K; ++k) acc = fma_rn_f32(load_element(a + k), load_element(b + k * b_step), acc);

    // -- store
    store_element(C + element, acc);
}

std::vector<NativeInstance> gemm_naive() {
    NativeList list;
    gemm::for_each_instance([&]<typename T, LayoutB layout>(const std::string& instance) {
        list.add<gemm_naive<T, layout>>("gemm_naive", instance);
    });
    return std::move(list);
}

}  // namespace stele::gemm::ptx
