// gemm / panel: its rows.
#include "kernels/gemm/panel/panel.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "kernels/common/panel.hpp"
#include "kernels/gemm/rows.hpp"
#include "kernels/tile_space.hpp"

namespace stele::gemm {
namespace {

/// Of one tile of C.
struct Part {
    std::int64_t rows, cols;
};

/// The extent of equal parts, whole units of it: as many as are wanted, none above `block` and none below `least`.
std::int64_t equal_part(std::int64_t extent, std::int64_t wanted, std::int64_t block, std::int64_t least,
                        std::int64_t unit) {
    const std::int64_t fewest = std::max<std::int64_t>(1, ceil_div(extent, block));
    const std::int64_t parts = std::clamp(wanted, fewest, std::max(fewest, extent / least));
    return std::clamp(ceil_div(ceil_div(extent, parts), unit) * unit, unit, block);
}

/// BLOCK_M × BLOCK_N, or fewer rows and then fewer columns where there would be more compute units than tiles. With
/// less than the least, what packing B and copying A cost is no longer shared by enough products.
Part part_of(const PanelTile& tile, const DeviceInfo& device, const Shape& shape) {
    constexpr std::int64_t least_rows = 96, least_cols = 64;
    const auto for_each_unit = [&](std::int64_t tiles) {
        return ceil_div(device.compute_units, std::max<std::int64_t>(1, shape.products() * tiles));
    };
    Part part{};
    part.rows = equal_part(shape.most_rows(), for_each_unit(ceil_div(shape.n, tile.block_n)), tile.block_m, least_rows,
                           tile.thread_m);
    part.cols = equal_part(shape.n, for_each_unit(ceil_div(shape.most_rows(), part.rows)), tile.block_n, least_cols,
                           tile.thread_n);
    return part;
}

std::int64_t tiles_of(const Part& part, const Shape& shape) {
    return shape.products() * ceil_div(shape.most_rows(), part.rows) * ceil_div(shape.n, part.cols);
}

/// A block a compute unit, each with its own partial sums; a block walks through several tiles.
Dim3 grid_of(const PanelTile& tile, const DeviceInfo& device, const Shape& shape) {
    const std::int64_t tiles = tiles_of(part_of(tile, device, shape), shape);
    return {static_cast<unsigned>(std::clamp<std::int64_t>(tiles, 1, device.compute_units)), 1, 1};
}

Support takes(const PanelTile& tile, const DeviceInfo& device, const Shape& shape) {
    if (!device.is_cpu)
        return Support::no("shaped for CPUs: a block is one thread, with a panel of B in the second-level cache");
    if (Support held = sums_fit_registers(device, tile.thread_m, tile.thread_n); !held) return held;
    if (tiles_of(part_of(tile, device, shape), shape) > std::numeric_limits<std::int32_t>::max())
        return Support::no("C has more tiles than fit into 31 bits");
    Shape one = shape;
    one.batch = 1;
    one.groups.clear();
    return takes_plain(one);
}

KernelRow row_of(const PanelTile& tile) {
    KernelRow row;
    row.algorithm = "panel";
    row.tile = text(tile);
    row.default_tile = tile == panel_tiles.front();
    row.languages = {Language::opencl};
    row.threads = 1;
    row.grid = [tile](const DeviceInfo& device, const Shape& shape) { return grid_of(tile, device, shape); };
    row.shared_bytes = [tile](const Shape&) { return tile.shared_bytes(); };
    row.takes = [tile](const DeviceInfo& device, const Shape& shape) { return takes(tile, device, shape); };
    row.definitions = definitions(tile);
    row.operands = [](const Shape& shape) -> std::vector<Operand> {
        return {TensorOperand{0},          TensorOperand{1}, row_begin_operand(shape), TensorOperand{index_of_c(shape)},
                extent(shape.most_rows()), extent(shape.n),  extent(shape.k),          extent(shape.products()),
                ScratchOperand{0}};
    };
    row.completed = [tile](Plan plan, const DeviceInfo& device, const Shape& shape) {
        const Part part = part_of(tile, device, shape);
        for (const std::int64_t value : {part.rows, part.cols}) plan.steps.front().operands.push_back(extent(value));
        for (std::string& builtin : builtins_of(device)) plan.kernels.front().options.push_back(std::move(builtin));
        plan.scratch.push_back(plan.steps.front().grid.x * tile.partial_bytes());
        return plan;
    };
    return row;
}

}  // namespace

std::string why_illegal(const PanelTile& tile) {
    if (tile.thread_n % 16 != 0) return "THREAD_N is not a multiple of 16, the width of a vector";
    if (tile.thread_m * tile.thread_n > 512)
        return "THREAD_M x THREAD_N is above 512 sums: they must fit into registers";
    if (tile.block_m % tile.thread_m != 0) return "THREAD_M does not divide BLOCK_M";
    if (tile.block_n % tile.thread_n != 0) return "THREAD_N does not divide BLOCK_N";
    if (tile.block_k % 16 != 0) return "BLOCK_K is not a multiple of 16, a cache line of floats";
    if (tile.shared_bytes() > 1024 * 1024) return "the panel and the rows of A take more than 1 MiB";
    return {};
}

std::vector<Variant> panel_variants() {
    const std::shared_ptr<const TileSpace> space = make_tile_space<PanelTile>(
        {{{240, 516, 768, 1032, 2064},
          {64, 96, 128, 192, 256, 384, 512},
          {96, 128, 192, 256, 320, 384, 512},
          {4, 6, 8, 12},
          {16, 32, 48, 64}}},
        [](const PanelTile& tile) { return why_illegal(tile); },
        [](const PanelTile& tile) { return variants_of(row_of(tile)).front(); });
    std::vector<Variant> out;
    for (const PanelTile& tile : panel_tiles) {
        KernelRow row = row_of(tile);
        row.tile_space = space;
        for (Variant& variant : variants_of(row)) out.push_back(std::move(variant));
    }
    return out;
}

}  // namespace stele::gemm
