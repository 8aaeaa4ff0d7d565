// gemm / tiled — OpenCL C; siblings: tiled.cu, tiled.ptx.cu
//
// C[M,N] = A[M,K] B[K,N], row-major, B as [K,N] or [N,K]; the grid's z is the product of a batch or the group of rows.
// A block owns BLOCK_M × BLOCK_N of C and walks along K in steps of BLOCK_K, whose tiles it keeps in shared memory as
// f32, k by k; the next step's tiles travel through registers meanwhile. A warp owns WARP_M × WARP_N, a thread
// THREAD_M × THREAD_N of it in fours of rows and columns, and reads the next k's numbers while it multiplies this k's.
#include "common/element.clh"
#include "gemm/block_order.clh"
#include "gemm/layout.clh"

#define STAGES 2
#define LANES_M 4
#define LANES_N 8
#define WARP_M (LANES_M * THREAD_M)
#define WARP_N (LANES_N * THREAD_N)
#define WARPS_N (BLOCK_N / WARP_N)
// In shared memory k is the row, padded by four, so that what a warp places at one time falls into 32 banks.
#define A_STRIDE (BLOCK_M + 4)
#define B_STRIDE (BLOCK_N + 4)
#define PIECES_A (BLOCK_M * BLOCK_K / 4 / NUM_THREADS)
#define PIECES_B (BLOCK_N * BLOCK_K / 4 / NUM_THREADS)

// BLOCK_X × BLOCK_K of A (x is m) or B (x is n), which a block copies in pieces of four neighbours in memory: along x,
// or along k, then two pieces of each of 16 x by a warp. A thread's piece i is at (x + X(i), k + K(i)) for its own x
// and k.
typedef struct {
    bool k_contiguous;
    int row;           // pieces in a row of what all threads copy at one time,
    int width, depth;  // which is this long in x and k
    int times;         // side by side in x
    int stride;        // of the shared tile
} Part;

static inline Part part_of(bool k_contiguous, int block_x) {
    Part part;
    part.k_contiguous = k_contiguous;
    part.row = (k_contiguous ? 8 : block_x) / 4;
    part.width = k_contiguous ? NUM_THREADS / part.row : block_x;
    part.depth = k_contiguous ? 8 : NUM_THREADS / part.row;
    part.times = block_x / part.width;
    part.stride = block_x + 4;
    return part;
}
static inline int part_x(Part part, int thread) {
    return part.k_contiguous ? thread / part.row : thread % part.row * 4;
}
static inline int part_k(Part part, int thread) {
    return part.k_contiguous ? thread % part.row * 4 : thread / part.row;
}
static inline int part_X(Part part, int i) { return i % part.times * part.width; }
static inline int part_K(Part part, int i) { return i / part.times * part.depth; }

// This thread's pieces of a matrix of `width` (along x) × `depth` (along k).
typedef struct {
    global const Element* from;  // where the next step's first piece begins
    long x_apart, k_apart;       // elements between neighbours along x, and along k
    int width_left, depth_left;  // from there to the edges
} Source;

static inline Source source_of(Part part, global const Element* matrix, int width, int depth, int x_begin, int thread) {
    Source source;
    source.x_apart = part.k_contiguous ? depth : 1;
    source.k_apart = part.k_contiguous ? 1 : width;
    source.width_left = width - x_begin - part_x(part, thread);
    source.depth_left = depth - part_k(part, thread);
    source.from = matrix + (x_begin + part_x(part, thread)) * source.x_apart + part_k(part, thread) * source.k_apart;
    return source;
}

