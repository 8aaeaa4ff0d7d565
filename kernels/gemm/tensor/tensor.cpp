// gemm / tensor: its rows.
#include "kernels/gemm/tensor/tensor.hpp"

#include <fmt/format.h>

#include "kernels/gemm/tensor/padding.hpp"

namespace stele::gemm {
namespace {

KernelRow cuda_row(const TensorTile& tile) {
    KernelRow row = tensor_row("tensor", tile);
    row.languages = {Language::cuda};
    row.default_tile = tile == wmma_tiles.front();
    row.dynamic_shared_bytes = [tile](const Shape& shape) { return padded_bytes(tile, shape); };
    row.takes = takes_wmma;
    return row;
}

KernelRow ptx_row(const TensorTile& tile) {
    KernelRow row = tensor_row("tensor", tile);
    row.languages = {Language::ptx};
    row.default_tile = tile == tensor_tiles.front();
    row.dynamic_shared_bytes = [tile](const Shape&) { return tile.stage_bytes(); };
    // e4m3 is an operand of mma.sync from there on.
    row.architectures = {"sm_89", "sm_90a", "sm_100", "sm_120"};
    row.takes = [tile](const DeviceInfo&, const Shape& shape) {
        if (shape.scale == Scale::block) return Support::no("multiplies by one scale, not by one a block of K");
        if (tile == e4m3_tile) return takes_only(shape, {Dtype::e4m3});
        if (shape.dtype == Dtype::e4m3)
            return Support::no(
                fmt::format("e4m3 takes more registers than this tile leaves: give @{}", text(e4m3_tile)));
        return takes_only(shape, {Dtype::f16, Dtype::bf16, Dtype::tf32, Dtype::s8});
    };
    return row;
}

/// The tile that fits into what OpenCL gives a kernel on NVIDIA, and that the PTX sibling has too.
KernelRow opencl_ptx_row() {
    static constexpr TensorTile tile = tensor_tiles[2];
    static_assert(tile.stage_bytes() <= 48 * 1024);
    KernelRow row = tensor_row("tensor", tile);
    row.languages = {Language::opencl_ptx};
    row.shared_bytes = [](const Shape&) { return tile.stage_bytes(); };
    row.definitions = definitions(tile);
    row.takes = [](const DeviceInfo&, const Shape& shape) {
        if (!shape.groups.empty()) return Support::no("multiplies by one B, not by a group's");
        return takes_only(shape, {Dtype::f16, Dtype::bf16});
    };
    row.operands = opencl_operands;
    return row;
}

}  // namespace

std::vector<Variant> tensor_variants() {
    std::vector<KernelRow> rows;
    for (const TensorTile& tile : wmma_tiles) rows.push_back(cuda_row(tile));
    for (const TensorTile& tile : tensor_tiles) rows.push_back(ptx_row(tile));
    rows.push_back(opencl_ptx_row());
    std::vector<Variant> out;
    for (const KernelRow& row : rows)
        for (Variant& variant : padded_variants_of(row)) out.push_back(std::move(variant));
    return out;
}

}  // namespace stele::gemm
