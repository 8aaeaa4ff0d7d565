#include "kernels/sparse_attention/rows.hpp"

#include <fmt/format.h>

#include "kernels/source.hpp"
#include "kernels/sparse_attention/tile.hpp"

namespace stele::sparse_attention {
namespace {

/// Dynamic shared memory of a launch, in bytes; OpenCL's kernel declares its own.
std::size_t launch_bytes(Language language, const Tile& tile, const Shape& shape) {
    if (!is_native(language)) return 0;
    return tile.shared_bytes(static_cast<int>(shape.head_dim), size_of(shape.dtype),
                             language == Language::ptx ? stages_ptx : 1);
}

Support supports_tile(const DeviceInfo& device, Language language, const Tile& tile, const Shape& shape) {
    const std::size_t local = tile.local_bytes(static_cast<int>(shape.head_dim), size_of(shape.dtype));
    return fits_block(device, tile.num_threads(), is_native(language) ? launch_bytes(language, tile, shape) : local);
}

KernelSource source(Language language, const std::string& algorithm, const Tile& tile, const Shape& shape) {
    const std::string path = "sparse_attention/" + algorithm, entry = "sparse_attention_" + algorithm;
    const std::string instance = text(tile) + ' ' + instance_of(shape);
    std::vector<std::string> options = definitions(tile);
    for (std::string& option : definitions_of(shape)) options.push_back(std::move(option));
    return kernel_source(language, path, entry, instance, std::move(options));
}

Plan plan(Language language, const std::string& algorithm, const Tile& tile, const Problem& problem) {
    const SparseAttentionProblem& sparse = as_sparse_attention(problem);
    const Shape& shape = sparse.shape();
    Step step;
    step.grid = {blocks(shape.seq_q, tile.block_m), static_cast<unsigned>(shape.heads),
                 static_cast<unsigned>(shape.batch)};
    step.block = {static_cast<unsigned>(tile.num_threads())};
    step.shared_bytes = launch_bytes(language, tile, shape);
    step.operands = operands_of(sparse);
    return {{source(language, algorithm, tile, shape)}, {}, {std::move(step)}, {}};
}

}  // namespace

std::vector<Operand> operands_of(const SparseAttentionProblem& problem) {
    const Shape& shape = problem.shape();
    std::vector<Operand> out;
    for (std::size_t tensor = 0; tensor < problem.tensors().size(); ++tensor) out.push_back(TensorOperand{tensor});
    for (std::int64_t size : {shape.heads, shape.kv_heads, shape.seq_q, shape.seq_k, problem.grid().block})
        out.push_back(static_cast<std::int32_t>(size));
    out.push_back(shape.softmax_scale);
    out.push_back(std::int32_t{shape.causal});
    return out;
}

std::vector<Variant> tile_rows(const std::string& algorithm) {
    std::vector<Variant> out;
    for (const Tile& tile : tiles) {
        VariantRow row;
        row.operation = "sparse_attention";
        row.algorithm = algorithm;
        row.tile = text(tile);
        row.default_tile = tile == tiles.front();
        row.supports = [tile](Language language, const DeviceInfo& device, const Problem& problem) {
            return supports_tile(device, language, tile, as_sparse_attention(problem).shape());
        };
        row.plan = [algorithm, tile](Language language, const DeviceInfo&, const Problem& problem) {
            return plan(language, algorithm, tile, problem);
        };
        for (Variant& variant : variants_of(row)) out.push_back(std::move(variant));
    }
    return out;
}

}  // namespace stele::sparse_attention