// Reads this thread's pieces of a step and goes on to the next; zeros beyond the matrix. `aligned`: its rows are whole
// pieces.
static inline void fetch(Element4* pieces, int num_pieces, Part part, Source* source, bool aligned) {
#pragma unroll
    for (int i = 0; i < num_pieces; ++i) {
        pieces[i] = (Element4)(0);
        if (part_X(part, i) >= source->width_left || part_K(part, i) >= source->depth_left) continue;
        global const Element* from =
            source->from + part_X(part, i) * source->x_apart + part_K(part, i) * source->k_apart;
        if (aligned) {
            pieces[i] = *(global const Element4*)from;
        } else {
            const int left = part.k_contiguous ? source->depth_left - part_K(part, i) : source->width_left;
            pieces[i].x = from[0];
            if (left > 1) pieces[i].y = from[1];
            if (left > 2) pieces[i].z = from[2];
            if (left > 3) pieces[i].w = from[3];
        }
    }
    source->from += BLOCK_K * source->k_apart;
    source->depth_left -= BLOCK_K;
}

// Puts fetched pieces into their places of the shared tile, as f32.
static inline void place_pieces(local float* tile, const Element4* pieces, int num_pieces, Part part, int thread) {
    local float* first = tile + part_k(part, thread) * part.stride + part_x(part, thread);
#pragma unroll
    for (int i = 0; i < num_pieces; ++i) {
        local float* to = first + part_K(part, i) * part.stride + part_X(part, i);
        const float4 four = to_float(pieces[i]);
        if (part.k_contiguous) {
            to[0] = four.x;
            to[part.stride] = four.y;
            to[2 * part.stride] = four.z;
            to[3 * part.stride] = four.w;
        } else {
            *(local float4*)to = four;
        }
    }
}

// Where a thread's row i and column j are, behind its first: in fours, a warp's fours side by side.
static inline int row_of(int i) { return i / 4 * 4 * LANES_M + i % 4; }
static inline int col_of(int j) { return j / 4 * 4 * LANES_N + j % 4; }

// A thread's numbers of one k, of its rows or columns.
static inline void read4(float* numbers, local const float* from) {
    const float4 four = *(local const float4*)from;
    numbers[0] = four.x;
    numbers[1] = four.y;
    numbers[2] = four.z;
    numbers[3] = four.w;
}
static inline void read_a(float* a, local const float* tile_row) {
#pragma unroll
    for (int i = 0; i < THREAD_M; i += 4) read4(a + i, tile_row + row_of(i));
}
static inline void read_b(float* b, local const float* tile_row) {
#pragma unroll
    for (int j = 0; j < THREAD_N; j += 4) read4(b + j, tile_row + col_of(j));
}
// Down a column and up the next, as in tiled.ptx.cu.
static inline void multiply(float acc[THREAD_M][THREAD_N], const float* a, const float* b) {
#pragma unroll
    for (int j = 0; j < THREAD_N; ++j)
#pragma unroll
        for (int step = 0; step < THREAD_M; ++step) {
            const int i = j % 2 == 0 ? step : THREAD_M - 1 - step;
            acc[i][j] = fma(a[i], b[j], acc[i][j]);
        }
}

