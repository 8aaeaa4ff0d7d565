// attention / flash_stream — OpenCL C, shaped for a CPU; no siblings: for GPUs there is flash_split.
//
// O[batch, heads, seq_q, head_dim] = softmax(softmax_scale · Q Kᵀ) V, lse[batch, heads, seq_q] its normaliser, for few
// queries and many keys: decoding, which reads each key once and is as fast as memory delivers them. The query heads
// that share a key-value head are packed into one matrix of group · seq_q rows, row = query · group + head. A block is
// one work-item. It owns BLOCK_M packed rows and one part of their keys, split_keys long: it converts BLOCK_N keys and
// values at a time to f32, while those of two tiles on are fetched, and goes through them row by row, since a key is
// contiguous as it lies. What several blocks summed, attention_flash_combine puts together. Keys lie in one piece a
// sequence, or in pages.
#include "attention/sequence.clh"
#include "attention/softmax_row.clh"
#include "common/element.clh"
#include "common/wide.clh"

// Keys whose scores one row makes at a time: enough sums to hide what an addition takes.
#define KEYS 8
#define LINE (64 / (int)sizeof(Element))

// Sums of neighbours, of a and then of b.
static inline float8 add_pairs(float8 a, float8 b) { return (float8)(a.even, b.even) + (float8)(a.odd, b.odd); }

// tile[n] = tensor[row of key_begin + n], K or V of one head in f32; zeros from `count` on, so that nothing there is
// NaN. With each row the one two tiles on is fetched, so that lines are asked for as evenly as they are used: a core
// has few misses under way, and a burst of them waits for itself.
static inline void load_tile(local float* tile, global const Element* tensor, KeyRows rows, int key_begin, int count,
                             int key_end) {
    for (int n = 0; n < count; ++n) {
        global const Element* from = tensor + key_row(rows, key_begin + n) * HEAD_DIM;
        global const Element* later = tensor + key_row(rows, min(key_begin + n + 2 * BLOCK_N, key_end - 1)) * HEAD_DIM;
#pragma unroll
        for (int d = 0; d < HEAD_DIM; d += LINE) fetch_later(later + d);
#pragma unroll
        for (int d = 0; d < HEAD_DIM; d += 16) vstore16(load16(from + d), 0, tile + n * HEAD_DIM + d);
    }
    for (int e = count * HEAD_DIM; e < BLOCK_N * HEAD_DIM; e += 16) vstore16((float16)(0.0f), 0, tile + e);
}

// scores[KEYS] of one row and the keys tile_k[KEYS, HEAD_DIM].
static inline float8 score(local const float* row_q, local const float* tile_k) {
    float16 acc[KEYS];
#pragma unroll
    for (int n = 0; n < KEYS; ++n) acc[n] = (float16)(0.0f);
#pragma unroll 4
    for (int d = 0; d < HEAD_DIM; d += 16) {
        const float16 q = vload16(0, row_q + d);
#pragma unroll
        for (int n = 0; n < KEYS; ++n) acc[n] = fma(q, vload16(0, tile_k + n * HEAD_DIM + d), acc[n]);
    }
    float8 part[KEYS];
#pragma unroll
    for (int n = 0; n < KEYS; ++n) part[n] = acc[n].lo + acc[n].hi;
    return add_pairs(add_pairs(add_pairs(part[0], part[1]), add_pairs(part[2], part[3])),
                     add_pairs(add_pairs(part[4], part[5]), add_pairs(part[6], part[7])));
}

