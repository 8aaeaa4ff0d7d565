// attention / flash_tensor — OpenCL C with NVIDIA's inline PTX; siblings: flash_tensor.cu, flash_tensor.ptx.cu
//
// O[batch, heads, seq_q, head_dim] = softmax(softmax_scale · Q Kᵀ) V, lse[batch, heads, seq_q] its normaliser, by
// matrix instructions (FlashAttention-2, Dao 2023). The query heads that share a key-value head are packed into one
// matrix of group · seq_q rows. A block owns BLOCK_M packed rows and walks over the keys BLOCK_N at a time; cp.async
// keeps a tile of K and V ahead. A warp owns WARP_M rows: mma.sync leaves their scores in registers, where they become
// weights, and these are the operand of the next mma.sync as they lie. Tiles lie in shared memory as in global memory,
// their 16-byte pieces permuted so that no eight rows of one ldmatrix meet in a bank. The host's side of this is
// OpenCL's; the kernel runs on NVIDIA only.
#include "attention/sequence.clh"
#include "common/element.clh"
#include "common/ptx/warp_matrix.clh"

#define NUM_THREADS (BLOCK_M / WARP_M * 32)
#define TILES_M (WARP_M / 16)
#define STEPS_D (HEAD_DIM / 16)
#define STEPS_N (BLOCK_N / 16)
#define PIECES (HEAD_DIM / 8)
#define PITCH (HEAD_DIM * 2)
#define QUERY_BYTES (BLOCK_M * PITCH)
#define KEY_BYTES (BLOCK_N * PITCH)
#define STAGE_BYTES (2 * KEY_BYTES)
#define LOG2E 1.44269504088896341f
#define LN2 0.693147180559945309f
// All bits of an exponent: infinite, or no number.
#if defined(ELEMENT_F16)
#define NONFINITE 0x7c00u
#else
#define NONFINITE 0x7f80u
#endif

