// attention / flash_panel — OpenCL C, shaped for a CPU; no siblings: a GPU has other caches and many more threads.
//
// O[batch, heads, seq_q, head_dim] = softmax(softmax_scale · Q Kᵀ) V, lse[batch, heads, seq_q] its normaliser, with the
// scores of THREAD_M × BLOCK_N pairs at a time (FlashAttention-2, Dao 2023). The query heads that share a key-value
// head are packed into one matrix of group · seq_q rows, row = query · group + head. A block is one work-item. It owns
// BLOCK_M packed rows and walks over the keys BLOCK_N at a time: it packs them, K transposed, and their values into
// panels of strips, THREAD_N columns wide, which serve all its rows, THREAD_M rows at a time.
#include "attention/flash_panel/exp2.clh"
#include "common/panel.clh"

#define LOG2E 1.44269504088896341f
#define LN2 0.693147180559945309f
// K's panel has HEAD_DIM rows, V's has BLOCK_N.
#define STRIP_K (HEAD_DIM * THREAD_N)
#define STRIP_V (BLOCK_N * THREAD_N)

// rows_q[r] = Q[query_row[r]] · softmax_scale · log2(e), so that exp2 of a score is its weight; zeros for row −1.
static inline void load_rows(local float* rows_q, global const Element* Q, local const int* query_row,
                             float softmax_scale) {
    for (int r = 0; r < BLOCK_M; ++r)
        for (int d = 0; d < HEAD_DIM; d += 8) {
            float8 x = (float8)(0.0f);
            if (query_row[r] >= 0) x = load8(Q + (long)query_row[r] * HEAD_DIM + d) * (softmax_scale * LOG2E);
            vstore8(x, 0, rows_q + r * HEAD_DIM + d);
        }
}

// weights[THREAD_M, columns] = rows_q[THREAD_M, HEAD_DIM] panel_k[HEAD_DIM, columns]: scores yet.
static inline void score(local float* weights, local const float* rows_q, local const float* panel_k, int columns) {
    for (int col = 0; col < columns; col += THREAD_N) {
        float16 acc[THREAD_M][THREAD_N / 16];
#pragma unroll
        for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
            for (int v = 0; v < THREAD_N / 16; ++v) acc[i][v] = (float16)(0.0f);
        add_products(acc, rows_q, HEAD_DIM, panel_k + col / THREAD_N * STRIP_K, HEAD_DIM);
#pragma unroll
        for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
            for (int v = 0; v < THREAD_N / 16; ++v) vstore16(acc[i][v], v, weights + i * BLOCK_N + col);
    }
}

// −inf in the place of the scores from column `seen` on; columns beyond whole vectors of 16 are not touched.
static inline void mask(local float* scores, int seen, int columns) {
    const int16 place = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    for (int col = seen / 16 * 16; col < columns; col += 16)
        vstore16(select(vload16(0, scores + col), (float16)(-INFINITY), place + col >= (int16)(seen)), 0, scores + col);
}

static inline float largest(float16 x) {
    const float8 a = x.lo > x.hi ? x.lo : x.hi;
    const float4 b = a.lo > a.hi ? a.lo : a.hi;
    const float2 c = b.lo > b.hi ? b.lo : b.hi;
    return c.x > c.y ? c.x : c.y;
}

static inline float sum(float16 x) {
    const float8 a = x.lo + x.hi;
    const float4 b = a.lo + a.hi;
    const float2 c = b.lo + b.hi;
    return c.x + c.y;
}

// Scores of one row become weights; row_max and row_sum go on. The factor that what was summed before is to be scaled
// by is returned.
static inline float softmax(local float* scores, int columns, float* row_max, float* row_sum) {
    float16 most = (float16)(-INFINITY), total = (float16)(0.0f);
    for (int col = 0; col < columns; col += 16) {
        const float16 x = vload16(0, scores + col);
        most = x > most ? x : most;
    }
    const float before = *row_max, now = fmax(before, largest(most));
    // A row that has seen nothing yet: its scores and its maximum are −inf.
    const float base = now == -INFINITY ? 0.0f : now;
    for (int col = 0; col < columns; col += 16) {
        const float16 weight = exp2_weight(vload16(0, scores + col) - base);
        total += weight;
        vstore16(weight, 0, scores + col);
    }
    const float rescale = exp2_weight((float16)(before - base)).s0;
    *row_max = now;
    *row_sum = fma(*row_sum, rescale, sum(total));
    return rescale;
}

