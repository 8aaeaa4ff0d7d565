// attention / naive — OpenCL C; siblings: naive.cu, naive.ptx.cu
//
// The definition, a kernel for each of its three steps, with all scores in memory:
//   scores[batch · heads, seq_q, seq_k] = softmax_scale · Q Kᵀ, −inf where masked     one thread a score
//   scores = softmax of its rows, lse[batch · heads, seq_q] their normaliser           one block a row
//   O[batch · heads, seq_q, head_dim] = scores V                                       one thread four columns of a row
// Query head h reads key-value head h / (heads / kv_heads).
#include "attention/sequence.clh"
#include "common/element.clh"

#define BLOCK_M 16
#define BLOCK_N 16
#define NUM_THREADS 128
#define VECTORS (HEAD_DIM / 4)

kernel __attribute__((reqd_work_group_size(BLOCK_N, BLOCK_M, 1))) void attention_naive_score(
    global const Element* restrict Q, global const Element* restrict K, global const int* restrict q_offsets,
    global const int* restrict k_offsets, global float* restrict scores, int batch, int heads, int kv_heads, int seq_q,
    int seq_k, float softmax_scale, int causal, int window) {
    // -- place
    const int key = get_global_id(0), query = get_global_id(1);
    const int sequence_head = get_group_id(2), head = sequence_head % heads;
    const Sequence sequence =
        sequence_of(sequence_head / heads, q_offsets, k_offsets, batch, heads, kv_heads, seq_q, seq_k);
    if (key >= sequence.keys || query >= sequence.queries) return;
    const long row = row_of(sequence, head, query);
    const long key_row = first_key_row(sequence, head / (heads / kv_heads)) + key;
    float acc = 0.0f;

    // -- score
    for (int d = 0; d < HEAD_DIM; d += 4) {
        const float4 q = to_float(*(global const Element4*)(Q + row * HEAD_DIM + d));
        const float4 k = to_float(*(global const Element4*)(K + key_row * HEAD_DIM + d));
        acc = fma(q.x, k.x, fma(q.y, k.y, fma(q.z, k.z, fma(q.w, k.w, acc))));
    }

    // -- store
    const bool seen = is_seen(key, seen_by(sequence, query, causal), window);
    scores[((long)sequence_head * seq_q + query) * seq_k + key] = seen ? softmax_scale * acc : -INFINITY;
}

kernel __attribute__((reqd_work_group_size(NUM_THREADS, 1, 1))) void attention_naive_softmax(
    global float* restrict scores, global const int* restrict q_offsets, global const int* restrict k_offsets,
    global float* restrict lse, int batch, int heads, int kv_heads, int seq_q, int seq_k) {
    local float part[NUM_THREADS];

    // -- place
    const int thread = get_local_id(0);
    const int sequence_head = get_group_id(0) / seq_q, query = get_group_id(0) % seq_q;
    const Sequence sequence =
        sequence_of(sequence_head / heads, q_offsets, k_offsets, batch, heads, kv_heads, seq_q, seq_k);
    if (query >= sequence.queries) return;
    global float* row_scores = scores + (long)get_group_id(0) * seq_k;
    float row_max = -INFINITY, row_sum = 0.0f;

    // -- softmax
    for (int key = thread; key < sequence.keys; key += NUM_THREADS) row_max = fmax(row_max, row_scores[key]);
    part[thread] = row_max;
    for (int other = NUM_THREADS / 2; other > 0; other /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (thread < other) part[thread] = fmax(part[thread], part[thread + other]);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    row_max = part[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    const float base = row_max == -INFINITY ? 0.0f : row_max;
    for (int key = thread; key < sequence.keys; key += NUM_THREADS) row_sum += exp(row_scores[key] - base);
    part[thread] = row_sum;
    for (int other = NUM_THREADS / 2; other > 0; other /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (thread < other) part[thread] += part[thread + other];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    row_sum = part[0];

    // -- store
    const float inverse = row_sum > 0.0f ? 1.0f / row_sum : 0.0f;
    for (int key = thread; key < sequence.keys; key += NUM_THREADS)
        row_scores[key] = exp(row_scores[key] - base) * inverse;
    if (thread == 0) lse[row_of(sequence, sequence_head % heads, query)] = row_max + log(row_sum);
}

kernel __attribute__((reqd_work_group_size(NUM_THREADS, 1, 1))) void attention_naive_weigh(
    global const float* restrict scores, global const Element* restrict V, global const int* restrict q_offsets,
    global const int* restrict k_offsets, global Element* restrict O, int batch, int heads, int kv_heads, int seq_q,
    int seq_k, int causal, int window) {
    // -- place
    const long at = get_global_id(0), score_row = at / VECTORS;
    const int d = at % VECTORS * 4, sequence_head = score_row / seq_q, query = score_row % seq_q;
    if (sequence_head >= batch * heads) return;
    const int head = sequence_head % heads;
    const Sequence sequence =
        sequence_of(sequence_head / heads, q_offsets, k_offsets, batch, heads, kv_heads, seq_q, seq_k);
    if (query >= sequence.queries) return;
    // Beyond, a weight of 0 would make NaN of a NaN.
    const int key_begin = first_of(seen_by(sequence, query, causal), window),
              key_end = seen_by(sequence, query, causal);
    global const Element* values = V + first_key_row(sequence, head / (heads / kv_heads)) * HEAD_DIM + d;
    float4 acc = (float4)(0.0f);

    // -- multiply
    for (int key = key_begin; key < key_end; ++key)
        acc = fma((float4)(scores[score_row * seq_k + key]),
                  to_float(*(global const Element4*)(values + key * HEAD_DIM)), acc);

    // -- store
    *(global Element4*)(O + (long)row_of(sequence, head, query) * HEAD_DIM + d) = from_float(acc);
}
