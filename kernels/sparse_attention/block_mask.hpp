// Block masks: which key blocks each query block attends to, as CSR.
//
// Queries are cut into query_blocks of `block` rows, keys into key_blocks of `block` columns; the last of each may be
// short. A mask keeps or drops whole blocks. The causal rule is applied inside kept blocks as well.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stele::sparse_attention {

/// The blocks of one head's score matrix [seq_q, seq_k]. Causal: query q sees keys 0 … q + seq_k - seq_q, so that the
/// last query sees the last key.
struct BlockGrid {
    std::int64_t seq_q = 0, seq_k = 0;
    std::int64_t block = 64;
    bool causal = false;

    std::int64_t query_blocks() const { return (seq_q + block - 1) / block; }
    std::int64_t key_blocks() const { return (seq_k + block - 1) / block; }
    /// Key blocks 0 … visible_blocks(query_block) - 1 hold at least one pair that the causal rule leaves.
    std::int64_t visible_blocks(std::int64_t query_block) const;
    /// (query, key) pairs of one block that the causal rule leaves, by formula.
    std::int64_t pairs(std::int64_t query_block, std::int64_t key_block) const;
    /// Keys of a block that at least one query of the query block sees; they are its first ones.
    std::int64_t visible_keys(std::int64_t query_block, std::int64_t key_block) const;
    /// Blocks of the whole head that hold a visible pair: what density is a share of.
    std::int64_t candidates() const;
};

/// How a mask is drawn. In each, `density` is the share of the candidates that is kept.
enum class MaskPattern {
    window,         ///< the narrowest window of blocks around the diagonal that reaches the density
    global_window,  ///< key block 0 for all, all for query block 0, and the narrowest window that reaches the density
    random,         ///< blocks drawn without repetition; through any row of a head within half a block of the density
    empty_row,      ///< random, then one row of each head drops all
    full_row,       ///< random, then one row of each head keeps all
};
std::string_view name(MaskPattern pattern);
/// Every pattern's name, as a problem text spells it.
const std::vector<std::string>& mask_pattern_names();
/// `text` is one of mask_pattern_names().
MaskPattern mask_pattern(std::string_view text);

/// CSR over rows = sequences · query_blocks, where a sequence is one (batch, head): row of (batch, head, query_block)
/// is (batch · heads + head) · query_blocks + query_block. Columns are key blocks, ascending within a row.
struct BlockMask {
    std::vector<std::int32_t> row_begin;  ///< [rows + 1], into `column`
    std::vector<std::int32_t> column;     ///< [kept blocks]
};

/// The same arguments give the same mask on every machine. Density in [0, 1]; 0 keeps nothing, 1 keeps every
/// candidate, whatever the pattern (empty_row and full_row change their one row).
BlockMask make_block_mask(const BlockGrid& grid, std::int64_t sequences, MaskPattern pattern, double density,
                          std::uint64_t seed);

/// What make_block_mask() takes at its peak, in bytes, about.
double block_mask_bytes(const BlockGrid& grid, std::int64_t sequences, MaskPattern pattern, double density);

/// Throws ProblemError, with the row and the values, unless row_begin starts at 0, never falls and ends at the number
/// of columns, and every row's columns are key blocks in strictly ascending order.
void check_block_mask(const BlockGrid& grid, std::int64_t sequences, std::span<const std::int32_t> row_begin,
                      std::span<const std::int32_t> column);

}  // namespace stele::sparse_attention
