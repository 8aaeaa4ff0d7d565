// ceiling / fma — OpenCL C; siblings: fma.cu, fma.ptx.cu
//
// C[block] = 16 · iterations · a bᵀ in f32, every product a fused multiply-add on registers. A block owns 64 × 256 of
// C, a thread 8 × 16.
#define THREAD_M 8
#define THREAD_N 16
#define DEPTH 16
#define UNROLL 4

kernel __attribute__((reqd_work_group_size(128, 1, 1))) void ceiling_fma(global const float* restrict a,  // [64]
                                                                         global const float* restrict b,  // [256]
                                                                         global float* restrict C,  // [blocks,64,256]
                                                                         int iterations) {
    float acc[THREAD_M][THREAD_N];

    // -- place
    const int row = get_local_id(0) / 16 * THREAD_M, col = get_local_id(0) % 16 * THREAD_N;

    // -- load
    float left[THREAD_M], right[THREAD_N];
#pragma unroll
    for (int i = 0; i < THREAD_M; ++i) {
        left[i] = a[row + i];
#pragma unroll
        for (int j = 0; j < THREAD_N; ++j) acc[i][j] = 0.0f;
    }
#pragma unroll
    for (int j = 0; j < THREAD_N; ++j) right[j] = b[col + j];

    // -- multiply
#pragma unroll 1
    for (int step = 0; step < iterations * (DEPTH / UNROLL); ++step) {
#pragma unroll
        for (int k = 0; k < UNROLL; ++k)
#pragma unroll
            for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
                for (int j = 0; j < THREAD_N; ++j) acc[i][j] = fma(left[i], right[j], acc[i][j]);
    }

    // -- store
    global float* c = C + (long)get_group_id(0) * 64 * 256;
#pragma unroll
    for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
        for (int j = 0; j < THREAD_N; ++j) c[(row + i) * 256 + col + j] = acc[i][j];
}
