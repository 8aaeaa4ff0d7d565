// attention / latent — OpenCL C; siblings: latent.cu, latent.ptx.cu
//
// O[batch, heads, seq_q, 512] = softmax(softmax_scale · Q Kᵀ) V, lse[batch, heads, seq_q] its normaliser, of latent
// attention (DeepSeek-V2, 2024): all heads read the same keys K[batch, 1, seq_k, 576], and of each key the first 512
// columns are its value V. So a tile of keys is loaded once for both products, and for BLOCK_M rows of the matrix of
// heads · seq_q rows that the heads are packed into, row = query · heads + head. A block owns BLOCK_M packed rows and
// one part of their keys, split_keys long, and walks over them BLOCK_N at a time. What several blocks summed,
// attention_flash_combine puts together. Keys lie in one piece a sequence, or in pages: key j of a sequence in page
// page_table[sequence, j / page].
#include "attention/phases.clh"

kernel __attribute__((reqd_work_group_size(NUM_THREADS, 1, 1))) void attention_latent(
    global const Element* restrict Q, global const Element* restrict K, global const int* restrict page_table,
    global const int* restrict q_offsets, global const int* restrict k_offsets, global Element* restrict O,
    global float* restrict lse, global float* restrict partial_acc, global float* restrict partial_state, int batch,
    int heads, int seq_q, int seq_k, int page_shift, int table_pages, int split_keys, int splits, float softmax_scale,
    int causal, int window) {
    local __attribute__((aligned(16))) float tile_q[BLOCK_M * QUERY_STRIDE];
    local __attribute__((aligned(16))) Element tile_k[BLOCK_N * KEY_STRIDE];
    local __attribute__((aligned(16))) float tile_p[BLOCK_M * P_STRIDE];
    local float tile_max[BLOCK_M * THREADS_N];
    local int query_row[BLOCK_M], visible[BLOCK_M];
    float4 acc[THREAD_M][VECTORS];
    float row_max[THREAD_M], row_sum[THREAD_M], scores[THREAD_M][THREAD_N];

    // -- place
    const int thread = get_local_id(0);
    const int row_group = thread / THREADS_N, col = thread % THREADS_N;
    const int block = get_group_id(0) / splits, split = get_group_id(0) % splits;
    const Sequence sequence = sequence_of(get_group_id(2), q_offsets, k_offsets, batch, heads, 1, seq_q, seq_k);
    const KeyRows key_rows = {pages_of(page_table, get_group_id(2), table_pages), page_shift, 1, 0,
                              first_key_row(sequence, 0)};
    const PackedPart part = packed_part(sequence, heads, 0, BLOCK_M, BLOCK_N, block, split, split_keys, causal, window);
    for (int r = thread; r < BLOCK_M; r += NUM_THREADS) {
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
    load_query_tile(tile_q, Q, query_row, softmax_scale, thread);
    for (int key_begin = key_first; key_begin < key_end; key_begin += BLOCK_N) {
        load_key_rows(tile_k, K, key_rows, key_begin, key_end, thread);
        barrier(CLK_LOCAL_MEM_FENCE);

        // -- score
        score_tile(scores, tile_max, tile_q, tile_k, visible, key_begin, window, row_group, col);
        barrier(CLK_LOCAL_MEM_FENCE);

        // -- softmax
        softmax_tile(acc, row_max, row_sum, scores, tile_p, tile_max, row_group, col);
        barrier(CLK_LOCAL_MEM_FENCE);

        // -- multiply
        multiply_tile(acc, tile_p, tile_k, query_row, visible, key_begin, window, row_group, col);
        barrier(CLK_LOCAL_MEM_FENCE);
    }

    // -- store
    reduce_row_sum(row_sum, tile_max, row_group, col);
    if (splits == 1) {
        store_rows(O, lse, acc, row_max, row_sum, query_row, row_group, col);
    } else {
        store_part(partial_acc, partial_state, acc, row_max, row_sum, query_row, split, sequence.all_rows, row_group,
                   col);
    }
}
