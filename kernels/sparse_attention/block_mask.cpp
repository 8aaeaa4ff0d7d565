#include "kernels/sparse_attention/block_mask.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "kernels/operation.hpp"

namespace stele::sparse_attention {
namespace {

/// splitmix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    /// Uniform in [0, count), count below 2^32; the multiplication's bias is below count / 2^32.
    std::int64_t below(std::int64_t count) {
        return static_cast<std::int64_t>(((next() >> 32) * static_cast<std::uint64_t>(count)) >> 32);
    }

private:
    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    std::uint64_t state_;
};

/// Kept key blocks of one row: [global_end) from the start, then [begin, end).
struct Band {
    std::int64_t global_end = 0, begin = 0, end = 0;
    std::int64_t size() const { return global_end + std::max<std::int64_t>(0, end - std::max(begin, global_end)); }
};

/// The window ends at the diagonal block when causal, lies around it otherwise, and is moved inside the matrix.
Band band(const BlockGrid& grid, std::int64_t query_block, std::int64_t width, bool global) {
    const std::int64_t visible = grid.visible_blocks(query_block);
    Band out;
    if (global) out.global_end = query_block == 0 ? visible : std::min<std::int64_t>(1, visible);
    if (grid.causal) {
        out.end = visible;
        out.begin = std::max<std::int64_t>(0, visible - width);
        return out;
    }
    const std::int64_t last_query = std::min((query_block + 1) * grid.block, grid.seq_q) - 1;
    const std::int64_t diagonal = std::max<std::int64_t>(0, last_query + grid.seq_k - grid.seq_q) / grid.block;
    out.begin = std::clamp<std::int64_t>(diagonal - width / 2, 0, visible - width);
    out.end = out.begin + width;
    return out;
}

std::int64_t kept_by_bands(const BlockGrid& grid, std::int64_t width, bool global) {
    std::int64_t kept = 0;
    for (std::int64_t query_block = 0; query_block < grid.query_blocks(); ++query_block)
        kept += band(grid, query_block, width, global).size();
    return kept;
}

using Rows = std::vector<std::vector<std::int32_t>>;

/// One head of a banded pattern; every head has the same.
Rows banded_rows(const BlockGrid& grid, bool global, double density) {
    Rows rows(static_cast<std::size_t>(grid.query_blocks()));
    if (density <= 0) return rows;
    const auto wanted = static_cast<std::int64_t>(std::ceil(density * static_cast<double>(grid.candidates()) - 1e-9));
    std::int64_t low = global ? 0 : 1, high = grid.key_blocks();
    while (low < high) {
        const std::int64_t width = (low + high) / 2;
        if (kept_by_bands(grid, width, global) >= wanted)
            high = width;
        else
            low = width + 1;
    }
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const Band kept = band(grid, static_cast<std::int64_t>(row), std::min(high, grid.key_blocks()), global);
        for (std::int64_t block = 0; block < kept.global_end; ++block)
            rows[row].push_back(static_cast<std::int32_t>(block));
        for (std::int64_t block = std::max(kept.begin, kept.global_end); block < kept.end; ++block)
            rows[row].push_back(static_cast<std::int32_t>(block));
    }
    return rows;
}

/// One head. The remainder of density · candidates is carried from row to row, so that short rows count too.
Rows random_rows(const BlockGrid& grid, double density, Random& random) {
    Rows rows(static_cast<std::size_t>(grid.query_blocks()));
    std::int64_t seen = 0, kept = 0;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        std::vector<std::int32_t> blocks(static_cast<std::size_t>(grid.visible_blocks(static_cast<std::int64_t>(row))));
        std::iota(blocks.begin(), blocks.end(), 0);
        seen += static_cast<std::int64_t>(blocks.size());
        const auto keep = static_cast<std::size_t>(std::llround(density * static_cast<double>(seen)) - kept);
        for (std::size_t i = 0; i < keep; ++i)
            std::swap(blocks[i],
                      blocks[i + static_cast<std::size_t>(random.below(static_cast<std::int64_t>(blocks.size() - i)))]);
        blocks.resize(keep);
        std::sort(blocks.begin(), blocks.end());
        kept += static_cast<std::int64_t>(keep);
        rows[row] = std::move(blocks);
    }
    return rows;
}

constexpr std::pair<MaskPattern, std::string_view> patterns[] = {
    {MaskPattern::window, "window"},     {MaskPattern::global_window, "global_window"},
    {MaskPattern::random, "random"},     {MaskPattern::empty_row, "empty_row"},
    {MaskPattern::full_row, "full_row"},
};

}  // namespace

std::string_view name(MaskPattern pattern) {
    for (const auto& [value, text] : patterns)
        if (value == pattern) return text;
    throw std::logic_error("a mask pattern without a name");
}

const std::vector<std::string>& mask_pattern_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> out;
        for (const auto& row : patterns) out.emplace_back(row.second);
        return out;
    }();
    return names;
}

MaskPattern mask_pattern(std::string_view text) {
    for (const auto& [value, spelling] : patterns)
        if (spelling == text) return value;
    throw std::logic_error("no mask pattern '" + std::string(text) + "'");
}

std::int64_t BlockGrid::visible_blocks(std::int64_t query_block) const {
    if (!causal) return key_blocks();
    const std::int64_t last_query = std::min((query_block + 1) * block, seq_q) - 1;
    const std::int64_t keys = std::clamp<std::int64_t>(last_query + seq_k - seq_q + 1, 0, seq_k);
    return (keys + block - 1) / block;
}

