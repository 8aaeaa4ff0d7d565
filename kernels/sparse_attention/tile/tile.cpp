// sparse_attention / tile: its rows.
#include "kernels/sparse_attention/tile/tile.hpp"

#include <fmt/format.h>

#include "kernels/source.hpp"
#include "kernels/sparse_attention/rows.hpp"

namespace stele::sparse_attention {
namespace {

Support supports_block(const BlockTile& tile, const SparseAttentionProblem& sparse) {
    if (sparse.dtype() == Dtype::f32) return Support::no("the matrix unit takes f16 and bf16, not f32");
    if (const std::int64_t block = sparse.grid().block; block % tile.block_m != 0 || block % tile.block_n != 0)
        return Support::no(
            fmt::format("a tile lies in one block of the mask, of {} here: give @{}", block, text(block_tiles.back())));
    return {};
}

Plan make_plan(Language language, const BlockTile& tile, const Problem& problem) {
    const SparseAttentionProblem& sparse = as_sparse_attention(problem);
    const Shape& shape = sparse.shape();
    Step step;
    step.grid = {blocks(shape.seq_q, tile.block_m), static_cast<unsigned>(shape.heads),
                 static_cast<unsigned>(shape.batch)};
    // A launch counts blocks; of threads the compiler decides.
    step.block = {1, 1, 1};
    step.operands = operands_of(sparse);
    return {{kernel_source(language, "sparse_attention/tile", "sparse_attention_tile",
                           text(tile) + ' ' + instance_of(shape))},
            {},
            {std::move(step)},
            {}};
}

}  // namespace

std::vector<Variant> tile_variants() {
    std::vector<Variant> out;
    for (const BlockTile& tile : block_tiles) {
        VariantRow row;
        row.operation = "sparse_attention";
        row.algorithm = "tile";
        row.tile = text(tile);
        row.default_tile = tile == block_tiles.front();
        row.languages = {Language::cuda_tile};
        row.architectures = {"sm_80", "sm_90a", "sm_100", "sm_120"};
        row.arithmetic_of = rounded_weights;
        row.supports = [tile](Language, const DeviceInfo&, const Problem& problem) {
            return supports_block(tile, as_sparse_attention(problem));
        };
        row.plan = [tile](Language language, const DeviceInfo&, const Problem& problem) {
            return make_plan(language, tile, problem);
        };
        for (Variant& variant : variants_of(row)) out.push_back(std::move(variant));
    }
    return out;
}

}  // namespace stele::sparse_attention
