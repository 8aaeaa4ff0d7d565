// gemm / naive — CUDA C++; siblings: naive.ptx.cu, naive.cl
//
// C[M,N] = A[M,K] B[K,N], row-major, B as [K,N] or [N,K]. One thread owns one element of C and reads a row of A and a
// column of B from global memory. Neighbouring threads own neighbouring columns.
#include "kernels/common/half.cuh"
#include "kernels/gemm/instances.cuh"
#include "kernels/gemm/naive/naive.hpp"

namespace stele::gemm::cuda {

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
    for (int k = 0; k < K; ++k) acc = fmaf(to_float(a[k]), to_float(b[k * b_step]), acc);

    // -- store
    C[element] = from_float<T>(acc);
}

std::vector<NativeInstance> gemm_naive() {
    NativeList list;
    gemm::for_each_instance([&]<typename T, LayoutB layout>(const std::string& instance) {
        list.add<gemm_naive<T, layout>>("gemm_naive", instance);
    });
    return std::move(list);
}

}  // namespace stele::gemm::cuda
