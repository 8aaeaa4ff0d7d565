// Block masks: drawn as promised, counted exactly, and refused from outside when they are not CSR.
#include "kernels/sparse_attention/block_mask.hpp"

#include <gtest/gtest.h>

#include <set>

#include "kernels/operation.hpp"

namespace stele::sparse_attention::sparse_block_mask_test {
namespace {

constexpr MaskPattern all_patterns[] = {MaskPattern::window, MaskPattern::global_window, MaskPattern::random,
                                        MaskPattern::empty_row, MaskPattern::full_row};

/// Shapes that end inside a block, start before the first key, or have one row.
std::vector<BlockGrid> grids() {
    std::vector<BlockGrid> out;
    for (std::int64_t block : {4, 8})
        for (std::int64_t seq_q : {1, 7, 8, 30})
            for (std::int64_t seq_k : {0, 1, 8, 13, 40})
                for (bool causal : {false, true}) out.push_back({seq_q, seq_k, block, causal});
    return out;
}

bool sees(const BlockGrid& grid, std::int64_t query, std::int64_t key) {
    return !grid.causal || key <= query + grid.seq_k - grid.seq_q;
}

TEST(BlockGrid, CountsPairsKeysAndBlocksAsBruteForceDoes) {
    for (const BlockGrid& grid : grids())
        for (std::int64_t query_block = 0; query_block < grid.query_blocks(); ++query_block) {
            std::int64_t visible_blocks = 0;
            for (std::int64_t key_block = 0; key_block < grid.key_blocks(); ++key_block) {
                std::int64_t pairs = 0;
                std::set<std::int64_t> keys;
                for (std::int64_t query = query_block * grid.block;
                     query < std::min((query_block + 1) * grid.block, grid.seq_q); ++query)
                    for (std::int64_t key = key_block * grid.block;
                         key < std::min((key_block + 1) * grid.block, grid.seq_k); ++key)
                        if (sees(grid, query, key)) {
                            ++pairs;
                            keys.insert(key);
                        }
                EXPECT_EQ(grid.pairs(query_block, key_block), pairs) << grid.seq_q << "x" << grid.seq_k;
                EXPECT_EQ(grid.visible_keys(query_block, key_block), static_cast<std::int64_t>(keys.size()));
                if (pairs > 0) visible_blocks = key_block + 1;
            }
            EXPECT_EQ(grid.visible_blocks(query_block), visible_blocks) << grid.seq_q << "x" << grid.seq_k;
        }
}

TEST(BlockMask, EveryPatternGivesValidCsrOverCandidatesOnly) {
    for (const BlockGrid& grid : grids())
        for (MaskPattern pattern : all_patterns)
            for (double density : {0.0, 0.3, 1.0}) {
                const BlockMask mask = make_block_mask(grid, 3, pattern, density, 5);
                ASSERT_NO_THROW(check_block_mask(grid, 3, mask.row_begin, mask.column)) << name(pattern);
                for (std::size_t row = 0; row + 1 < mask.row_begin.size(); ++row)
                    for (auto at = mask.row_begin[row]; at < mask.row_begin[row + 1]; ++at)
                        EXPECT_LT(mask.column[static_cast<std::size_t>(at)],
                                  grid.visible_blocks(static_cast<std::int64_t>(row) % grid.query_blocks()));
            }
}

TEST(BlockMask, DensityZeroKeepsNothingAndOneKeepsAllCandidates) {
    for (const BlockGrid& grid : grids())
        for (MaskPattern pattern : {MaskPattern::window, MaskPattern::global_window, MaskPattern::random}) {
            EXPECT_TRUE(make_block_mask(grid, 2, pattern, 0.0, 1).column.empty()) << name(pattern);
            EXPECT_EQ(static_cast<std::int64_t>(make_block_mask(grid, 2, pattern, 1.0, 1).column.size()),
                      2 * grid.candidates())
                << name(pattern) << ' ' << grid.seq_q << 'x' << grid.seq_k << (grid.causal ? " causal" : "");
        }
}

TEST(BlockMask, RandomReachesTheDensityOfEveryHead) {
    for (bool causal : {false, true}) {
        const BlockGrid grid{3000, 3100, 64, causal};
        for (double density : {0.03, 0.1, 0.5, 0.9}) {
            const BlockMask mask = make_block_mask(grid, 4, MaskPattern::random, density, 11);
            for (std::size_t head = 0; head < 4; ++head) {
                const auto rows = static_cast<std::size_t>(grid.query_blocks());
                const double kept = mask.row_begin[(head + 1) * rows] - mask.row_begin[head * rows];
                EXPECT_NEAR(kept, density * static_cast<double>(grid.candidates()), 0.5);
            }
        }
    }
}

TEST(BlockMask, RandomTakesEveryColumnAboutEquallyOften) {
    const BlockGrid grid{640, 640, 64, false};
    const BlockMask mask = make_block_mask(grid, 400, MaskPattern::random, 0.3, 3);
    std::vector<int> taken(10);
    for (std::int32_t block : mask.column) ++taken[static_cast<std::size_t>(block)];
    // 4000 rows, 0.3 each: 1200 with a standard deviation of 29.
    for (const int times : taken) EXPECT_NEAR(times, 1200, 150);
}

TEST(BlockMask, WindowsAreTheNarrowestThatReachTheDensity) {
    for (bool causal : {false, true})
        for (MaskPattern pattern : {MaskPattern::window, MaskPattern::global_window}) {
            const BlockGrid grid{2048, 2048, 64, causal};
            const auto candidates = static_cast<double>(grid.candidates());
            const auto kept = static_cast<double>(make_block_mask(grid, 1, pattern, 0.2, 1).column.size());
            EXPECT_GE(kept, 0.2 * candidates);
            // One block narrower loses at most one block a row.
            EXPECT_LT(kept - static_cast<double>(grid.query_blocks()), 0.2 * candidates);
        }
}

TEST(BlockMask, CausalWindowEndsAtTheDiagonal) {
    const BlockMask mask = make_block_mask({512, 512, 64, true}, 1, MaskPattern::window, 0.4, 1);
    // 36 candidates, so 15 blocks: two a row and one in the first.
    EXPECT_EQ(mask.row_begin, (std::vector<std::int32_t>{0, 1, 3, 5, 7, 9, 11, 13, 15}));
    EXPECT_EQ(mask.column, (std::vector<std::int32_t>{0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7}));
}

TEST(BlockMask, GlobalWindowKeepsTheFirstColumnAndRow) {
    const BlockGrid grid{512, 512, 64, false};
    const BlockMask mask = make_block_mask(grid, 1, MaskPattern::global_window, 0.4, 1);
    EXPECT_EQ(mask.row_begin[1], grid.key_blocks());
    for (std::size_t row = 0; row < 8; ++row)
        EXPECT_EQ(mask.column[static_cast<std::size_t>(mask.row_begin[row])], 0) << row;
}

TEST(BlockMask, EdgePatternsHaveAnEmptyAndAFullRowInEachHead) {
    const BlockGrid grid{512, 640, 64, true};
    const auto rows = static_cast<std::size_t>(grid.query_blocks());
    const BlockMask empty = make_block_mask(grid, 3, MaskPattern::empty_row, 0.5, 1);
    const BlockMask full = make_block_mask(grid, 3, MaskPattern::full_row, 0.5, 1);
    for (std::size_t head = 0; head < 3; ++head) {
        const std::size_t row = rows - 1 - head, at = head * rows + row;
        EXPECT_EQ(empty.row_begin[at + 1] - empty.row_begin[at], 0);
        EXPECT_EQ(full.row_begin[at + 1] - full.row_begin[at], grid.visible_blocks(static_cast<std::int64_t>(row)));
    }
}

TEST(BlockMask, TheSeedDecides) {
    const BlockGrid grid{1024, 1024, 64, false};
    const auto column = [&](std::uint64_t seed) {
        return make_block_mask(grid, 2, MaskPattern::random, 0.25, seed).column;
    };
    EXPECT_EQ(column(7), column(7));
    EXPECT_NE(column(7), column(8));
    const BlockMask mask = make_block_mask(grid, 2, MaskPattern::random, 0.25, 7);
    const std::vector<std::int32_t> first(mask.column.begin(), mask.column.begin() + mask.row_begin[16]);
    EXPECT_NE(first, std::vector<std::int32_t>(mask.column.begin() + mask.row_begin[16], mask.column.end()));
}

struct BadMask {
    std::vector<std::int32_t> row_begin, column;
    std::string complaint;
};
void PrintTo(const BadMask& bad, std::ostream* out) { *out << bad.complaint; }

class BadMasks : public testing::TestWithParam<BadMask> {};

TEST_P(BadMasks, AreRefusedWithTheReason) {
    // Two heads of two query blocks, three key blocks.
    const BlockGrid grid{16, 20, 8, false};
    try {
        check_block_mask(grid, 2, GetParam().row_begin, GetParam().column);
        FAIL() << "accepted";
    } catch (const ProblemError& error) {
        EXPECT_NE(std::string(error.what()).find(GetParam().complaint), std::string::npos) << error.what();
    }
}

INSTANTIATE_TEST_SUITE_P(
    BlockMask, BadMasks,
    testing::Values(BadMask{{0, 1, 2, 3}, {0, 1, 2}, "4 rows need 5"}, BadMask{{1, 1, 2, 3, 3}, {0, 1, 2}, "must be 0"},
                    BadMask{{0, 2, 1, 3, 3}, {0, 1, 2}, "falls from 2 to 1 at row 1"},
                    BadMask{{0, 1, 2, 3, 4}, {0, 1, 2}, "ends at 4, but column has 3"},
                    BadMask{{0, 1, 2, 3, 3}, {0, 1, 3}, "column[2] of row 2 is 3; key blocks are 0 to 2"},
                    BadMask{{0, 1, 2, 3, 3}, {0, -1, 2}, "column[1] of row 1 is -1"},
                    BadMask{{0, 2, 2, 3, 3}, {1, 0, 2}, "must ascend"},
                    BadMask{{0, 2, 2, 3, 3}, {1, 1, 2}, "must ascend"}));

TEST(BlockMask, AValidMaskFromOutsideIsAccepted) {
    check_block_mask({16, 20, 8, false}, 2, std::vector<std::int32_t>{0, 0, 2, 3, 6},
                     std::vector<std::int32_t>{0, 2, 1, 0, 1, 2});
}

}  // namespace
}  // namespace stele::sparse_attention::sparse_block_mask_test
