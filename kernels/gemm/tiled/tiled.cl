// gemm / tiled — OpenCL C; siblings: tiled.cu, tiled.ptx.cu
//
// C[M,N] = A[M,K] B[K,N], row-major, B as [K,N] or [N,K]. A block owns BLOCK_M × BLOCK_N of C and walks along K in steps of
// BLOCK_K, whose tiles it keeps in shared memory as they lie in global memory; the next step's tiles travel through
// registers meanwhile. A thread owns THREAD_M × THREAD_N of C in registers, its rows THREADS_M apart.
#include "common/element.clh"
#include "gemm/layout.clh"

#define STAGES 2
#define THREADS_M (BLOCK_M / THREAD_M)
#define THREADS_N (BLOCK_N / THREAD_N)
// Elements of a 16-byte piece, which is also the padding of a row: it sets rows that are read at one time into different
// banks.
#define VECTOR (16 / (int)sizeof(Element))
#define B_ROWS (B_IS_KN ? BLOCK_K : BLOCK_N)
#define B_COLS (B_IS_KN ? BLOCK_N : BLOCK_K)
#define A_STRIDE (BLOCK_K + VECTOR)
#define B_STRIDE (B_COLS + VECTOR)
#define PIECES_A (BLOCK_M * BLOCK_K / VECTOR / NUM_THREADS)
#define PIECES_B (BLOCK_N * BLOCK_K / VECTOR / NUM_THREADS)

// 16 bytes of a row, whole or by elements.
typedef union {
    uint4 whole;
    Element element[16 / sizeof(Element)];
} Piece;

// A thread's column j within the block: in fours where four are read at once, apart where a row of B is a column.
static inline int column(int thread_col, int j) {
    return B_IS_KN ? (j / 4 * THREADS_N + thread_col) * 4 + j % 4 : j * THREADS_N + thread_col;
}

// This thread's pieces of a tile with tile_cols columns at (row_begin, col_begin) of matrix[rows, cols]; zeros beyond its
// edges.
static inline void fetch(Piece* pieces, int num_pieces, int tile_cols, global const Element* restrict matrix, int rows,
                         int cols, int row_begin, int col_begin, int thread) {
    const int pieces_per_row = tile_cols / VECTOR;
    const bool aligned = cols % VECTOR == 0;
    for (int i = 0; i < num_pieces; ++i) {
        const int piece = i * NUM_THREADS + thread;
        const int row = row_begin + piece / pieces_per_row, col = col_begin + piece % pieces_per_row * VECTOR;
        global const Element* from = matrix + (long)row * cols + col;
        pieces[i].whole = (uint4)(0);
        if (row >= rows) continue;
        if (aligned) {
            if (col < cols) pieces[i].whole = *(global const uint4*)from;
        } else {
            for (int e = 0; e < VECTOR; ++e)
                if (col + e < cols) pieces[i].element[e] = from[e];
        }
    }
}

// Puts fetched pieces into their places of the shared tile.
static inline void place_pieces(local Element* tile, const Piece* pieces, int num_pieces, int tile_cols, int stride,
                                int thread) {
    const int pieces_per_row = tile_cols / VECTOR;
    for (int i = 0; i < num_pieces; ++i) {
        const int piece = i * NUM_THREADS + thread;
        *(local uint4*)(tile + piece / pieces_per_row * stride + piece % pieces_per_row * VECTOR) = pieces[i].whole;
    }
}

static inline void fetch_tiles(Piece* next_a, Piece* next_b, global const Element* restrict A,
                               global const Element* restrict B, int M, int N, int K, int block_row, int block_col,
                               int k_begin, int thread) {
    fetch(next_a, PIECES_A, BLOCK_K, A, M, K, block_row, k_begin, thread);
    if (B_IS_KN)
        fetch(next_b, PIECES_B, B_COLS, B, K, N, k_begin, block_col, thread);
    else
        fetch(next_b, PIECES_B, B_COLS, B, N, K, block_col, k_begin, thread);
}

static inline float4 load4(local const Element* from) { return to_float(*(local const Element4*)from); }

