// What the rows of attention's algorithms share, and the list of them.
#pragma once

#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kernels/attention/problem.hpp"
#include "kernels/attention/tile.hpp"
#include "kernels/row.hpp"
#include "kernels/tile.hpp"

namespace stele::attention {

/// "f16 d128": the part of a kernel's instance that the problem chooses.
std::string instance_of(const Shape& shape);

/// {"-DHEAD_DIM=128", "-DELEMENT_F16"}: the same for OpenCL.
std::vector<std::string> definitions_of(const Shape& shape);

/// ceil(a / b) as a grid extent.
unsigned blocks(std::int64_t a, std::int64_t b);

/// Keys that some query of the longest sequence sees.
std::int64_t longest_seen(const Shape& shape);

/// What a kernel without splits is given: `tensors`, then heads, kv_heads, seq_q, seq_k, softmax_scale and causal.
std::vector<Operand> with_sizes(std::vector<Operand> tensors, const Shape& shape);

/// The same, and after them the window, for kernels that have one.
std::vector<Operand> with_window(std::vector<Operand> operands, const Shape& shape);

/// A problem's tensors, by name; null where it has no such tensor.
struct TensorOperands {
    Operand q, k, v, page_table, q_offsets, k_offsets, q_scale, k_scale, v_scale, o, lse;
};
TensorOperands operands_of(const Shape& shape);

/// No, with the words "takes f16 and bf16, not f32", where the problem's dtype is none of these.
Support takes_dtype(const Shape& shape, const std::set<Dtype>& dtypes);

/// No where keys are latent, in pages, sequences packed or causal masks have a window, and the algorithm does not read
/// that. Values are in V, or in it or in keys.
enum class Reads { dense, packed };
enum class Masks { causal, window };
enum class ValuesIn { own, either };
Support reads_layout(const Shape& shape, Reads reads, Masks masks = Masks::causal, ValuesIn values = ValuesIn::own);

/// No where keys are not their values too.
Support wants_latent(const Shape& shape);

/// A page has 2^shift keys; 0 where there are none.
Operand page_shift_of(const Shape& shape);

/// Keys of a part, in whole steps of a block: as many as give each compute unit two blocks of `block_m` rows, but two
/// steps at least, as below that a part's sums take as long as its keys.
std::int64_t keys_of_part(const DeviceInfo& device, const Shape& shape, int block_m, int step);

/// Scratch that `splits` parts of the keys leave: acc, then row_max and row_sum. None for one part.
std::vector<std::size_t> parts_bytes(const Shape& shape, std::int64_t splits);

/// Adds the step that puts the parts in scratch buffers 0 and 1 together: flash's second kernel.
void add_combine(Plan& plan, Language language, const Shape& shape, std::int64_t splits);

/// Of matrix instructions: weights are rounded to the type of V.
Arithmetic rounded_weights(const Problem& problem);

/// No where the tile's threads have another part of O's columns.
template <typename AnyTile>
Support has_head_dim(const AnyTile& tile, const Shape& shape) {
    if (tile.takes_head_dim(static_cast<int>(shape.head_dim))) return {};
    return Support::no("a tile for another head_dim than " + std::to_string(shape.head_dim));
}

/// An algorithm's rows: `row` with each of `list`, the first of which is its default. supports(language, tile, device,
/// shape) and plan(language, tile, device, shape) are asked with the tile.
template <typename Tiles, typename Supports, typename MakePlan>
std::vector<Variant> tiled_variants(VariantRow row, const Tiles& list, Supports supports, MakePlan make_plan) {
    row.operation = "attention";
    std::vector<Variant> out;
    for (const auto& tile : list) {
        row.tile = text(tile);
        row.default_tile = tile == *std::begin(list);
        row.supports = [=](Language language, const DeviceInfo& device, const Problem& problem) {
            return supports(language, tile, device, shape_of(problem));
        };
        row.plan = [=](Language language, const DeviceInfo& device, const Problem& problem) {
            return make_plan(language, tile, device, shape_of(problem));
        };
        for (Variant& variant : variants_of(row)) out.push_back(std::move(variant));
    }
    return out;
}

/// The rows of each algorithm, in its own folder.
std::vector<Variant> naive_variants();
std::vector<Variant> flash_variants();
std::vector<Variant> flash_split_variants();
std::vector<Variant> latent_variants();
std::vector<Variant> latent_tensor_variants();
std::vector<Variant> latent_hopper_variants();
std::vector<Variant> flash_panel_variants();
std::vector<Variant> flash_stream_variants();
std::vector<Variant> flash_tensor_variants();
std::vector<Variant> flash_hopper_variants();
std::vector<Variant> tile_variants();
std::vector<Variant> openblas_variants();
std::vector<Variant> onednn_variants();
std::vector<Variant> cudnn_variants();

}  // namespace stele::attention
