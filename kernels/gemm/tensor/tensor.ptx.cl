// gemm / tensor — OpenCL C with NVIDIA's inline PTX; siblings: tensor.cu, tensor.ptx.cu
//
// C[M,N] = A[M,K] B[K,N], row-major, B as [K,N] or [N,K]. A block owns BLOCK_M × BLOCK_N of C and walks along K in
// steps of BLOCK_K, whose tiles cp.async keeps STAGES - 1 steps ahead in shared memory. A warp owns WARP_M × WARP_N of
// C in registers and brings fragments by ldmatrix while mma.sync multiplies the ones before. Tiles lie in shared memory
// as in global memory, their 16-byte pieces permuted so that no eight rows of one ldmatrix meet in a bank. The host's
// side of this is OpenCL's; the kernel runs on NVIDIA only.
#include "common/element.clh"
#include "common/ptx/warp_matrix.clh"
#include "gemm/layout.clh"

#define VECTOR 8  // elements of a 16-byte piece
#define WARPS_N (BLOCK_N / WARP_N)
#define B_ROWS (B_IS_KN ? BLOCK_K : BLOCK_N)
#define A_PITCH (BLOCK_K * 2)
#define B_PITCH ((B_IS_KN ? BLOCK_N : BLOCK_K) * 2)
#define A_BYTES (BLOCK_M * A_PITCH)
#define STAGE_BYTES (A_BYTES + B_ROWS * B_PITCH)
#define TILES_M (WARP_M / 16)
#define TILES_N (WARP_N / 16)
#define STEP_K 16
#define STEPS (BLOCK_K / STEP_K)
#define BAND 8
#define STAGING_ROWS 16
#define STAGING_STRIDE (WARP_N + 8)
#define PIECES_PER_ROW (WARP_N / VECTOR)

// Where a 16-byte piece of a tile lies.
static inline int place(int pitch, int row, int piece) {
    return row * pitch + (piece ^ (pitch == 64 ? row / 2 % 4 : row % 8)) * 16;
}

// Copies a tile of rows × pitch bytes: zeros beyond rows_left rows and cols_left elements, both counted from this
// thread's first piece, which is `from` and goes to `to`.
static inline void copy_tile(uint to, global const Element* from, int stride, int rows, int pitch, int rows_left,
                             int cols_left) {
    const int panel = pitch < 128 ? pitch / 16 : 8, rows_at_once = NUM_THREADS / panel;
#pragma unroll
    for (int row = 0; row < rows; row += rows_at_once)
#pragma unroll
        for (int piece = 0; piece < pitch / 16; piece += panel)
            cp_async_cg_16(to + row * pitch + piece * 16, from + (long)row * stride + piece * VECTOR,
                           row < rows_left && piece * VECTOR < cols_left ? 16 : 0);
}

// The tiles of A and B that a block walks along K, as one thread copies them.
typedef struct {
    global const Element *from_a, *from_b;
    uint to_a, to_b;
    int a_stride, b_stride;
    // From this thread's first pieces to the edges.
    int a_rows_left, a_cols_left, b_rows_left, b_cols_left;
} Tiles;

static inline Tiles tiles_of(global const Element* A, global const Element* B, uint base, int block_row, int block_col,
                             int M, int N, int K, int a_stride, int b_stride, int thread) {
    const int a_panel = A_PITCH < 128 ? A_PITCH / 16 : 8, b_panel = B_PITCH < 128 ? B_PITCH / 16 : 8;
    const int a_row = thread / a_panel, a_col = thread % a_panel * VECTOR;
    const int b_row = (B_IS_KN ? 0 : block_col) + thread / b_panel;
    const int b_col = (B_IS_KN ? block_col : 0) + thread % b_panel * VECTOR;
    Tiles tiles;
    tiles.from_a = A + (long)(block_row + a_row) * a_stride + a_col;
    tiles.from_b = B + (long)b_row * b_stride + b_col;
    tiles.to_a = base + place(A_PITCH, a_row, thread % a_panel);
    tiles.to_b = base + A_BYTES + place(B_PITCH, thread / b_panel, thread % b_panel);
    tiles.a_stride = a_stride;
    tiles.b_stride = b_stride;
    tiles.a_rows_left = M - block_row - a_row;
    tiles.a_cols_left = a_stride - a_col;
    tiles.b_rows_left = (B_IS_KN ? K : N) - b_row;
    tiles.b_cols_left = b_stride - b_col;
    return tiles;
}

