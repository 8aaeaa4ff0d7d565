// attention / flash — OpenCL C; siblings: flash.cu, flash.ptx.cu
//
// O[batch, heads, seq_q, head_dim] = softmax(softmax_scale · Q Kᵀ) V, lse[batch, heads, seq_q] its normaliser, with the
// scores of BLOCK_M × BLOCK_N pairs at a time (FlashAttention-2, Dao 2023). The query heads that share a key-value head
// are packed into one matrix of group · seq_q rows, row = query · group + head, so that one pass over K and V serves
// them all. A block owns BLOCK_M packed rows and one of `splits` parts of the keys; with more than one part it leaves
// its state in partial_acc[splits, rows, head_dim] and partial_state[splits, rows, 2] for attention_flash_combine.
// Tiles of K and V are f32 in local memory, whatever the storage is (KEEP_F32): a key is converted once a block.
#include "attention/phases.clh"

kernel __attribute__((reqd_work_group_size(NUM_THREADS, 1, 1))) void attention_flash(
    global const Element* restrict Q, global const Element* restrict K, global const Element* restrict V,
    global const int* restrict q_offsets, global const int* restrict k_offsets, global Element* restrict O,
    global float* restrict lse, global float* restrict partial_acc, global float* restrict partial_state, int batch,
    int heads, int kv_heads, int seq_q, int seq_k, int splits, float softmax_scale, int causal, int window) {
    local __attribute__((aligned(16))) float tile_q[BLOCK_M * QUERY_STRIDE];
    local __attribute__((aligned(16))) Kept tile_k[BLOCK_N * KEY_STRIDE];
    local __attribute__((aligned(16))) Kept tile_v[BLOCK_N * KEY_STRIDE];
    local __attribute__((aligned(16))) float tile_p[BLOCK_M * P_STRIDE];
    local float tile_max[BLOCK_M * THREADS_N];
    local int query_row[BLOCK_M], visible[BLOCK_M];
    float4 acc[THREAD_M][VECTORS];
    float row_max[THREAD_M], row_sum[THREAD_M], scores[THREAD_M][THREAD_N];

    // -- place
    const int thread = get_local_id(0);
    const int row_group = thread / THREADS_N, col = thread % THREADS_N;
    const int block = get_group_id(0) / splits, split = get_group_id(0) % splits;
    const int kv_head = get_group_id(1);
    const Sequence sequence = sequence_of(get_group_id(2), q_offsets, k_offsets, batch, heads, kv_heads, seq_q, seq_k);
    // As many whole tiles a part as make `splits` of the keys that some query sees.
    const int seen_keys = sequence.keys - first_of(seen_by(sequence, 0, causal), window);
    const int split_keys = ((seen_keys + BLOCK_N - 1) / BLOCK_N + splits - 1) / splits * BLOCK_N;
    const PackedPart part =
        packed_part(sequence, heads / kv_heads, kv_head, BLOCK_M, BLOCK_N, block, split, split_keys, causal, window);
    for (int r = thread; r < BLOCK_M; r += NUM_THREADS) {
        query_row[r] = packed_row(part, r);
        visible[r] = packed_seen(part, r);
    }
    const int key_first = part.key_first, key_end = part.key_end;
    const long head_offset = first_key_row(sequence, kv_head) * HEAD_DIM;
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
        load_key_tile(tile_k, K + head_offset, key_begin, key_end, thread);
        load_key_tile(tile_v, V + head_offset, key_begin, key_end, thread);
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
    if (splits == 1) {
        store_rows(O, lse, acc, row_max, row_sum, query_row, row_group, col);
    } else {
        store_part(partial_acc, partial_state, acc, row_max, row_sum, query_row, split, sequence.all_rows, row_group,
                   col);
    }
}

// O and lse from the parts: each is rescaled to the largest row_max, as a tile is in the loop above. A block owns as
// many rows as it has float4 columns of them; rows = batch · heads · seq_q.
kernel __attribute__((reqd_work_group_size(128, 1, 1))) void attention_flash_combine(
    global Element* restrict O, global float* restrict lse, global const float* restrict partial_acc,
    global const float* restrict partial_state, int rows, int splits) {
    // -- place
    const int row = get_global_id(0) / (HEAD_DIM / 4), d = get_global_id(0) % (HEAD_DIM / 4) * 4;
    if (row >= rows) return;
    float4 acc = (float4)(0.0f);
    float row_max = -INFINITY, row_sum = 0.0f;

    // -- softmax
    for (int split = 0; split < splits; ++split) row_max = fmax(row_max, partial_state[((long)split * rows + row) * 2]);
    const float base = row_max == -INFINITY ? 0.0f : row_max;
    for (int split = 0; split < splits; ++split) {
        const long part = (long)split * rows + row;
        const float2 state = vload2(part, partial_state);
        // A part that saw nothing has no sums.
        if (state.y == 0.0f) continue;
        const float rescale = exp2(state.x - base);
        row_sum = fma(state.y, rescale, row_sum);
        acc = fma((float4)(rescale), *(global const float4*)(partial_acc + part * HEAD_DIM + d), acc);
    }

    // -- store
    const float inverse = row_sum > 0.0f ? 1.0f / row_sum : 0.0f;
    *(global Element4*)(O + (long)row * HEAD_DIM + d) = from_float(acc * inverse);
    if (d == 0) lse[row] = (row_max + log2(row_sum)) * LN2;
}
