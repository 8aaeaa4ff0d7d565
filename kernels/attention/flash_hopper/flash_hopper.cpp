// attention / flash_hopper: its rows.
#include "kernels/attention/flash_hopper/flash_hopper.hpp"

#include "kernels/attention/rows.hpp"
#include "kernels/source.hpp"

namespace stele::attention {
namespace {

constexpr std::size_t barrier_bytes = 1024;
/// A grid's y and z.
constexpr std::int64_t most_in_y = 65535;

Support supports(const HopperTile& tile, const DeviceInfo& device, const Shape& shape) {
    if (shape.dtype == Dtype::f32) return Support::no("the matrix unit takes f16 and bf16, not f32");
    if (Support has = has_head_dim(tile, shape); !has) return has;
    if (shape.seq_k == 0) return Support::no("a tensor map wants at least one key");
    if (shape.batch > most_in_y || shape.heads > most_in_y)
        return Support::no("batch and heads must not exceed 65535, the grid's limit");
    if (Support laid_out = reads_layout(shape, Reads::dense, Masks::window); !laid_out) return laid_out;
    return fits_block(device, tile.threads(), tile.shared_bytes(static_cast<int>(shape.head_dim)) + barrier_bytes);
}

/// [matrices, rows, head_dim] in boxes of `box_rows` × 64 elements, which are 128 bytes.
TensorMapOperand map_of(std::size_t tensor, const Shape& shape, std::int64_t matrices, std::int64_t rows,
                        int box_rows) {
    TensorMapSpec spec;
    spec.element = shape.dtype == Dtype::f16 ? TensorMapElement::f16 : TensorMapElement::bf16;
    spec.rank = 3;
    const auto row = static_cast<std::uint64_t>(shape.head_dim), count = static_cast<std::uint64_t>(rows);
    spec.extent = {row, count, static_cast<std::uint64_t>(matrices)};
    spec.stride = {2, 2 * row, 2 * row * count};
    spec.box = {64, static_cast<std::uint32_t>(box_rows), 1};
    spec.swizzle = TensorMapSwizzle::bytes_128;
    return {tensor, false, spec};
}

Plan make_plan(const HopperTile& tile, const Shape& shape) {
    Plan plan;
    plan.kernels.push_back(kernel_source(Language::ptx, "attention/flash_hopper", "attention_flash_hopper",
                                         text(tile) + ' ' + instance_of(shape)));
    plan.steps.push_back(
        {0,
         {blocks(shape.seq_q, tile.block_m()), static_cast<unsigned>(shape.heads), static_cast<unsigned>(shape.batch)},
         {static_cast<unsigned>(tile.threads()), 1, 1},
         tile.shared_bytes(static_cast<int>(shape.head_dim)),
         with_window(with_sizes({map_of(tensor_q, shape, shape.batch * shape.heads, shape.seq_q, 64),
                                 map_of(tensor_k, shape, shape.batch * shape.kv_heads, shape.seq_k, tile.block_n),
                                 map_of(tensor_v, shape, shape.batch * shape.kv_heads, shape.seq_k, tile.block_n),
                                 TensorOperand{tensor_o}, TensorOperand{tensor_lse}},
                                shape),
                     shape)});
    return plan;
}

}  // namespace

std::vector<Variant> flash_hopper_variants() {
    std::vector<Variant> out;
    for (const HopperTile& tile : flash_hopper_tiles) {
        VariantRow row;
        row.operation = "attention";
        row.algorithm = "flash_hopper";
        row.tile = text(tile);
        row.default_tile = tile == flash_hopper_tiles.front();
        row.languages = {Language::ptx};
        row.architectures = {"sm_90a"};
        row.arithmetic_of = rounded_weights;
        row.supports = [tile](Language, const DeviceInfo& device, const Problem& problem) {
            return supports(tile, device, shape_of(problem));
        };
        row.plan = [tile](Language, const DeviceInfo&, const Problem& problem) {
            return make_plan(tile, shape_of(problem));
        };
        for (Variant& variant : variants_of(row)) out.push_back(std::move(variant));
    }
    return out;
}

}  // namespace stele::attention
