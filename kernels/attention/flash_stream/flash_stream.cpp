// attention/flash_stream: its rows.
#include "kernels/attention/flash_stream/flash_stream.hpp"

#include "kernels/attention/split_plan.hpp"
#include "kernels/common/panel.hpp"
#include "kernels/tile_space.hpp"

namespace stele::attention {
namespace {

Support supports(Language, const StreamTile& tile, const DeviceInfo& device, const Shape& shape) {
    if (!device.is_cpu)
        return Support::no("shaped for CPUs: a block is one thread, with keys and values in the first-level cache");
    if (Support few = wants_few_rows(shape); !few) return few;
    if (Support typed = takes_dtype(shape, {Dtype::f32, Dtype::f16, Dtype::bf16}); !typed) return typed;
    return fits_block(device, 1, tile.local_bytes(static_cast<int>(shape.head_dim)));
}

Plan make_plan(Language language, const StreamTile& tile, const DeviceInfo& device, const Shape& shape) {
    SplitLaunch launch;
    launch.algorithm = "flash_stream";
    launch.tile = text(tile);
    launch.block_m = tile.block_m;
    launch.step = tile.block_n;
    launch.options = definitions(tile);
    for (std::string& builtin : builtins_of(device)) launch.options.push_back(std::move(builtin));
    return split_plan(language, launch, device, shape);
}

VariantRow stream_row() {
    VariantRow row;
    row.algorithm = "flash_stream";
    row.languages = {Language::opencl};
    return row;
}

}  // namespace

std::string why_illegal(const StreamTile& tile) {
    if (tile.block_n % 16 != 0) return "BLOCK_N is not a multiple of 16, the width of a vector";
    if (tile.local_bytes(128) > 1024 * 1024) return "rows, keys and values take more than 1 MiB at head_dim 128";
    return {};
}

std::vector<Variant> flash_stream_variants() {
    VariantRow row = stream_row();
    row.tile_space = make_tile_space<StreamTile>(
        {{{4, 8, 16, 32}, {16, 32, 64, 128}}}, [](const StreamTile& tile) { return why_illegal(tile); },
        [](const StreamTile& tile) {
            return tiled_variants(stream_row(), std::array{tile}, supports, make_plan).front();
        });
    return tiled_variants(row, stream_tiles, supports, make_plan);
}

}  // namespace stele::attention