std::int64_t BlockGrid::visible_keys(std::int64_t query_block, std::int64_t key_block) const {
    const std::int64_t first_key = key_block * block, keys = std::min(block, seq_k - first_key);
    if (!causal) return keys;
    const std::int64_t last_query = std::min((query_block + 1) * block, seq_q) - 1;
    return std::clamp<std::int64_t>(last_query + seq_k - seq_q + 1 - first_key, 0, keys);
}

std::int64_t BlockGrid::pairs(std::int64_t query_block, std::int64_t key_block) const {
    const std::int64_t first_query = query_block * block, rows = std::min(block, seq_q - first_query);
    const std::int64_t keys = std::min(block, seq_k - key_block * block);
    if (!causal) return rows * keys;
    // Row i of the block sees clamp(i + first, 0, keys) of its keys: none, then a staircase, then all.
    const std::int64_t first = first_query + seq_k - seq_q + 1 - key_block * block;
    const std::int64_t none_end = std::clamp<std::int64_t>(-first, 0, rows);
    const std::int64_t stair_end = std::clamp<std::int64_t>(keys - first, none_end, rows);
    const std::int64_t stairs = stair_end - none_end;
    return stairs * (none_end + first) + stairs * (stairs - 1) / 2 + (rows - stair_end) * keys;
}

std::int64_t BlockGrid::candidates() const {
    std::int64_t count = 0;
    for (std::int64_t query_block = 0; query_block < query_blocks(); ++query_block)
        count += visible_blocks(query_block);
    return count;
}

BlockMask make_block_mask(const BlockGrid& grid, std::int64_t sequences, MaskPattern pattern, double density,
                          std::uint64_t seed) {
    const bool banded = pattern == MaskPattern::window || pattern == MaskPattern::global_window;
    Random random(seed);
    Rows rows;
    if (banded) rows = banded_rows(grid, pattern == MaskPattern::global_window, density);

    BlockMask mask;
    mask.row_begin.reserve(static_cast<std::size_t>(sequences * grid.query_blocks()) + 1);
    mask.row_begin.push_back(0);
    for (std::int64_t sequence = 0; sequence < sequences; ++sequence) {
        if (!banded) rows = random_rows(grid, density, random);
        if (!rows.empty() && (pattern == MaskPattern::empty_row || pattern == MaskPattern::full_row)) {
            // A different row in neighbouring heads, the last one first: when causal it sees the most.
            const std::int64_t row = grid.query_blocks() - 1 - sequence % grid.query_blocks();
            auto& blocks = rows[static_cast<std::size_t>(row)];
            blocks.resize(pattern == MaskPattern::full_row ? static_cast<std::size_t>(grid.visible_blocks(row)) : 0);
            std::iota(blocks.begin(), blocks.end(), 0);
        }
        for (const auto& blocks : rows) {
            if (mask.column.size() + blocks.size() > std::size_t{INT32_MAX})
                throw ProblemError(
                    fmt::format("the block mask keeps more than {} blocks; lower the density, the heads "
                                "or the batch, or use block=128",
                                INT32_MAX));
            mask.column.insert(mask.column.end(), blocks.begin(), blocks.end());
            mask.row_begin.push_back(static_cast<std::int32_t>(mask.column.size()));
        }
    }
    return mask;
}

double block_mask_bytes(const BlockGrid& grid, std::int64_t sequences, MaskPattern pattern, double density) {
    const bool drawn = pattern != MaskPattern::window && pattern != MaskPattern::global_window;
    const auto candidates = static_cast<double>(grid.candidates()), rows = static_cast<double>(grid.query_blocks());
    const double kept = density * candidates;
    // One head at a time: where it is drawn, of each row all blocks that might be kept. The columns of all heads are in
    // a vector that grows, so there are up to three times as many.
    const double head = rows * sizeof(std::vector<std::int32_t>) + sizeof(std::int32_t) * (drawn ? candidates : kept);
    return head + static_cast<double>(sequences) * sizeof(std::int32_t) * (rows + 3 * kept);
}

void check_block_mask(const BlockGrid& grid, std::int64_t sequences, std::span<const std::int32_t> row_begin,
                      std::span<const std::int32_t> column) {
    const auto rows = static_cast<std::size_t>(sequences * grid.query_blocks());
    if (row_begin.size() != rows + 1)
        throw ProblemError(fmt::format("row_begin has {} elements; {} rows need {}", row_begin.size(), rows, rows + 1));
    if (row_begin.front() != 0) throw ProblemError(fmt::format("row_begin[0] is {}; it must be 0", row_begin.front()));
    for (std::size_t row = 0; row < rows; ++row)
        if (row_begin[row + 1] < row_begin[row])
            throw ProblemError(fmt::format("row_begin falls from {} to {} at row {}; it must never fall",
                                           row_begin[row], row_begin[row + 1], row));
    if (static_cast<std::size_t>(row_begin.back()) != column.size())
        throw ProblemError(fmt::format("row_begin ends at {}, but column has {} elements; they must agree",
                                       row_begin.back(), column.size()));
    for (std::size_t row = 0; row < rows; ++row)
        for (std::int32_t at = row_begin[row]; at < row_begin[row + 1]; ++at) {
            const std::int32_t block = column[static_cast<std::size_t>(at)];
            if (block < 0 || block >= grid.key_blocks())
                throw ProblemError(fmt::format("column[{}] of row {} is {}; key blocks are 0 to {}", at, row, block,
                                               grid.key_blocks() - 1));
            if (at > row_begin[row] && block <= column[static_cast<std::size_t>(at) - 1])
                throw ProblemError(
                    fmt::format("columns {} and {} of row {} are {} and {}; columns of a row must ascend", at - 1, at,
                                row, column[static_cast<std::size_t>(at) - 1], block));
        }
}

}  // namespace stele::sparse_attention