// Starts the copies to a stage.
static inline void copy_tiles(const Tiles* tiles, int stage) {
    copy_tile(tiles->to_a + stage, tiles->from_a, tiles->a_stride, BLOCK_M, A_PITCH, tiles->a_rows_left,
              tiles->a_cols_left);
    copy_tile(tiles->to_b + stage, tiles->from_b, tiles->b_stride, B_ROWS, B_PITCH, tiles->b_rows_left,
              tiles->b_cols_left);
}

// To the next tiles.
static inline void advance(Tiles* tiles) {
    cp_async_commit_group();
    tiles->from_a += BLOCK_K;
    tiles->from_b += B_IS_KN ? (long)BLOCK_K * tiles->b_stride : (long)BLOCK_K;
    tiles->a_cols_left -= BLOCK_K;
    if (B_IS_KN)
        tiles->b_rows_left -= BLOCK_K;
    else
        tiles->b_cols_left -= BLOCK_K;
}

// Where a lane's first piece of B lies within a tile, for load_b().
static inline int first_b(int warp_col, int lane) {
    return B_IS_KN ? place(B_PITCH, lane % 16, warp_col / 8 + lane / 16)
                   : place(B_PITCH, warp_col + lane % 8 + lane / 16 * 8, lane / 8 % 2);
}

// Columns 16 j to 16 j + 15 of the warp's part of B at `step`: of the first eight, then of the others.
static inline void load_b(uint* b, uint first, int step, int j) {
    if (B_IS_KN)
        ldmatrix_x4_trans(b, (first + step * STEP_K * B_PITCH + j / 4 * 128) ^ j % 4 * 32);
    else
        ldmatrix_x4(b, (first ^ step * 32) + j * 16 * B_PITCH);
}

