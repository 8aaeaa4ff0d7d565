// attention / flash_panel — OpenCL C, shaped for a CPU; no siblings: a GPU has other caches and many more threads.
//
// O[batch, heads, seq_q, head_dim] = softmax(softmax_scale · Q Kᵀ) V, lse[batch, heads, seq_q] its normaliser, with the
// scores of THREAD_M × BLOCK_N pairs at a time (FlashAttention-2, Dao 2023). The query heads that share a key-value
// head are packed into one matrix of group · seq_q rows, row = query · group + head. A block is one work-item. It owns
// BLOCK_M packed rows and walks over the keys BLOCK_N at a time: it packs them, K transposed, and their values into
// panels of strips, THREAD_N columns wide, which serve all its rows, THREAD_M rows at a time.
#include "attention/softmax_row.clh"
#include "common/panel.clh"

// K's panel has HEAD_DIM rows, V's has BLOCK_N.
#define STRIP_K (HEAD_DIM * THREAD_N)
#define STRIP_V (BLOCK_N * THREAD_N)

// rows_q[r] = Q[query_row[r]] · softmax_scale · log2(e), so that exp2 of a score is its weight; zeros for row −1.
static inline void load_rows(local float* rows_q, global const Element* Q, local const int* query_row,
                             float softmax_scale, int rows) {
    for (int r = 0; r < rows; ++r)
        for (int d = 0; d < HEAD_DIM; d += 8) {
            float8 x = (float8)(0.0f);
            if (query_row[r] >= 0) x = load8(Q + (long)query_row[r] * HEAD_DIM + d) * (softmax_scale * LOG2E);
            vstore8(x, 0, rows_q + r * HEAD_DIM + d);
        }
}

// weights[THREAD_M, begin … end) = rows_q[THREAD_M, HEAD_DIM] panel_k[HEAD_DIM, begin … end): scores yet, and in whole
// strips. `most` are the largest of each row in the strips whole_from … whole_to.
static inline void score(local float* weights, float16 most[THREAD_M], local const float* rows_q,
                         local const float* panel_k, int begin, int end, int whole_from, int whole_to) {
#pragma unroll
    for (int i = 0; i < THREAD_M; ++i) most[i] = (float16)(-INFINITY);
    for (int col = begin / THREAD_N * THREAD_N; col < end; col += THREAD_N) {
        float16 acc[THREAD_M][THREAD_N / 16];
#pragma unroll
        for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
            for (int v = 0; v < THREAD_N / 16; ++v) acc[i][v] = (float16)(0.0f);
        add_products(acc, rows_q, HEAD_DIM, panel_k + col / THREAD_N * STRIP_K, HEAD_DIM);
        const bool is_whole = col >= whole_from && col < whole_to;
#pragma unroll
        for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
            for (int v = 0; v < THREAD_N / 16; ++v) {
                if (is_whole) most[i] = acc[i][v] > most[i] ? acc[i][v] : most[i];
                vstore16(acc[i][v], v, weights + i * BLOCK_N + col);
            }
    }
}

// −inf in the place of the scores of columns begin … end, in whole vectors of 16, but for seen_from … seen_to: the
// larger of `most` and those is returned. Inlined, for the reason below.
static inline __attribute__((always_inline)) float16 mask(local float* scores, float16 most, int begin, int end,
                                                          int seen_from, int seen_to) {
    const int16 place = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    for (int col = begin / 16 * 16; col < end; col += 16) {
        const int16 unseen = (place + col < (int16)(seen_from)) | (place + col >= (int16)(seen_to));
        const float16 x = select(vload16(0, scores + col), (float16)(-INFINITY), unseen);
        most = x > most ? x : most;
        vstore16(x, 0, scores + col);
    }
    return most;
}

// Scores of one row become weights 2^(score − base), in whole vectors of 16; their sum is returned.
static inline float weigh(local float* scores, int begin, int end, float base) {
    float16 total = (float16)(0.0f);
    for (int col = begin / 16 * 16; col < end; col += 16) {
        const float16 weight = exp2_weight(vload16(0, scores + col) - base);
        total += weight;
        vstore16(weight, 0, scores + col);
    }
    return sum16(total);
}