// sums[THREAD_M, THREAD_N] = rescale sums + weights[THREAD_M, seen] panel_v[seen, THREAD_N], of which row i sees
// seen[i]: a value that is not seen may be NaN, and no weight of 0 helps against it. All rows see `by_all`, none more
// than `by_one`.
static inline void multiply(local float* sums, local const float* rescale, local const float* weights,
                            local const float* strip_v, local const int* visible, int key_begin, int by_all, int by_one,
                            bool first) {
    float16 acc[THREAD_M][THREAD_N / 16];
#pragma unroll
    for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
        for (int v = 0; v < THREAD_N / 16; ++v)
            acc[i][v] = first ? (float16)(0.0f) : vload16(v, sums + i * THREAD_N) * rescale[i];
    add_products(acc, weights, BLOCK_N, strip_v, by_all);
    for (int k = by_all; k < by_one; ++k)
#pragma unroll
        for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
            for (int v = 0; v < THREAD_N / 16; ++v)
                if (key_begin + k < visible[i])
                    acc[i][v] = fma((float16)(weights[i * BLOCK_N + k]), vload16(v, strip_v + k * THREAD_N), acc[i][v]);
#pragma unroll
    for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
        for (int v = 0; v < THREAD_N / 16; ++v) vstore16(acc[i][v], v, sums + i * THREAD_N);
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void attention_flash_panel(
    global const Element* restrict Q, global const Element* restrict K, global const Element* restrict V,
    global Element* restrict O, global float* restrict lse, int heads, int kv_heads, int seq_q, int seq_k,
    float softmax_scale, int causal) {
    local __attribute__((aligned(64))) float rows_q[BLOCK_M * HEAD_DIM];
    local __attribute__((aligned(64))) float panel_k[HEAD_DIM * BLOCK_N];
    local __attribute__((aligned(64))) float panel_v[BLOCK_N * HEAD_DIM];
    local __attribute__((aligned(64))) float weights[THREAD_M * BLOCK_N];
    // THREAD_M × THREAD_N at a time, in the order of their use.
    local __attribute__((aligned(64))) float sums[BLOCK_M * HEAD_DIM];
    local float row_max[BLOCK_M], row_sum[BLOCK_M], rescale[THREAD_M];
    local int query_row[BLOCK_M], visible[BLOCK_M];

    // -- place
    const int first_row = get_group_id(0) * BLOCK_M, kv_head = get_group_id(1), sequence = get_group_id(2);
    const int group = heads / kv_heads, packed_rows = group * seq_q;
    const long head_offset = ((long)sequence * kv_heads + kv_head) * seq_k * HEAD_DIM;
    int last_seen = 0;
    for (int r = 0; r < BLOCK_M; ++r) {
        const int packed = first_row + r, query = packed / group, head = kv_head * group + packed % group;
        const bool is_row = packed < packed_rows;
        query_row[r] = is_row ? (sequence * heads + head) * seq_q + query : -1;
        visible[r] = !is_row ? 0 : causal ? clamp(query + 1 + seq_k - seq_q, 0, seq_k) : seq_k;
        last_seen = max(last_seen, visible[r]);
        row_max[r] = -INFINITY;
        row_sum[r] = 0.0f;
    }

    // -- load
    load_rows(rows_q, Q, query_row, softmax_scale);
    for (int key_begin = 0; key_begin < last_seen; key_begin += BLOCK_N) {
        const int keys = min(BLOCK_N, last_seen - key_begin);
        const long offset = head_offset + (long)key_begin * HEAD_DIM;
        pack(panel_k, STRIP_K, K + offset, HEAD_DIM, keys, HEAD_DIM, false);
        pack(panel_v, STRIP_V, V + offset, HEAD_DIM, keys, HEAD_DIM, true);
        for (int row = 0; row < BLOCK_M; row += THREAD_M) {
            int by_all = keys, by_one = 0;
            for (int i = 0; i < THREAD_M; ++i) {
                const int seen = clamp(visible[row + i] - key_begin, 0, keys);
                by_all = min(by_all, seen);
                by_one = max(by_one, seen);
            }
            if (by_one == 0) continue;

            // -- score
            score(weights, rows_q + row * HEAD_DIM, panel_k, by_one);

            // -- softmax
            for (int i = 0; i < THREAD_M; ++i) {
                const int seen = clamp(visible[row + i] - key_begin, 0, keys);
                float before_max = row_max[row + i], before_sum = row_sum[row + i];
                mask(weights + i * BLOCK_N, seen, by_one);
                rescale[i] = softmax(weights + i * BLOCK_N, by_one, &before_max, &before_sum);
                row_max[row + i] = before_max;
                row_sum[row + i] = before_sum;
            }

            // -- multiply
            for (int d = 0; d < HEAD_DIM; d += THREAD_N)
                multiply(sums + row * HEAD_DIM + d * THREAD_M, rescale, weights, panel_v + d * BLOCK_N, visible + row,
                         key_begin, by_all, by_one, key_begin == 0);
        }
    }

    // -- store
    for (int r = 0; r < BLOCK_M; ++r) {
        if (query_row[r] < 0) continue;
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
