// gemm / naive — OpenCL C; siblings: naive.cu, naive.ptx.cu
//
// C[M,N] = A[M,K] B[K,N], row-major, B as [K,N] or [N,K]. One thread owns one element of C and reads a row of A and a
// column of B from global memory. Neighbouring threads own neighbouring columns.
#include "common/element.clh"
#include "gemm/layout.clh"

kernel __attribute__((reqd_work_group_size(NUM_THREADS, 1, 1))) void gemm_naive(global const Element* restrict A,
                                                                                global const Element* restrict B,
                                                                                global Element* restrict C, int M,
                                                                                int N, int K) {
    // -- place
    const long element = get_global_id(0);
    const long row = element / N, col = element % N;
    if (row >= M) return;
    global const Element* a = A + row * K;
    global const Element* b = B_IS_KN ? B + col : B + col * K;
    const long b_step = B_IS_KN ? N : 1;
    float acc = 0.0f;

    // -- multiply
    for (int k = 0; k < K; ++k) acc = fma(element_to_float(a[k]), element_to_float(b[k * b_step]), acc);

    // -- store
    C[element] = element_from_float(acc);
}