// acc[THREAD_M, THREAD_N] += weights[THREAD_M, begin … end) strip_v[begin … end, THREAD_N], of which row i sees
// from[i] … to[i]: a value that is not seen may be NaN, and no weight of 0 helps against it. Inlined, as PoCL 3.1 gave
// wrong sums where it was called.
static inline __attribute__((always_inline)) void add_selected(float16 acc[THREAD_M][THREAD_N / 16],
                                                               local const float* weights, local const float* strip_v,
                                                               const int* from, const int* to, int begin, int end) {
    for (int k = begin; k < end; ++k)
#pragma unroll
        for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
            for (int v = 0; v < THREAD_N / 16; ++v)
                if (k >= from[i] && k < to[i])
                    acc[i][v] = fma((float16)(weights[i * BLOCK_N + k]), vload16(v, strip_v + k * THREAD_N), acc[i][v]);
}

// sums[THREAD_M, THREAD_N] = rescale sums + weights[THREAD_M, keys] panel_v[keys, THREAD_N]. Some row sees keys
// begin … end, and all see all_from … all_to.
static inline void multiply(local float* sums, local const float* rescale, local const float* weights,
                            local const float* strip_v, const int* from, const int* to, int begin, int end,
                            int all_from, int all_to, bool first) {
    float16 acc[THREAD_M][THREAD_N / 16];
#pragma unroll
    for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
        for (int v = 0; v < THREAD_N / 16; ++v)
            acc[i][v] = first ? (float16)(0.0f) : vload16(v, sums + i * THREAD_N) * rescale[i];
    add_selected(acc, weights, strip_v, from, to, begin, all_from);
    add_products(acc, weights + all_from, BLOCK_N, strip_v + all_from * THREAD_N, all_to - all_from);
    add_selected(acc, weights, strip_v, from, to, all_to, end);
#pragma unroll
    for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
        for (int v = 0; v < THREAD_N / 16; ++v) vstore16(acc[i][v], v, sums + i * THREAD_N);
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void attention_flash_panel(
    global const Element* restrict Q, global const Element* restrict K, global const Element* restrict V,
    global Element* restrict O, global float* restrict lse, int heads, int kv_heads, int seq_q, int seq_k,
    float softmax_scale, int causal, int window) {
    local __attribute__((aligned(64))) float rows_q[BLOCK_M * HEAD_DIM];
    local __attribute__((aligned(64))) float panel_k[HEAD_DIM * BLOCK_N];
    local __attribute__((aligned(64))) float panel_v[BLOCK_N * HEAD_DIM];
    local __attribute__((aligned(64))) float weights[THREAD_M * BLOCK_N];
    // THREAD_M × THREAD_N at a time, in the order of their use.
    local __attribute__((aligned(64))) float sums[BLOCK_M * HEAD_DIM];
    local __attribute__((aligned(64))) float rescale[16];  // of THREAD_M rows
    local float row_max[BLOCK_M], row_sum[BLOCK_M];
    local int query_row[BLOCK_M], visible[BLOCK_M];

    // -- place
    const int kv_head = get_group_id(1), sequence = get_group_id(2);
    const int group = heads / kv_heads, packed_rows = group * seq_q;
    // Blocks have equal parts, so that the last is no crumb.
    const int block_rows =
        ((packed_rows + (int)get_num_groups(0) - 1) / (int)get_num_groups(0) + THREAD_M - 1) / THREAD_M * THREAD_M;
    const int first_row = get_group_id(0) * block_rows;
    const long head_offset = ((long)sequence * kv_heads + kv_head) * seq_k * HEAD_DIM;
    for (int r = 0; r < block_rows; ++r) {
        // Beyond the last row there are copies of it, which are not stored.
        const int packed = min(first_row + r, packed_rows - 1), query = packed / group;
        query_row[r] =
            first_row + r <= packed ? (sequence * heads + kv_head * group + packed % group) * seq_q + query : -1;
        visible[r] = causal ? clamp(query + 1 + seq_k - seq_q, 0, seq_k) : seq_k;
        row_max[r] = -INFINITY;
        row_sum[r] = 0.0f;
    }
    // Later rows see later keys.
    const int rows = min(block_rows, packed_rows - first_row);
    const int key_first = max(visible[0] - window, 0), key_end = visible[block_rows - 1];

    // -- load
    load_rows(rows_q, Q, query_row, softmax_scale, block_rows);
    for (int key_begin = key_first; key_begin < key_end; key_begin += BLOCK_N) {
        const int keys = min(BLOCK_N, key_end - key_begin);
        const long offset = head_offset + (long)key_begin * HEAD_DIM;
        pack(panel_k, STRIP_K, K + offset, HEAD_DIM, keys, HEAD_DIM, false);
        pack(panel_v, STRIP_V, V + offset, HEAD_DIM, keys, HEAD_DIM, true);
        for (int row = 0; row < rows; row += THREAD_M) {
            // What each row sees of these keys, some row, and all rows.
            int from[THREAD_M], to[THREAD_M];
            for (int i = 0; i < THREAD_M; ++i) {
                from[i] = clamp(visible[row + i] - window - key_begin, 0, keys);
                to[i] = clamp(visible[row + i] - key_begin, 0, keys);
            }
            const int begin = from[0], end = to[THREAD_M - 1];
            const int all_from = clamp(from[THREAD_M - 1], begin, end), all_to = max(all_from, to[0]);
            if (begin >= end) continue;

            // Strips that all see; there may be none.
            const int whole_to = all_to / THREAD_N * THREAD_N;
            const int whole_from = min((all_from + THREAD_N - 1) / THREAD_N * THREAD_N, whole_to);

            // -- score
            float16 most[THREAD_M];
            score(weights, most, rows_q + row * HEAD_DIM, panel_k, begin, end, whole_from, whole_to);

            // -- softmax
            for (int i = 0; i < THREAD_M; ++i) {
                most[i] = mask(weights + i * BLOCK_N, most[i], begin, whole_from, from[i], to[i]);
                most[i] = mask(weights + i * BLOCK_N, most[i], max(begin, whole_to), end, from[i], to[i]);
            }
            float base[THREAD_M];
#pragma unroll
            for (int i = 0; i < THREAD_M; ++i) {
                const float before = row_max[row + i], now = fmax(before, largest16(most[i]));
                // A row that has seen nothing yet: its scores and its maximum are −inf.
                base[i] = now == -INFINITY ? 0.0f : now;
                rescale[i] = before - base[i];
                row_max[row + i] = now;
            }
            vstore16(exp2_weight(vload16(0, rescale)), 0, rescale);
            for (int i = 0; i < THREAD_M; ++i)
                row_sum[row + i] = fma(row_sum[row + i], rescale[i], weigh(weights + i * BLOCK_N, begin, end, base[i]));

            // -- multiply
            const bool first = key_begin <= max(visible[row] - window, 0);
            for (int d = 0; d < HEAD_DIM; d += THREAD_N)
                multiply(sums + row * HEAD_DIM + d * THREAD_M, rescale, weights, panel_v + d * BLOCK_N, from, to, begin,
                         end, all_from, all_to, first);
        }
    }

    // -- store
    for (int r = 0; r < rows; ++r) {
        const float inverse = row_sum[r] > 0.0f ? 1.0f / row_sum[r] : row_sum[r];
        local const float* from = sums + r / THREAD_M * THREAD_M * HEAD_DIM + r % THREAD_M * THREAD_N;
        global Element* to = O + (long)query_row[r] * HEAD_DIM;
        for (int d = 0; d < HEAD_DIM; d += 8) {
            const float8 x = vload8(0, from + d / THREAD_N * THREAD_M * THREAD_N + d % THREAD_N) * inverse;
            // Rows that see nothing may have no sums.
            store8(visible[r] == 0 ? (float8)(0.0f) : x, to + d);
        }
        lse[query_row[r]] = (row_max[r] + log2(row_sum[r])) * LN2;
    }
}
