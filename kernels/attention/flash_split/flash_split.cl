// attention / flash_split — OpenCL C; siblings: flash_split.cu, flash_split.ptx.cu
//
// O[batch, heads, seq_q, head_dim] = softmax(softmax_scale · Q Kᵀ) V, lse[batch, heads, seq_q] its normaliser, for few
// queries and many keys: decoding. The query heads that share a key-value head are packed into one matrix of
// group · seq_q rows, row = query · group + head. A block owns BLOCK_M packed rows and one part of their keys,
// split_keys long; within it each warp takes tiles of BLOCK_N keys of its own: NUM_THREADS of the block's threads,
// which here wait for all others, as a barrier of fewer is optional. What several blocks summed,
// attention_flash_combine puts together. Keys lie in one piece a sequence, or in pages: key j of a sequence in page
// page_table[sequence, j / page].
#include "attention/phases.clh"

#define KEY_TILE (BLOCK_N * KEY_STRIDE)
#define WEIGHT_TILE (BLOCK_M * P_STRIDE)

kernel __attribute__((reqd_work_group_size(WARPS * NUM_THREADS, 1, 1))) void attention_flash_split(
    global const Element* restrict Q, global const Element* restrict K, global const Element* restrict V,
    global const int* restrict page_table, global const int* restrict q_offsets, global const int* restrict k_offsets,
    global Element* restrict O, global float* restrict lse, global float* restrict partial_acc,
    global float* restrict partial_state, int batch, int heads, int kv_heads, int seq_q, int seq_k, int page_shift,
    int table_pages, int split_keys, int splits, float softmax_scale, int causal, int window) {
    local __attribute__((aligned(16))) float tile_q[BLOCK_M * QUERY_STRIDE];
    // Keys, then values of a warp; at the end its sums [BLOCK_M, HEAD_DIM].
    local __attribute__((aligned(16))) Element tiles_kv[WARPS * 2 * KEY_TILE];
    // Its weights; at the end maxima and sums [BLOCK_M].
    local __attribute__((aligned(16))) float tiles_p[WARPS * WEIGHT_TILE];
    local float tiles_max[WARPS * BLOCK_M * THREADS_N];
    local int query_row[BLOCK_M], visible[BLOCK_M];
    float4 acc[THREAD_M][VECTORS];
    float row_max[THREAD_M], row_sum[THREAD_M], scores[THREAD_M][THREAD_N];

    // -- place
    const int thread = get_local_id(0), warp = thread / NUM_THREADS, lane = thread % NUM_THREADS;
    const int row_group = lane / THREADS_N, col = lane % THREADS_N;
    const int block = get_group_id(0) / splits, split = get_group_id(0) % splits, kv_head = get_group_id(1);
    const Sequence sequence = sequence_of(get_group_id(2), q_offsets, k_offsets, batch, heads, kv_heads, seq_q, seq_k);
    const KeyRows key_rows = {pages_of(page_table, get_group_id(2), table_pages), page_shift, kv_heads, kv_head,
                              first_key_row(sequence, kv_head)};
    local Element *tile_k = tiles_kv + warp * 2 * KEY_TILE, *tile_v = tile_k + KEY_TILE;
    local float *tile_p = tiles_p + warp * WEIGHT_TILE, *tile_max = tiles_max + warp * BLOCK_M * THREADS_N;
    const PackedPart part =
        packed_part(sequence, heads / kv_heads, kv_head, BLOCK_M, BLOCK_N, block, split, split_keys, causal, window);
    for (int r = thread; r < BLOCK_M; r += WARPS * NUM_THREADS) {
        query_row[r] = packed_row(part, r);
        visible[r] = packed_seen(part, r);
    }
    const int key_first = part.key_first, key_end = part.key_end;
#pragma unroll
    for (int i = 0; i < THREAD_M; ++i) {
        row_max[i] = -INFINITY;
        row_sum[i] = 0.0f;
#pragma unroll
        for (int v = 0; v < VECTORS; ++v) acc[i][v] = (float4)(0.0f);
    }
    barrier(CLK_LOCAL_MEM_FENCE);

    // -- load
    if (warp == 0) load_query_tile(tile_q, Q, query_row, softmax_scale, lane);
    for (int begin = key_first; begin < key_end; begin += WARPS * BLOCK_N) {
        // Beyond key_end for some warps of the last round, whose keys no row then sees.
        const int key_begin = begin + warp * BLOCK_N;
        load_key_rows(tile_k, K, key_rows, key_begin, key_end, lane);
        load_key_rows(tile_v, V, key_rows, key_begin, key_end, lane);
        barrier(CLK_LOCAL_MEM_FENCE);

        // -- score
        score_tile(scores, tile_max, tile_q, tile_k, visible, key_begin, window, row_group, col);
        barrier(CLK_LOCAL_MEM_FENCE);

        // -- softmax
        softmax_tile(acc, row_max, row_sum, scores, tile_p, tile_max, row_group, col);
        barrier(CLK_LOCAL_MEM_FENCE);

        // -- multiply
        multiply_tile(acc, tile_p, tile_v, query_row, visible, key_begin, window, row_group, col);
        barrier(CLK_LOCAL_MEM_FENCE);
    }

    // -- store
    reduce_row_sum(row_sum, tile_max, row_group, col);
    local float* own_acc = (local float*)tile_k;
#pragma unroll
    for (int i = 0; i < THREAD_M; ++i) {
        const int r = row_group * THREAD_M + i;
#pragma unroll
        for (int v = 0; v < VECTORS; ++v)
            *(local float4*)(own_acc + r * HEAD_DIM + (col + v * THREADS_N) * 4) = acc[i][v];
        if (col == 0) vstore2((float2)(row_max[i], row_sum[i]), r, tile_p);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = thread; i < BLOCK_M * HEAD_DIM / 4; i += WARPS * NUM_THREADS) {
        const int r = i / (HEAD_DIM / 4), d = i % (HEAD_DIM / 4) * 4, row = query_row[r];
        if (row < 0) continue;
        float4 sum = (float4)(0.0f);
        float most = -INFINITY, total = 0.0f;
        for (int other = 0; other < WARPS; ++other) most = fmax(most, vload2(r, tiles_p + other * WEIGHT_TILE).x);
        const float base = most == -INFINITY ? 0.0f : most;
        for (int other = 0; other < WARPS; ++other) {
            const float2 state = vload2(r, tiles_p + other * WEIGHT_TILE);
            const float rescale = exp2(state.x - base);
            local const float* from = (local const float*)(tiles_kv + other * 2 * KEY_TILE) + r * HEAD_DIM + d;
            total = fma(state.y, rescale, total);
            sum = fma((float4)(rescale), *(local const float4*)from, sum);
        }
        const long at = (long)split * sequence.all_rows + row;
        if (splits == 1) {
            const float inverse = total > 0.0f ? 1.0f / total : 0.0f;
            *(global Element4*)(O + (long)row * HEAD_DIM + d) = from_float(sum * inverse);
            if (d == 0) lse[row] = (most + log2(total)) * LN2;
        } else {
            if (total != 0.0f) *(global float4*)(partial_acc + at * HEAD_DIM + d) = sum;
            if (d == 0) vstore2((float2)(most, total), at, partial_state);
        }
    }
}