// sums[row, HEAD_DIM] = rescale[row] sums + weights[row, from … to) tile_v[from … to, HEAD_DIM] of `rows` rows, a
// constant: 1 or 2. 64 columns of a row are four vectors, which stay in registers.
static inline __attribute__((always_inline)) void multiply(local float* sums, const float* rescale,
                                                           local const float* weights, local const float* tile_v,
                                                           int from, int to, const int rows) {
    for (int d = 0; d < HEAD_DIM; d += 64) {
        float16 acc[2][4];
#pragma unroll
        for (int i = 0; i < rows; ++i)
#pragma unroll
            for (int v = 0; v < 4; ++v) acc[i][v] = vload16(v, sums + i * HEAD_DIM + d) * rescale[i];
        for (int n = from; n < to; ++n)
#pragma unroll
            for (int v = 0; v < 4; ++v) {
                const float16 x = vload16(v, tile_v + n * HEAD_DIM + d);
#pragma unroll
                for (int i = 0; i < rows; ++i) acc[i][v] = fma((float16)(weights[i * BLOCK_N + n]), x, acc[i][v]);
            }
#pragma unroll
        for (int i = 0; i < rows; ++i)
#pragma unroll
            for (int v = 0; v < 4; ++v) vstore16(acc[i][v], v, sums + i * HEAD_DIM + d);
    }
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void attention_flash_stream(
    global const Element* restrict Q, global const Element* restrict K, global const Element* restrict V,
    global const int* restrict page_table, global const int* restrict q_offsets, global const int* restrict k_offsets,
    global Element* restrict O, global float* restrict lse, global float* restrict partial_acc,
    global float* restrict partial_state, int batch, int heads, int kv_heads, int seq_q, int seq_k, int page_shift,
    int table_pages, int split_keys, int splits, float softmax_scale, int causal, int window) {
    local __attribute__((aligned(64))) float rows_q[BLOCK_M * HEAD_DIM], sums[BLOCK_M * HEAD_DIM];
    local __attribute__((aligned(64))) float tile_k[BLOCK_N * HEAD_DIM], tile_v[BLOCK_N * HEAD_DIM];
    local __attribute__((aligned(64))) float weights[2 * BLOCK_N];
    local float row_max[BLOCK_M], row_sum[BLOCK_M];
    local int query_row[BLOCK_M], visible[BLOCK_M];

    // -- place
    const int block = get_group_id(0) / splits, split = get_group_id(0) % splits, kv_head = get_group_id(1);
    const Sequence sequence = sequence_of(get_group_id(2), q_offsets, k_offsets, batch, heads, kv_heads, seq_q, seq_k);
    const KeyRows key_rows = {pages_of(page_table, get_group_id(2), table_pages), page_shift, kv_heads, kv_head,
                              first_key_row(sequence, kv_head)};
    const PackedPart part =
        packed_part(sequence, heads / kv_heads, kv_head, BLOCK_M, BLOCK_N, block, split, split_keys, causal, window);
    // A short sequence has no rows for the last blocks.
    const int rows = min(heads / kv_heads * sequence.queries - block * BLOCK_M, BLOCK_M);
    for (int r = 0; r < rows; ++r) {
        query_row[r] = packed_row(part, r);
        visible[r] = packed_seen(part, r);
        row_max[r] = -INFINITY;
        row_sum[r] = 0.0f;
        for (int d = 0; d < HEAD_DIM; d += 8) {
            vstore8(load8(Q + (long)query_row[r] * HEAD_DIM + d) * (softmax_scale * LOG2E), 0,
                    rows_q + r * HEAD_DIM + d);
            vstore8((float8)(0.0f), 0, sums + r * HEAD_DIM + d);
        }
    }
    const int key_end = part.key_end;

    for (int key_begin = part.key_first; key_begin < key_end; key_begin += BLOCK_N) {
        // -- load
        const int count = min(BLOCK_N, key_end - key_begin);
        load_tile(tile_k, K, key_rows, key_begin, count, key_end);
        load_tile(tile_v, V, key_rows, key_begin, count, key_end);
        for (int row = 0; row < rows; row += 2) {
            const int pair = min(2, rows - row);
            int from[2], to[2];
            float rescale[2];
            for (int i = 0; i < pair; ++i) {
                const int r = row + i;
                from[i] = clamp(first_of(visible[r], window) - key_begin, 0, count);
                to[i] = clamp(visible[r] - key_begin, from[i], count);

                // -- score
                local float* own = weights + i * BLOCK_N;
                float8 most = (float8)(-INFINITY);
                for (int n = 0; n < BLOCK_N; n += KEYS) {
                    const int8 place = (int8)(0, 1, 2, 3, 4, 5, 6, 7) + n;
                    const int8 unseen = (place < (int8)(from[i])) | (place >= (int8)(to[i]));
                    const float8 x =
                        select(score(rows_q + r * HEAD_DIM, tile_k + n * HEAD_DIM), (float8)(-INFINITY), unseen);
                    most = x > most ? x : most;
                    vstore8(x, 0, own + n);
                }

                // -- softmax
                const float before = row_max[r], now = fmax(before, largest8(most));
                // A row that has seen nothing yet: its scores and its maximum are −inf.
                const float base = now == -INFINITY ? 0.0f : now;
                float16 total = (float16)(0.0f);
                for (int n = 0; n < BLOCK_N; n += 16) {
                    const float16 weight = exp2_weight(vload16(0, own + n) - base);
                    total += weight;
                    vstore16(weight, 0, own + n);
                }
                rescale[i] = before == now ? 1.0f : exp2(before - base);
                row_max[r] = now;
                row_sum[r] = fma(row_sum[r], rescale[i], sum16(total));
            }

            // -- multiply
            if (pair == 2 && from[0] == from[1] && to[0] == to[1])
                multiply(sums + row * HEAD_DIM, rescale, weights, tile_v, from[0], to[0], 2);
            else
                for (int i = 0; i < pair; ++i)
                    multiply(sums + (row + i) * HEAD_DIM, rescale + i, weights + i * BLOCK_N, tile_v, from[i], to[i],
                             1);
        }
    }

    // -- store
    for (int r = 0; r < rows; ++r) {
        const long row = query_row[r], left = (long)split * sequence.all_rows + row;
        if (splits == 1) {
            const float inverse = row_sum[r] > 0.0f ? 1.0f / row_sum[r] : row_sum[r];
            for (int d = 0; d < HEAD_DIM; d += 8)
                store8(vload8(0, sums + r * HEAD_DIM + d) * inverse, O + row * HEAD_DIM + d);
            lse[row] = (row_max[r] + log2(row_sum[r])) * LN2;
        } else {
            if (row_sum[r] != 0.0f)
                for (int d = 0; d < HEAD_DIM; d += 8)
                    vstore8(vload8(0, sums + r * HEAD_DIM + d), 0, partial_acc + left * HEAD_DIM + d);
            vstore2((float2)(row_max[r], row_sum[r]), left, partial_state);
        }
    }
}
