// attention / flash_panel: its rows.
#include "kernels/attention/flash_panel/flash_panel.hpp"

#include "kernels/attention/rows.hpp"
#include "kernels/common/panel.hpp"
#include "kernels/source.hpp"
#include "kernels/tile_space.hpp"

namespace stele::attention {
namespace {

Support supports(Language, const PanelTile& tile, const DeviceInfo& device, const Shape& shape) {
    if (!device.is_cpu)
        return Support::no("shaped for CPUs: a block is one thread, with panels of K and V in the second-level cache");
    if (Support held = sums_fit_registers(device, tile.thread_m, tile.thread_n); !held) return held;
    if (Support typed = takes_dtype(shape, {Dtype::f32, Dtype::f16, Dtype::bf16}); !typed) return typed;
    if (Support laid_out = reads_layout(shape, Reads::dense, Masks::window); !laid_out) return laid_out;
    return fits_block(device, 1, tile.local_bytes(static_cast<int>(shape.head_dim)));
}

Plan make_plan(Language language, const PanelTile& tile, const DeviceInfo&, const Shape& shape) {
    std::vector<std::string> options = definitions(tile);
    for (std::string& option : definitions_of(shape)) options.push_back(std::move(option));

    Plan plan;
    plan.kernels.push_back(kernel_source(language, "attention/flash_panel", "attention_flash_panel",
                                         text(tile) + ' ' + instance_of(shape), std::move(options)));
    plan.steps.push_back(
        {0,
         {blocks(shape.group() * shape.seq_q, tile.block_m), static_cast<unsigned>(shape.kv_heads),
          static_cast<unsigned>(shape.batch)},
         {1, 1, 1},
         0,
         with_window(with_sizes({TensorOperand{tensor_q}, TensorOperand{tensor_k}, TensorOperand{tensor_v},
                                 TensorOperand{tensor_o}, TensorOperand{tensor_lse}},
                                shape),
                     shape)});
    return plan;
}

VariantRow panel_row() {
    VariantRow row;
    row.algorithm = "flash_panel";
    row.languages = {Language::opencl};
    return row;
}

}  // namespace

std::string why_illegal(const PanelTile& tile) {
    if (tile.thread_n % 16 != 0) return "THREAD_N is not a multiple of 16, the width of a vector";
    if (tile.thread_m * tile.thread_n > 512)
        return "THREAD_M x THREAD_N is above 512 sums: they must fit into registers";
    if (64 % tile.thread_n != 0) return "THREAD_N does not divide 64, the least head_dim";
    if (tile.block_m % tile.thread_m != 0) return "THREAD_M does not divide BLOCK_M";
    if (tile.block_n % tile.thread_n != 0) return "THREAD_N does not divide BLOCK_N";
    if (tile.local_bytes(128) > 1024 * 1024) return "rows, panels and sums take more than 1 MiB at head_dim 128";
    return {};
}

std::vector<Variant> flash_panel_variants() {
    VariantRow row = panel_row();
    row.tile_space = make_tile_space<PanelTile>(
        {{{24, 48, 96, 192, 384}, {32, 64, 96, 128, 192, 256}, {4, 6, 8, 12}, {16, 32}}},
        [](const PanelTile& tile) { return why_illegal(tile); },
        [](const PanelTile& tile) {
            return tiled_variants(panel_row(), std::array{tile}, supports, make_plan).front();
        });
    return tiled_variants(row, panel_tiles, supports, make_plan);
}

}  // namespace stele::attention