// A [M,K] and B [K,N] or [N,K] in rows of a_stride and b_stride elements, which 16 bytes divide, and whose columns
// beyond K or N are zero; get_group_id(2) counts products of a batch. C [M,N].
kernel __attribute__((reqd_work_group_size(NUM_THREADS, 1, 1))) void gemm_tensor(global const Element* restrict A,
                                                                                 global const Element* restrict B,
                                                                                 global Element* restrict C, int M,
                                                                                 int N, int K, int a_stride,
                                                                                 int b_stride) {
    local __attribute__((aligned(1024))) uchar shared[STAGES * STAGE_BYTES];
    uint a[TILES_M][4], b[2][4];
    float acc[TILES_M][TILES_N * 2][4];

    // -- place
    const int thread = get_local_id(0), warp = thread / 32, lane = thread % 32;
    const int warp_row = warp / WARPS_N * WARP_M, warp_col = warp % WARPS_N * WARP_N;
    const int index = get_group_id(0), blocks_n = (N + BLOCK_N - 1) / BLOCK_N, blocks_m = get_num_groups(0) / blocks_n;
    const int first = index / (BAND * blocks_n) * BAND, in_band = index % (BAND * blocks_n);
    const int height = min(blocks_m - first, BAND);
    const int block_row = (first + in_band % height) * BLOCK_M, block_col = in_band / height * BLOCK_N;
    A += (long)get_group_id(2) * M * a_stride;
    B += (long)get_group_id(2) * (B_IS_KN ? K : N) * b_stride;
    C += (long)get_group_id(2) * M * N;
    const uint base = (uint)(size_t)shared;
    Tiles tiles = tiles_of(A, B, base, block_row, block_col, M, N, K, a_stride, b_stride, thread);
#pragma unroll
    for (int i = 0; i < TILES_M; ++i)
#pragma unroll
        for (int j = 0; j < TILES_N * 2; ++j)
#pragma unroll
            for (int e = 0; e < 4; ++e) acc[i][j][e] = 0.0f;

    // -- load
    for (int stage = 0; stage < STAGES - 1; ++stage) {
        copy_tiles(&tiles, stage * STAGE_BYTES);
        advance(&tiles);
    }
    cp_async_wait_group(STAGES - 2);
    barrier(CLK_LOCAL_MEM_FENCE);
    // Where the stages begin that are multiplied and filled now.
    int reading = 0, writing = (STAGES - 1) * STAGE_BYTES;
    uint a_first = base + place(A_PITCH, warp_row + lane % 16, lane / 16);
    uint b_first = base + A_BYTES + first_b(warp_col, lane);
#pragma unroll
    for (int i = 0; i < TILES_M; ++i) ldmatrix_x4(a[i], a_first + i * 16 * A_PITCH);
    load_b(b[0], b_first, 0, 0);

    for (int k_begin = 0; k_begin < K; k_begin += BLOCK_K) {
        // Not unrolled: an assembler with all steps in sight fetches ahead until registers run out.
#pragma unroll 1
        for (int step = 0; step < STEPS; ++step) {
            const bool last = step == STEPS - 1;
            const int next = last ? 0 : step + 1;
            if (step == 0) copy_tiles(&tiles, writing);

            // -- multiply
#pragma unroll
            for (int j = 0; j < TILES_N; ++j) {
                const int now = j % 2;
                const bool last_j = j == TILES_N - 1;
                if (last && last_j) {
                    // The next tiles are there for all, and this step's have been read by all: what is left of them is
                    // in registers.
                    advance(&tiles);
                    cp_async_wait_group(STAGES - 2);
                    barrier(CLK_LOCAL_MEM_FENCE);
                    const int further =
                        reading == (STAGES - 1) * STAGE_BYTES ? -(STAGES - 1) * STAGE_BYTES : STAGE_BYTES;
                    writing = reading;
                    reading += further;
                    a_first += further;
                    b_first += further;
                }
                load_b(b[now ^ 1], b_first, last_j ? next : step, last_j ? 0 : j + 1);
#pragma unroll
                for (int i = 0; i < TILES_M; ++i) {
                    multiply(acc[i][2 * j], a[i], b[now]);
                    multiply(acc[i][2 * j + 1], a[i], b[now] + 2);
                    if (last_j) ldmatrix_x4(a[i], (a_first ^ next * 32) + i * 16 * A_PITCH);
                }
            }
        }
    }

    // -- store
    cp_async_wait_all();
    barrier(CLK_LOCAL_MEM_FENCE);
    local Element* staging = (local Element*)shared + warp * STAGING_ROWS * STAGING_STRIDE;
#pragma unroll
    for (int i = 0; i < TILES_M; ++i) {
#pragma unroll
        for (int j = 0; j < 2 * TILES_N; ++j) {
            local Element* to = staging + lane / 4 * STAGING_STRIDE + j * 8 + lane % 4 * 2;
            *(local uint*)to = cvt_rn_x2_f32(acc[i][j][1], acc[i][j][0]);
            *(local uint*)(to + 8 * STAGING_STRIDE) = cvt_rn_x2_f32(acc[i][j][3], acc[i][j][2]);
        }
        sync_warp();
#pragma unroll 1
        for (int piece = lane; piece < STAGING_ROWS * PIECES_PER_ROW; piece += 32) {
            const int tile_row = piece / PIECES_PER_ROW, tile_col = piece % PIECES_PER_ROW * VECTOR;
            const int row = block_row + warp_row + i * 16 + tile_row, col = block_col + warp_col + tile_col;
            local const Element* from = staging + tile_row * STAGING_STRIDE + tile_col;
            if (row >= M) continue;
            global Element* to = C + (long)row * N + col;
            if (N % VECTOR == 0) {
                if (col < N) *(global uint4*)to = *(local const uint4*)from;
            } else {
                for (int e = 0; e < VECTOR; ++e)
                    if (col + e < N) to[e] = from[e];
            }
        }
        sync_warp();
    }
}

// Rows that 16 bytes do not divide, copied to rows that they do; zeros in the columns that come in addition.
kernel void gemm_tensor_pad(global const Element* restrict from, global Element* restrict to, long rows, int cols,
                            int stride) {
    for (long row = get_group_id(0); row < rows; row += get_num_groups(0))
        for (int col = get_local_id(0); col < stride; col += get_local_size(0))
            to[row * stride + col] = col < cols ? from[row * cols + col] : (Element)0;
}
