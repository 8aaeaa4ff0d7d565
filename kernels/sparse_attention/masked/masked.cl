// sparse_attention / masked — OpenCL C; siblings: masked.cu, masked.ptx.cu
//
// O[batch, heads, seq_q, head_dim] = softmax(softmax_scale · Q Kᵀ, masked) V and lse[batch, heads, seq_q], as dense
// attention with online softmax computes it: every score up to the diagonal is made, and those of blocks that the CSR
// (row_begin[batch · heads · query_blocks + 1], column[kept]) does not name become −inf. A block owns BLOCK_M query
// rows of one head. BLOCK_M and BLOCK_N divide mask_block, so that a tile lies in one mask block.
#include "attention/phases.clh"

kernel __attribute__((reqd_work_group_size(NUM_THREADS, 1, 1))) void sparse_attention_masked(
    global const Element* restrict Q, global const Element* restrict K, global const Element* restrict V,
    global const int* restrict row_begin, global const int* restrict column, global Element* restrict O,
    global float* restrict lse, int heads, int kv_heads, int seq_q, int seq_k, int mask_block, float softmax_scale,
    int causal) {
    local __attribute__((aligned(16))) float tile_q[BLOCK_M * QUERY_STRIDE];
    local __attribute__((aligned(16))) Element tile_k[BLOCK_N * KEY_STRIDE];
    local __attribute__((aligned(16))) Element tile_v[BLOCK_N * KEY_STRIDE];
    local __attribute__((aligned(16))) float tile_p[BLOCK_M * P_STRIDE];
    local float tile_max[BLOCK_M * THREADS_N];
    local int query_row[BLOCK_M], visible[BLOCK_M];
    float4 acc[THREAD_M][VECTORS];
    float row_max[THREAD_M], row_sum[THREAD_M], scores[THREAD_M][THREAD_N];

    // -- place
    const int thread = get_local_id(0);
    const int row_group = thread / THREADS_N, col = thread % THREADS_N;
    const int query_begin = get_group_id(0) * BLOCK_M, head = get_group_id(1), sequence = get_group_id(2);
    const int head_row = sequence * heads + head;
    const int key_end = causal ? clamp(min(query_begin + BLOCK_M, seq_q) + seq_k - seq_q, 0, seq_k) : seq_k;
    const int mask_row = head_row * ((seq_q + mask_block - 1) / mask_block) + query_begin / mask_block;
    const int kept_end = row_begin[mask_row + 1];
    int kept = row_begin[mask_row];
    for (int r = thread; r < BLOCK_M; r += NUM_THREADS) {
        const int seen = causal ? query_begin + r + 1 + seq_k - seq_q : seq_k;
        query_row[r] = query_begin + r < seq_q ? head_row * seq_q + query_begin + r : -1;
        visible[r] = query_begin + r < seq_q ? seen : 0;
    }
    const long head_offset = ((long)sequence * kv_heads + head / (heads / kv_heads)) * seq_k * HEAD_DIM;
    for (int i = 0; i < THREAD_M; ++i) {
        row_max[i] = -INFINITY;
        row_sum[i] = 0.0f;
        for (int v = 0; v < VECTORS; ++v) acc[i][v] = (float4)(0.0f);
    }
    barrier(CLK_LOCAL_MEM_FENCE);

    // -- load
    load_query_tile(tile_q, Q, query_row, softmax_scale, thread);
    for (int key_begin = 0; key_begin < key_end; key_begin += BLOCK_N) {
        load_key_tile(tile_k, K + head_offset, key_begin, key_end, thread);
        load_key_tile(tile_v, V + head_offset, key_begin, key_end, thread);
        barrier(CLK_LOCAL_MEM_FENCE);

        // -- score
        while (kept < kept_end && (column[kept] + 1) * mask_block <= key_begin) ++kept;
        const int is_kept = kept < kept_end && column[kept] * mask_block <= key_begin;
        // A dropped tile counts as lying past the last key, where no row sees it.
        score_tile(scores, tile_max, tile_q, tile_k, visible, is_kept ? key_begin : seq_k, EVERY_KEY, row_group, col);
        barrier(CLK_LOCAL_MEM_FENCE);

        // -- softmax
        softmax_tile(acc, row_max, row_sum, scores, tile_p, tile_max, row_group, col);
        barrier(CLK_LOCAL_MEM_FENCE);

        // -- multiply
        multiply_tile(acc, tile_p, tile_v, query_row, visible, is_kept ? key_begin : seq_k, EVERY_KEY, row_group, col);
        barrier(CLK_LOCAL_MEM_FENCE);
    }

    // -- store
    reduce_row_sum(row_sum, tile_max, row_group, col);
    store_rows(O, lse, acc, row_max, row_sum, query_row, row_group, col);
}
