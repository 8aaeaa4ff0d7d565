#include "kernels/attention/split_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "kernels/source.hpp"

namespace stele::attention {

Support wants_few_rows(const Shape& shape) {
    constexpr std::int64_t most = 128;
    if (shape.is_latent()) return Support::no("reads values of their own, not the first columns of keys");
    const std::int64_t rows = shape.group() * shape.seq_q;
    if (rows <= most) return {};
    return Support::no(fmt::format("shaped for decoding: {} rows read each key, and it takes at most {}", rows, most));
}

Plan split_plan(Language language, const SplitLaunch& launch, const DeviceInfo& device, const Shape& shape) {
    const std::int64_t split_keys = keys_of_part(device, shape, launch.block_m, launch.step);
    const std::int64_t splits = std::max<std::int64_t>(blocks(longest_seen(shape), split_keys), 1);
    const TensorOperands tensors = operands_of(shape);
    std::vector<std::string> options = launch.options;
    for (std::string& option : definitions_of(shape)) options.push_back(std::move(option));

    std::vector<Operand> operands{tensors.q, tensors.k};
    if (!shape.is_latent()) operands.push_back(tensors.v);
    operands.insert(operands.end(), {tensors.page_table, tensors.q_offsets, tensors.k_offsets});
    operands.insert(operands.end(), launch.scales.begin(), launch.scales.end());
    operands.insert(operands.end(), {tensors.o, tensors.lse, ScratchOperand{0}, ScratchOperand{1}});
    const auto add_extent = [&](std::int64_t value) { operands.emplace_back(static_cast<std::int32_t>(value)); };
    add_extent(shape.batch);
    add_extent(shape.heads);
    if (!shape.is_latent()) add_extent(shape.kv_heads);
    add_extent(shape.seq_q);
    add_extent(shape.seq_k);
    operands.push_back(page_shift_of(shape));
    for (const std::int64_t value : {shape.table_pages(), split_keys, splits}) add_extent(value);
    operands.emplace_back(shape.softmax_scale);
    add_extent(shape.causal);

    Plan plan;
    plan.scratch = parts_bytes(shape, splits);
    plan.kernels.push_back(kernel_source(language, "attention/" + launch.algorithm, "attention_" + launch.algorithm,
                                         launch.tile + ' ' + instance_of(shape), std::move(options)));
    plan.steps.push_back({0,
                          {static_cast<unsigned>(blocks(shape.group() * shape.seq_q, launch.block_m) * splits),
                           static_cast<unsigned>(shape.kv_heads), static_cast<unsigned>(shape.batch)},
                          {static_cast<unsigned>(launch.threads), 1, 1},
                          launch.shared_bytes,
                          with_window(std::move(operands), shape)});
    if (splits > 1) add_combine(plan, language, shape, splits);
    return plan;
}

}  // namespace stele::attention