// b[e] is elements k to k + 3 of this thread's column j + e.
static inline void load_columns(float4* b, local const Element* tile_b, int thread_col, int j, int k) {
    if (B_IS_KN) {
        local const Element* from = tile_b + k * B_STRIDE + column(thread_col, j);
        const float4 k0 = load4(from), k1 = load4(from + B_STRIDE);
        const float4 k2 = load4(from + 2 * B_STRIDE), k3 = load4(from + 3 * B_STRIDE);
        b[0] = (float4)(k0.x, k1.x, k2.x, k3.x);
        b[1] = (float4)(k0.y, k1.y, k2.y, k3.y);
        b[2] = (float4)(k0.z, k1.z, k2.z, k3.z);
        b[3] = (float4)(k0.w, k1.w, k2.w, k3.w);
    } else {
        for (int e = 0; e < 4; ++e) b[e] = load4(tile_b + column(thread_col, j + e) * B_STRIDE + k);
    }
}

kernel __attribute__((reqd_work_group_size(NUM_THREADS, 1, 1))) void gemm_tiled(
    global const Element* restrict A, global const Element* restrict B, global Element* restrict C, int M, int N, int K) {
    local __attribute__((aligned(16))) Element tile_a[STAGES][BLOCK_M * A_STRIDE];
    local __attribute__((aligned(16))) Element tile_b[STAGES][B_ROWS * B_STRIDE];
    Piece next_a[PIECES_A], next_b[PIECES_B];
    float acc[THREAD_M][THREAD_N];

    // -- place
    const int thread = get_local_id(0);
    const int thread_row = thread / THREADS_N, thread_col = thread % THREADS_N;
    const int blocks_n = (N + BLOCK_N - 1) / BLOCK_N;
    const int block_row = get_group_id(0) / blocks_n * BLOCK_M, block_col = get_group_id(0) % blocks_n * BLOCK_N;
#pragma unroll
    for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
        for (int j = 0; j < THREAD_N; ++j) acc[i][j] = 0.0f;

    // -- load
    fetch_tiles(next_a, next_b, A, B, M, N, K, block_row, block_col, 0, thread);
    place_pieces(tile_a[0], next_a, PIECES_A, BLOCK_K, A_STRIDE, thread);
    place_pieces(tile_b[0], next_b, PIECES_B, B_COLS, B_STRIDE, thread);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k_begin = 0, stage = 0; k_begin < K; k_begin += BLOCK_K, stage ^= 1) {
        const bool more = k_begin + BLOCK_K < K;
        if (more) fetch_tiles(next_a, next_b, A, B, M, N, K, block_row, block_col, k_begin + BLOCK_K, thread);

        // -- multiply
        for (int k = 0; k < BLOCK_K; k += 4) {
            float4 a[THREAD_M], b[4];
#pragma unroll
            for (int i = 0; i < THREAD_M; ++i)
                a[i] = load4(tile_a[stage] + (thread_row + i * THREADS_M) * A_STRIDE + k);
            // Unrolled, so that acc is indexed by constants and stays in registers.
#pragma unroll
            for (int j = 0; j < THREAD_N; j += 4) {
                load_columns(b, tile_b[stage], thread_col, j, k);
#pragma unroll
                for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
                    for (int e = 0; e < 4; ++e) {
                        acc[i][j + e] = fma(a[i].x, b[e].x, acc[i][j + e]);
                        acc[i][j + e] = fma(a[i].y, b[e].y, acc[i][j + e]);
                        acc[i][j + e] = fma(a[i].z, b[e].z, acc[i][j + e]);
                        acc[i][j + e] = fma(a[i].w, b[e].w, acc[i][j + e]);
                    }
            }
        }
        // The other stage was last read before the barrier that began this step.
        if (more) {
            place_pieces(tile_a[stage ^ 1], next_a, PIECES_A, BLOCK_K, A_STRIDE, thread);
            place_pieces(tile_b[stage ^ 1], next_b, PIECES_B, B_COLS, B_STRIDE, thread);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }

    // -- store
    const bool aligned = N % 4 == 0;
#pragma unroll
    for (int i = 0; i < THREAD_M; ++i) {
        const int row = block_row + thread_row + i * THREADS_M;
        if (row >= M) continue;
        global Element* c = C + (long)row * N + block_col;
#pragma unroll
        for (int j = 0; j < THREAD_N; j += 4) {
            const int col = column(thread_col, j);
            if (B_IS_KN && aligned) {
                if (block_col + col < N)
                    *(global Element4*)(c + col) =
                        from_float((float4)(acc[i][j], acc[i][j + 1], acc[i][j + 2], acc[i][j + 3]));
            } else {
#pragma unroll
                for (int e = j; e < j + 4; ++e)
                    if (block_col + column(thread_col, e) < N) c[column(thread_col, e)] = element_from_float(acc[i][e]);
            }
        }
    }
}
