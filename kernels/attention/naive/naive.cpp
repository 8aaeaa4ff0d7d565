// attention/naive: its rows.
#include <fmt/format.h>

#include "kernels/attention/rows.hpp"
#include "kernels/source.hpp"

namespace stele::attention {
namespace {

// As in naive.cu, naive.ptx.cu and naive.cl.
constexpr unsigned block_m = 16, block_n = 16, num_threads = 128;
constexpr std::int64_t most_blocks_yz = 65535;

std::size_t score_bytes(const Shape& shape) {
    return static_cast<std::size_t>(shape.batch * shape.heads * shape.seq_q) * static_cast<std::size_t>(shape.seq_k) *
           4;
}

Support supports(Language, const DeviceInfo& device, const Problem& problem) {
    const Shape& shape = shape_of(problem);
    if (Support typed = takes_dtype(shape, {Dtype::f32, Dtype::f16, Dtype::bf16}); !typed) return typed;
    if (Support laid_out = reads_layout(shape, Reads::packed, Masks::window); !laid_out) return laid_out;
    if (device.max_allocation_bytes != 0 && score_bytes(shape) > device.max_allocation_bytes)
        return Support::no(fmt::format("the scores take {:.1f} GB, the device allocates at most {:.1f} GB at once",
                                       static_cast<double>(score_bytes(shape)) / 1e9,
                                       static_cast<double>(device.max_allocation_bytes) / 1e9));
    if (shape.batch * shape.heads > most_blocks_yz || blocks(shape.seq_q, block_m) > most_blocks_yz)
        return Support::no("batch · heads and seq_q / 16 must not exceed 65535, the grid's limit");
    return {};
}

KernelSource source(Language language, const std::string& entry, const Shape& shape) {
    return kernel_source(language, "attention/naive", entry, instance_of(shape), definitions_of(shape));
}

Plan make_plan(Language language, const DeviceInfo&, const Problem& problem) {
    const Shape& shape = shape_of(problem);
    const auto extent = [](std::int64_t value) { return Operand(static_cast<std::int32_t>(value)); };
    const TensorOperands tensors = operands_of(shape);
    const ScratchOperand scores{0};
    // Rows of scores: as many for a short sequence as for the longest.
    const std::int64_t rows = shape.batch * shape.heads * shape.seq_q;

    Plan plan;
    plan.scratch = {score_bytes(shape)};
    for (const char* entry : {"attention_naive_score", "attention_naive_softmax", "attention_naive_weigh"})
        plan.kernels.push_back(source(language, entry, shape));
    if (shape.seq_k > 0)
        plan.steps.push_back(
            {0,
             {blocks(shape.seq_k, block_n), blocks(shape.seq_q, block_m),
              static_cast<unsigned>(shape.batch * shape.heads)},
             {block_n, block_m, 1},
             0,
             with_window({tensors.q, tensors.k, tensors.q_offsets, tensors.k_offsets, scores, extent(shape.batch),
                          extent(shape.heads), extent(shape.kv_heads), extent(shape.seq_q), extent(shape.seq_k),
                          shape.softmax_scale, extent(shape.causal)},
                         shape)});
    plan.steps.push_back({1,
                          {static_cast<unsigned>(rows), 1, 1},
                          {num_threads, 1, 1},
                          0,
                          {scores, tensors.q_offsets, tensors.k_offsets, tensors.lse, extent(shape.batch),
                           extent(shape.heads), extent(shape.kv_heads), extent(shape.seq_q), extent(shape.seq_k)}});
    plan.steps.push_back({2,
                          {blocks(rows * shape.head_dim / 4, num_threads), 1, 1},
                          {num_threads, 1, 1},
                          0,
                          with_window({scores, tensors.v, tensors.q_offsets, tensors.k_offsets, tensors.o,
                                       extent(shape.batch), extent(shape.heads), extent(shape.kv_heads),
                                       extent(shape.seq_q), extent(shape.seq_k), extent(shape.causal)},
                                      shape)});
    return plan;
}

}  // namespace

std::vector<Variant> naive_variants() {
    VariantRow row;
    row.operation = "attention";
    row.algorithm = "naive";
    row.supports = supports;
    row.plan = make_plan;
    return variants_of(row);
}

}  // namespace stele::attention
