// gemm / panel — OpenCL C, shaped for a CPU; no siblings: a GPU has other caches and many more threads.
//
// C[M,N] = A[M,K] B[K,N], row-major, B as [K,N] or [N,K]; a number of such `products` behind each other, or as many
// groups of rows, each with its own B. A block is one work-item. It owns BLOCK_M × BLOCK_N of C and walks along K in
// steps of BLOCK_K: it packs that part of B into a panel of strips, THREAD_N columns wide, and holds THREAD_M rows of A
// at a time against each strip, their THREAD_M × THREAD_N sums in registers. Between two steps the sums lie in
// `partial`, f32, BLOCK_M × BLOCK_N a block in the order of their use. There are as many blocks as compute units; a
// block takes tile after tile.
#include "common/panel.clh"
#include "gemm/layout.clh"

// A strip of the panel has BLOCK_K rows of THREAD_N floats, one behind the other.
#define STRIPS (BLOCK_N / THREAD_N)
#define STRIP (BLOCK_K * THREAD_N)
// Columns of the next rows of A that are copied before each strip is multiplied: their misses hide behind its products.
#define PIECE (((BLOCK_K + STRIPS - 1) / STRIPS + 15) / 16 * 16)

// Equal parts of `extent`, in whole units and none larger than `block`, so that the last part is no crumb.
static inline int part_of(int extent, int block, int unit) {
    const int parts = (extent + block - 1) / block;
    return parts == 0 ? block : ((extent + parts - 1) / parts + unit - 1) / unit * unit;
}

// Columns `begin` to `end` of THREAD_M rows of A as f32, a cache line at a time; zeros beyond `rows` and `depth`.
static inline void copy_rows(local float* rows_a, global const Element* from, int K, int rows, int depth, int begin,
                             int end) {
    for (int k = begin; k < min(end, depth); k += 16)
#pragma unroll
        for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
            for (int part = k; part < k + 16; part += 8)
                vstore8(load_some(from + (long)i * K + part, i < rows ? depth - part : 0), 0,
                        rows_a + i * BLOCK_K + part);
}

// Has the same part of whole rows brought in.
static inline void fetch_rows(global const Element* from, int K, int begin, int end) {
    for (int k = begin; k < end; k += 16)
#pragma unroll
        for (int i = 0; i < THREAD_M; ++i) fetch_soon(from + (long)i * K + k);
}

// sums[THREAD_M, THREAD_N] = a[THREAD_M, depth] b[depth, THREAD_N], and what they were before unless this is the
// `first` step.
static inline void multiply(global float* sums, local const float* a, local const float* b, int depth, bool first) {
    float16 acc[THREAD_M][THREAD_N / 16];
#pragma unroll
    for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
        for (int v = 0; v < THREAD_N / 16; ++v) acc[i][v] = first ? (float16)(0.0f) : vload16(v, sums + i * THREAD_N);
    add_products(acc, a, BLOCK_K, b, depth);
#pragma unroll
    for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
        for (int v = 0; v < THREAD_N / 16; ++v) vstore16(acc[i][v], v, sums + i * THREAD_N);
}

// `rows` and `cols` of sums[THREAD_M, THREAD_N] to their place in C.
static inline void store(global Element* to, int N, global const float* sums, int rows, int cols) {
    for (int i = 0; i < min(rows, THREAD_M); ++i)
        for (int col = 0; col < min(cols, THREAD_N); col += 8)
            store_some(vload8(0, sums + i * THREAD_N + col), to + (long)i * N + col, cols - col);
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void gemm_panel(
    global const Element* restrict A,      // [M,K], of each product of a batch
    global const Element* restrict B,      // [K,N] or [N,K], of each product or group
    global const int* restrict row_begin,  // [groups + 1]; null: no groups
    global Element* restrict C,
    int M,  // rows of a product, or of the largest group
    int N, int K, int products, global float* restrict partial, int part_rows,
    int part_cols) {  // of a tile, at most BLOCK_M and BLOCK_N: fewer where compute units want tiles
    local __attribute__((aligned(64))) float panel_b[BLOCK_K * BLOCK_N];
    local __attribute__((aligned(64))) float rows_a[2][THREAD_M * BLOCK_K];
    const int tile_cols = part_of(N, part_cols, THREAD_N), step = part_of(K, BLOCK_K, 16);
    const int tiles_m = (M + part_rows - 1) / part_rows, tiles_n = (N + tile_cols - 1) / tile_cols;

    for (int tile = get_group_id(0); tile < products * tiles_m * tiles_n; tile += get_num_groups(0)) {
        // -- place
        const long product = tile / (tiles_m * tiles_n);
        const long first_row = row_begin ? row_begin[product] : product * M;
        const int product_rows = row_begin ? row_begin[product + 1] - row_begin[product] : M;
        const int tile_rows = part_of(product_rows, part_rows, THREAD_M);
        const int block_row = tile / tiles_n % tiles_m * tile_rows, block_col = tile % tiles_n * tile_cols;
        const int rows = min(tile_rows, product_rows - block_row), cols = min(tile_cols, N - block_col);
        if (rows <= 0) continue;  // a group that is smaller than the largest
        global const Element* tile_a = A + (first_row + block_row) * K;
        global const Element* tile_b = B + product * N * K + (B_IS_KN ? block_col : (long)block_col * K);
        global Element* tile_c = C + (first_row + block_row) * N + block_col;

        // K = 0 makes one step without products, which stores zeros.
        for (int k_begin = 0; k_begin == 0 || k_begin < K; k_begin += step) {
            // -- load
            const int depth = min(step, K - k_begin);
            global const Element* from = tile_a + k_begin;
            if (B_IS_KN)
                pack(panel_b, STRIP, tile_b + (long)k_begin * N, N, depth, cols, true);
            else
                pack(panel_b, STRIP, tile_b + k_begin, K, cols, depth, false);
            copy_rows(rows_a[0], from, K, rows, depth, 0, BLOCK_K);

            // -- multiply
            global float* sums = partial + (long)get_group_id(0) * BLOCK_M * BLOCK_N;
            for (int row = 0, stage = 0; row < rows; row += THREAD_M, stage ^= 1) {
                const int next = row + THREAD_M;
                for (int strip = 0; strip < STRIPS; ++strip, sums += THREAD_M * THREAD_N) {
                    const int col = strip * THREAD_N, begin = strip * PIECE, end = min(BLOCK_K, begin + PIECE);
                    if (next < rows)
                        copy_rows(rows_a[stage ^ 1], from + (long)next * K, K, rows - next, depth, begin, end);
                    if (next + 2 * THREAD_M <= rows)
                        fetch_rows(from + (long)(next + THREAD_M) * K, K, begin, min(end, depth));
                    if (col >= cols) continue;
                    multiply(sums, rows_a[stage], panel_b + strip * STRIP, depth, k_begin == 0);

                    // -- store
                    if (k_begin + step >= K) store(tile_c + (long)row * N + col, N, sums, rows - row, cols - col);
                }
            }
        }
    }
}
