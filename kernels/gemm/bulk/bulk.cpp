// gemm / bulk: its rows.
#include "kernels/gemm/bulk/bulk.hpp"

#include <fmt/format.h>

#include "kernels/gemm/tensor/padding.hpp"

namespace stele::gemm {

std::vector<Variant> bulk_variants() {
    std::vector<Variant> out;
    for (const TensorTile& tile : bulk_tiles) {
        KernelRow row = tensor_row("bulk", tile);
        row.languages = {Language::cuda};
        row.architectures = {"sm_90a", "sm_100", "sm_120"};
        row.default_tile = tile == bulk_tiles.front();
        row.threads = tile.threads() + 32;
        row.dynamic_shared_bytes = [tile](const Shape& shape) {
            return padded_bytes(tile, shape) + bulk_barrier_bytes(tile);
        };
        row.takes = [tile](const DeviceInfo& device, const Shape& shape) {
            Support answer = takes_wmma(device, shape);
            if (!answer || bulk_takes(tile, shape.dtype)) return answer;
            return Support::no(fmt::format("tile {} holds fragments of f16 only in its registers", text(tile)));
        };
        for (Variant& variant : padded_variants_of(row)) out.push_back(std::move(variant));
    }
    return out;
}

}  // namespace stele::gemm