// PTX ISA: shfl.sync.bfly.
static inline float shfl_sync_bfly(float value, uint lane_mask) {
    uint bits = as_uint(value);
    __asm__ volatile("shfl.sync.bfly.b32 %0, %0, %1, 0x1f, 0xffffffff;" : "+r"(bits) : "r"(lane_mask));
    return as_float(bits);
}
// PTX ISA: vote.sync.any.
static inline int vote_sync_any(int predicate) {
    int any;
    __asm__ volatile(
        "{.reg .pred p, q; setp.ne.b32 p, %1, 0; vote.sync.any.pred q, p, 0xffffffff; selp.b32 %0, 1, 0, q;}"
        : "=r"(any)
        : "r"(predicate));
    return any;
}
// PTX ISA: ex2.approx.ftz, lg2.approx.ftz, rcp.approx.ftz.
static inline float ex2_approx_ftz_f32(float x) {
    float y;
    __asm__("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}
static inline float lg2_approx_ftz_f32(float x) {
    float y;
    __asm__("lg2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}
static inline float rcp_approx_ftz_f32(float x) {
    float y;
    __asm__("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

// The query heads that share a key-value head, packed into one matrix: row = query · group + head.
typedef struct {
    int heads, seq_q, seq_k, group, causal, window;
} PackedRows;
// Of [batch · heads · seq_q]; −1: there is no such row.
static inline int row_of_packed(PackedRows rows, int packed, int kv_head, int sequence) {
    if (packed >= rows.group * rows.seq_q) return -1;
    return (sequence * rows.heads + kv_head * rows.group + packed % rows.group) * rows.seq_q + packed / rows.group;
}
// Where the keys end that a row sees, ascending with it; beyond the last row as for that one.
static inline int keys_seen(PackedRows rows, int packed) {
    const int query = min(packed, rows.group * rows.seq_q - 1) / rows.group;
    return rows.causal ? clamp(query + 1 + rows.seq_k - rows.seq_q, 0, rows.seq_k) : rows.seq_k;
}
// The first of them.
static inline int first_seen(PackedRows rows, int packed) { return max(keys_seen(rows, packed) - rows.window, 0); }

// Where a 16-byte piece of a tile lies.
static inline int place(int row, int piece) { return row * PITCH + (piece ^ row % 8) * 16; }

// Starts copies of tile[n] = rows[key_begin + n], zeros from key_end on, so that no weight of 0 meets a NaN.
static inline void load_keys(uint to, global const Element* rows, int key_begin, int key_end, int thread) {
#pragma unroll 2
    for (int i = thread; i < BLOCK_N * PIECES; i += NUM_THREADS) {
        const int n = i / PIECES, piece = i % PIECES, inside = key_begin + n < key_end;
        cp_async_cg_16(to + place(n, piece), rows + (long)(inside ? key_begin + n : 0) * HEAD_DIM + piece * 8,
                       inside ? 16 : 0);
    }
}

static inline int is_nonfinite(uint two) {
    return (two & NONFINITE) == NONFINITE || (two >> 16 & NONFINITE) == NONFINITE;
}
// Zeros in the place of what is infinite or no number.
static inline uint finite_of(uint two) {
    if ((two & NONFINITE) == NONFINITE) two &= 0xffff0000u;
    return (two >> 16 & NONFINITE) == NONFINITE ? two & 0xffffu : two;
}

// acc += weights tile_v. spoilt: what is infinite or no number counts as 0.
static inline void weigh(float acc[TILES_M][HEAD_DIM / 2], uint weights[TILES_M][BLOCK_N / 4], uint tile_v, int lane,
                         const int spoilt) {
#pragma unroll
    for (int step = 0; step < STEPS_N; ++step)
#pragma unroll
        for (int j = 0; j < STEPS_D; ++j) {
            uint b[4];
            ldmatrix_x4_trans(b, tile_v + place(step * 16 + lane % 16, j * 2 + lane / 16));
            if (spoilt) {
#pragma unroll
                for (int e = 0; e < 4; ++e) b[e] = finite_of(b[e]);
            }
#pragma unroll
            for (int i = 0; i < TILES_M; ++i) {
                multiply(acc[i] + 8 * j, weights[i] + 4 * step, b);
                multiply(acc[i] + 8 * j + 4, weights[i] + 4 * step, b + 2);
            }
        }
}

// For values that weigh() has left out: a row that sees one gets it here. No positive weight changes it.
static inline void add_spoilt(float acc[TILES_M][HEAD_DIM / 2], int seen[TILES_M][2], local const uchar* tile_v,
                              int key_begin, int window, int lane) {
#pragma unroll 1
    for (int n = 0; n < BLOCK_N; ++n)
#pragma unroll
        for (int j = 0; j < HEAD_DIM / 8; ++j) {
            const uint two = *(local const uint*)(tile_v + place(n, j) + lane % 4 * 4);
            if (!is_nonfinite(two)) continue;
            const float low = element_to_float((Element)two), high = element_to_float((Element)(two >> 16));
#pragma unroll
            for (int i = 0; i < TILES_M; ++i)
#pragma unroll
                for (int h = 0; h < 2; ++h) {
                    if (!is_seen(key_begin + n, seen[i][h], window)) continue;
                    if (!isfinite(low)) acc[i][4 * j + 2 * h] += low;
                    if (!isfinite(high)) acc[i][4 * j + 2 * h + 1] += high;
                }
        }
}

// Q, O [batch, heads, seq_q, head_dim]; K, V [batch, kv_heads, seq_k, head_dim]; lse [batch, heads, seq_q].
kernel __attribute__((reqd_work_group_size(NUM_THREADS, 1, 1))) void attention_flash_tensor(
    global const Element* restrict Q, global const Element* restrict K, global const Element* restrict V,
    global Element* restrict O, global float* restrict lse, int heads, int kv_heads, int seq_q, int seq_k,
    float softmax_scale, int causal, int window) {
    local __attribute__((aligned(1024))) uchar shared[QUERY_BYTES + 2 * STAGE_BYTES];
    // Of each 16 rows a lane has lane / 4 and the eighth below it, of each 8 columns two neighbours: element 4 j + e is
    // column 8 j + 2 (lane % 4) + e % 2 of row e / 2.
    float acc[TILES_M][HEAD_DIM / 2], scores[TILES_M][BLOCK_N / 2];
    uint weights[TILES_M][BLOCK_N / 4];
    float row_max[TILES_M][2], row_sum[TILES_M][2];
    int seen[TILES_M][2];

    // -- place
    const int thread = get_local_id(0), warp = thread / 32, lane = thread % 32;
    const int kv_head = get_group_id(1), sequence = get_group_id(2);
    const PackedRows rows = {heads, seq_q, seq_k, heads / kv_heads, causal, window};
    // Blocks that see most come first, so that the last ones to run are short.
    const int first = (int)(causal ? get_num_groups(0) - 1 - get_group_id(0) : get_group_id(0)) * BLOCK_M;
    const int key_first = first_seen(rows, first), key_end = keys_seen(rows, first + BLOCK_M - 1);
    // Keys of which each is seen by all rows of the warp.
    const int warp_row = warp * WARP_M, all_see_from = first_seen(rows, first + warp_row + WARP_M - 1);
    const int all_see_to = keys_seen(rows, first + warp_row);
    const long head_offset = ((long)sequence * kv_heads + kv_head) * seq_k * HEAD_DIM;
    const float factor = softmax_scale * LOG2E;
    const uint base = (uint)(size_t)shared, tile_q = base + warp_row * PITCH;
#pragma unroll
    for (int i = 0; i < TILES_M; ++i) {
#pragma unroll
        for (int e = 0; e < HEAD_DIM / 2; ++e) acc[i][e] = 0.0f;
#pragma unroll
        for (int h = 0; h < 2; ++h) {
            row_max[i][h] = -INFINITY;
            row_sum[i][h] = 0.0f;
            seen[i][h] = keys_seen(rows, first + warp_row + i * 16 + h * 8 + lane / 4);
        }
    }

    // -- load
#pragma unroll 2
    for (int i = thread; i < BLOCK_M * PIECES; i += NUM_THREADS) {
        const int r = i / PIECES, piece = i % PIECES, row = row_of_packed(rows, first + r, kv_head, sequence);
        cp_async_cg_16(base + place(r, piece), Q + (long)max(row, 0) * HEAD_DIM + piece * 8, row < 0 ? 0 : 16);
    }
    load_keys(base + QUERY_BYTES, K + head_offset, key_first, key_end, thread);
    load_keys(base + QUERY_BYTES + KEY_BYTES, V + head_offset, key_first, key_end, thread);
    cp_async_commit_group();
    for (int key_begin = key_first, stage = 0; key_begin < key_end; key_begin += BLOCK_N, stage ^= 1) {
        const int at_k = QUERY_BYTES + stage * STAGE_BYTES, at_v = at_k + KEY_BYTES;
        if (key_begin + BLOCK_N < key_end) {
            const uint ahead = base + QUERY_BYTES + (stage ^ 1) * STAGE_BYTES;
            load_keys(ahead, K + head_offset, key_begin + BLOCK_N, key_end, thread);
            load_keys(ahead + KEY_BYTES, V + head_offset, key_begin + BLOCK_N, key_end, thread);
        }
        // A group a tile, empty at the end, so that all but the latest means this tile's.
        cp_async_commit_group();
        cp_async_wait_group(1);
        barrier(CLK_LOCAL_MEM_FENCE);

        // -- score
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (int e = 0; e < BLOCK_N / 2; ++e) scores[i][e] = 0.0f;
        // Not unrolled: an assembler with all steps in sight fetches ahead until registers run out.
#pragma unroll 1
        for (int step = 0; step < STEPS_D; ++step) {
            uint a[TILES_M][4], b[4];
#pragma unroll
            for (int i = 0; i < TILES_M; ++i)
                ldmatrix_x4(a[i], tile_q + place(i * 16 + lane % 16, step * 2 + lane / 16));
#pragma unroll
            for (int j = 0; j < STEPS_N; ++j) {
                ldmatrix_x4(b, base + at_k + place(j * 16 + lane % 8 + lane / 16 * 8, step * 2 + lane / 8 % 2));
#pragma unroll
                for (int i = 0; i < TILES_M; ++i) {
                    multiply(scores[i] + 8 * j, a[i], b);
                    multiply(scores[i] + 8 * j + 4, a[i], b + 2);
                }
            }
        }
        const int masked = key_begin < all_see_from || key_begin + BLOCK_N > all_see_to;
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (int e = 0; e < BLOCK_N / 2; ++e) {
                const int key = key_begin + e / 4 * 8 + lane % 4 * 2 + e % 2;
                scores[i][e] = masked && !is_seen(key, seen[i][e / 2 % 2], window) ? -INFINITY : scores[i][e] * factor;
            }

        // -- softmax
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (int h = 0; h < 2; ++h) {
                float most = row_max[i][h];
#pragma unroll
                for (int e = 2 * h; e < BLOCK_N / 2; e += 4) most = fmax(most, fmax(scores[i][e], scores[i][e + 1]));
                most = fmax(most, shfl_sync_bfly(most, 1));
                most = fmax(most, shfl_sync_bfly(most, 2));
                // A row that has seen nothing: subtract 0, as −inf − (−inf) is NaN.
                const float from = most == -INFINITY ? 0.0f : most;
                const float rescale = ex2_approx_ftz_f32(row_max[i][h] - from);
                row_max[i][h] = most;
                float sum = row_sum[i][h] * rescale;
#pragma unroll
                for (int e = 2 * h; e < BLOCK_N / 2; e += 4) {
                    const float low = ex2_approx_ftz_f32(scores[i][e] - from);
                    const float high = ex2_approx_ftz_f32(scores[i][e + 1] - from);
                    sum += low + high;
                    weights[i][e / 2] = cvt_rn_x2_f32(high, low);
                }
                row_sum[i][h] = sum;
#pragma unroll
                for (int e = 2 * h; e < HEAD_DIM / 2; e += 4) {
                    acc[i][e] *= rescale;
                    acc[i][e + 1] *= rescale;
                }
            }

        // -- multiply
        local const uchar* tile_v = shared + at_v;
        int spoilt = 0;
        if (masked) {
            for (int i = lane; i < BLOCK_N * PIECES; i += 32) {
                const int key = key_begin + i / PIECES;
                if (key >= all_see_from && key < all_see_to) continue;
                const uint4 eight = *(local const uint4*)(tile_v + place(i / PIECES, i % PIECES));
                spoilt |=
                    is_nonfinite(eight.x) || is_nonfinite(eight.y) || is_nonfinite(eight.z) || is_nonfinite(eight.w);
            }
            spoilt = vote_sync_any(spoilt);
        }
        if (spoilt) {
            weigh(acc, weights, base + at_v, lane, 1);
            add_spoilt(acc, seen, tile_v, key_begin, window, lane);
        } else {
            weigh(acc, weights, base + at_v, lane, 0);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }

    // -- store
    cp_async_wait_all();
    barrier(CLK_LOCAL_MEM_FENCE);
    local uchar* staging = shared + warp_row * PITCH;
#pragma unroll
    for (int i = 0; i < TILES_M; ++i)
#pragma unroll
        for (int h = 0; h < 2; ++h) {
            float sum = row_sum[i][h];
            sum += shfl_sync_bfly(sum, 1);
            sum += shfl_sync_bfly(sum, 2);
            const int r = i * 16 + h * 8 + lane / 4, row = row_of_packed(rows, first + warp_row + r, kv_head, sequence);
            // Not sum > 0: a NaN must stay one.
            const float inverse = sum == 0.0f ? 0.0f : rcp_approx_ftz_f32(sum);
#pragma unroll
            for (int j = 0; j < HEAD_DIM / 8; ++j)
                *(local uint*)(staging + place(r, j) + lane % 4 * 4) =
                    cvt_rn_x2_f32(acc[i][4 * j + 2 * h + 1] * inverse, acc[i][4 * j + 2 * h] * inverse);
            if (row >= 0 && lane % 4 == 0) lse[row] = (row_max[i][h] + lg2_approx_ftz_f32(sum)) * LN2;
        }
    sync_warp();
    for (int i = lane; i < WARP_M * PIECES; i += 32) {
        const int row = row_of_packed(rows, first + warp_row + i / PIECES, kv_head, sequence);
        if (row >= 0)
            *(global uint4*)(O + (long)row * HEAD_DIM + i % PIECES * 8) =
                *(local const uint4*)(staging + place(i / PIECES, i % PIECES));
    }
}
