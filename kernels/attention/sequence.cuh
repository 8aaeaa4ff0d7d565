// Where the rows of one sequence of a batch lie, and what they see. Sibling: sequence.clh.
#pragma once

#include <cstddef>

namespace stele::attention {

/// Whether a query whose keys end at `seen`, and of which it sees the last `window`, sees a key: one comparison.
__device__ __forceinline__ bool is_seen(int key, int seen, int window) {
    return static_cast<unsigned>(seen - 1 - key) < static_cast<unsigned>(window);
}

/// One of `batch` sequences. All have seq_q queries and seq_k keys, or, where there are offsets [batch + 1], those that
/// the offsets say, packed end to end: Q [heads, queries of all, head_dim], K and V [kv_heads, keys of all, head_dim].
struct Sequence {
    int queries, keys;
    int all_rows;               ///< of all sequences and heads
    int first_row, row_stride;  ///< query i of head h is row first_row + h · row_stride + i
    std::size_t first_key, key_stride;

    __device__ __forceinline__ int row(int head, int query) const { return first_row + head * row_stride + query; }
    /// Of K and V, where they are in one piece.
    __device__ __forceinline__ std::size_t key_row(int kv_head) const { return first_key + kv_head * key_stride; }
    /// Where the keys end that a query sees.
    __device__ __forceinline__ int seen(int query, int causal) const {
        return causal ? min(max(query + 1 + keys - queries, 0), keys) : keys;
    }
    /// The first of them, where it sees `window` at most.
    __device__ __forceinline__ int first_seen(int query, int causal, int window) const {
        return max(seen(query, causal) - window, 0);
    }
};

__device__ __forceinline__ Sequence sequence_of(int sequence, const int* q_offsets, const int* k_offsets, int batch,
                                                int heads, int kv_heads, int seq_q, int seq_k) {
    if (q_offsets == nullptr)
        return {seq_q,
                seq_k,
                batch * heads * seq_q,
                sequence * heads * seq_q,
                seq_q,
                static_cast<std::size_t>(sequence) * kv_heads * seq_k,
                static_cast<std::size_t>(seq_k)};
    const int all_queries = q_offsets[batch], all_keys = k_offsets[batch];
    return {q_offsets[sequence + 1] - q_offsets[sequence],
            k_offsets[sequence + 1] - k_offsets[sequence],
            heads * all_queries,
            q_offsets[sequence],
            all_queries,
            static_cast<std::size_t>(k_offsets[sequence]),
            static_cast<std::size_t>(all_keys)};
}

/// The rows of K and V that one sequence's keys have for one head: in one piece, or in pages of 2^page_shift keys,
/// K and V [pages, kv_heads, page, head_dim], whose numbers are in `pages`.
struct KeyRows {
    const int* pages;  ///< of this sequence; null: in one piece
    int page_shift, kv_heads, kv_head;
    std::size_t first;

    __device__ __forceinline__ std::size_t operator()(int key) const {
        if (pages == nullptr) return first + key;
        const int row = pages[key >> page_shift] * kv_heads + kv_head;
        return (static_cast<std::size_t>(row) << page_shift) + (key & ((1 << page_shift) - 1));
    }
};

/// The pages of one sequence of page_table [batch, table_pages]; null where there are none.
__device__ __forceinline__ const int* pages_of(const int* page_table, int sequence, int table_pages) {
    return page_table == nullptr ? nullptr : page_table + sequence * table_pages;
}

/// What a block has where the query heads that share a key-value head are packed into one matrix of group · queries
/// rows, row = query · group + head: some of its rows, and one part of the keys that some query sees.
struct PackedPart {
    Sequence sequence;
    int group, first_head, first_packed, causal;
    int last_query;          ///< that it has a row of; −1: a short sequence has no rows for the last blocks
    int key_first, key_end;  ///< of the part, from the tile on that its first row sees, up to what its last one sees

    /// Of [batch · heads · seq_q], of the block's row r; −1: there is no such row.
    __device__ __forceinline__ int row(int r) const {
        const int packed = first_packed + r, query = packed / group;
        return query < sequence.queries ? sequence.row(first_head + packed % group, query) : -1;
    }
    /// Where the keys end that it sees; 0 without a row.
    __device__ __forceinline__ int seen(int r) const {
        const int query = (first_packed + r) / group;
        return query < sequence.queries ? sequence.seen(query, causal) : 0;
    }
};

/// Block `block` of block_m rows, with part `split` of split_keys keys. Parts begin and end with tiles of block_n.
__device__ __forceinline__ PackedPart packed_part(const Sequence& sequence, int group, int kv_head, int block_m,
                                                  int block_n, int block, int split, int split_keys, int causal,
                                                  int window) {
    PackedPart part{sequence, group, kv_head * group, block * block_m, causal, -1, 0, 0};
    const int packed_rows = group * sequence.queries;
    if (part.first_packed < packed_rows) part.last_query = (min(part.first_packed + block_m, packed_rows) - 1) / group;
    const int part_first = sequence.first_seen(0, causal, window) + split * split_keys;
    const int skipped = max(sequence.first_seen(part.first_packed / group, causal, window) - part_first, 0);
    part.key_first = part_first + skipped / block_n * block_n;
    const int last_seen = part.last_query < 0 ? 0 : sequence.seen(part.last_query, causal);
    part.key_end = min(last_seen, part_first + split_keys);
    return part;
}

}  // namespace stele::attention