kernel __attribute__((reqd_work_group_size(NUM_THREADS, 1, 1))) void gemm_tiled(
    global const Element* restrict A,      // [M,K], of each product of a batch
    global const Element* restrict B,      // [K,N] or [N,K], of each product or group
    global const int* restrict row_begin,  // [groups + 1]; null: no groups
    global Element* restrict C, int M, int N, int K) {
    local __attribute__((aligned(16))) float tile_a[STAGES][BLOCK_K * A_STRIDE];
    local __attribute__((aligned(16))) float tile_b[STAGES][BLOCK_K * B_STRIDE];
    Element4 next_a[PIECES_A], next_b[PIECES_B];
    float a[2][THREAD_M], b[2][THREAD_N];
    float acc[THREAD_M][THREAD_N];

    // -- place
    const int product = get_group_id(2), block = get_group_id(0);
    const long first_row = row_begin ? row_begin[product] : (long)product * M;
    const int product_rows = row_begin ? row_begin[product + 1] - row_begin[product] : M;
    const int blocks_n = (N + BLOCK_N - 1) / BLOCK_N, blocks_m = (product_rows + BLOCK_M - 1) / BLOCK_M;
    // A block beyond a smaller group has no rows and no K. It does not return early: a compiler for CPUs (PoCL 3.1)
    // then lost the last condition of the stores.
    const bool inside = block < blocks_m * blocks_n;
    const int rows = inside ? product_rows : 0, depth = inside ? K : 0;
    const int2 place = block_in_strips(inside ? block : 0, max(blocks_m, 1), blocks_n);
    const int block_row = place.x * BLOCK_M, block_col = place.y * BLOCK_N;
    A += first_row * K;
    B += (long)product * K * N;
    C += first_row * N;
    const bool a_aligned = K % 4 == 0, c_aligned = N % 4 == 0, b_aligned = B_IS_KN ? c_aligned : a_aligned;
    const int thread = get_local_id(0), warp = thread / 32, lane = thread % 32;
    // Lanes in this order: of two or four neighbours some share a row and some a column, so that half a warp's reads of
    // 16 bytes a lane are at most 128 bytes, at one time.
    const int lane_m = lane % 2 + lane / 16 * 2, lane_n = lane / 2 % 8;
    const int thread_row = warp / WARPS_N * WARP_M + lane_m * 4;
    const int thread_col = warp % WARPS_N * WARP_N + lane_n * 4;
    const Part part_a = part_of(true, BLOCK_M), part_b = part_of(!B_IS_KN, BLOCK_N);
    Source source_a = source_of(part_a, A, rows, K, block_row, thread);
    Source source_b = source_of(part_b, B, N, K, block_col, thread);
#pragma unroll
    for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
        for (int j = 0; j < THREAD_N; ++j) acc[i][j] = 0.0f;

    // -- load
    fetch(next_a, PIECES_A, part_a, &source_a, a_aligned);
    fetch(next_b, PIECES_B, part_b, &source_b, b_aligned);
    place_pieces(tile_a[0], next_a, PIECES_A, part_a, thread);
    place_pieces(tile_b[0], next_b, PIECES_B, part_b, thread);
    barrier(CLK_LOCAL_MEM_FENCE);
    read_a(a[0], tile_a[0] + thread_row);
    read_b(b[0], tile_b[0] + thread_col);
    for (int k_begin = 0, stage = 0; k_begin < depth; k_begin += BLOCK_K, stage ^= 1) {
        // Beyond K these are zeros, which nobody multiplies.
        fetch(next_a, PIECES_A, part_a, &source_a, a_aligned);
        fetch(next_b, PIECES_B, part_b, &source_b, b_aligned);

        // -- multiply
#pragma unroll
        for (int k = 0; k < BLOCK_K - 1; ++k) {
            read_a(a[(k + 1) % 2], tile_a[stage] + (k + 1) * A_STRIDE + thread_row);
            read_b(b[(k + 1) % 2], tile_b[stage] + (k + 1) * B_STRIDE + thread_col);
            multiply(acc, a[k % 2], b[k % 2]);
        }
        // The other stage was last read before the barrier of the step before.
        place_pieces(tile_a[stage ^ 1], next_a, PIECES_A, part_a, thread);
        place_pieces(tile_b[stage ^ 1], next_b, PIECES_B, part_b, thread);
        barrier(CLK_LOCAL_MEM_FENCE);
        read_a(a[0], tile_a[stage ^ 1] + thread_row);
        read_b(b[0], tile_b[stage ^ 1] + thread_col);
        multiply(acc, a[(BLOCK_K - 1) % 2], b[(BLOCK_K - 1) % 2]);
    }

    // -- store
#pragma unroll
    for (int i = 0; i < THREAD_M; ++i) {
        const int row = block_row + thread_row + row_of(i);
        global Element* c = C + (long)row * N;
#pragma unroll
        for (int j = 0; j < THREAD_N; j += 4) {
            const int col = block_col + thread_col + col_of(j);
            if (c_aligned) {
                if (row < rows && col < N)
                    *(global Element4*)(c + col) =
                        from_float((float4)(acc[i][j], acc[i][j + 1], acc[i][j + 2], acc[i][j + 3]));
            } else {
#pragma unroll
                for (int e = 0; e < 4; ++e)
                    if (row < rows && col + e < N) c[col + e] = element_from_float(acc[i][j + e]);
            }
        }
    }
}
