#include "kernels/attention/rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <iterator>

#include "kernels/source.hpp"

namespace stele::attention {

std::string instance_of(const Shape& shape) { return fmt::format("{} d{}", name(shape.dtype), shape.head_dim); }

std::vector<std::string> definitions_of(const Shape& shape) {
    const char* element = shape.dtype == Dtype::f32   ? "-DELEMENT_F32"
                          : shape.dtype == Dtype::f16 ? "-DELEMENT_F16"
                                                      : "-DELEMENT_BF16";
    std::vector<std::string> out{fmt::format("-DHEAD_DIM={}", shape.head_dim), element};
    if (shape.is_latent()) out.push_back(fmt::format("-DVALUE_DIM={}", shape.latent));
    return out;
}

unsigned blocks(std::int64_t a, std::int64_t b) { return static_cast<unsigned>((a + b - 1) / b); }

std::int64_t longest_seen(const Shape& shape) {
    std::int64_t longest = 0;
    for (std::int64_t sequence = 0; sequence < shape.batch; ++sequence)
        longest = std::max(longest, shape.seen_keys_of(sequence));
    return longest;
}

std::vector<Operand> with_sizes(std::vector<Operand> tensors, const Shape& shape) {
    for (const std::int64_t extent : {shape.heads, shape.kv_heads, shape.seq_q, shape.seq_k})
        tensors.emplace_back(static_cast<std::int32_t>(extent));
    tensors.emplace_back(shape.softmax_scale);
    tensors.emplace_back(static_cast<std::int32_t>(shape.causal));
    return tensors;
}

std::vector<Operand> with_window(std::vector<Operand> operands, const Shape& shape) {
    operands.emplace_back(shape.window == 0 ? every_key : static_cast<std::int32_t>(shape.window));
    return operands;
}

TensorOperands operands_of(const Shape& shape) {
    const auto named = [&](std::string_view name) {
        const std::optional<std::size_t> index = tensor_index(shape, name);
        return index ? Operand(TensorOperand{*index}) : Operand(NullOperand{});
    };
    return {named("Q"),         named("K"),         named("V"),       named("page_table"),
            named("q_offsets"), named("k_offsets"), named("q_scale"), named("k_scale"),
            named("v_scale"),   named("O"),         named("lse")};
}

Support takes_dtype(const Shape& shape, const std::set<Dtype>& dtypes) {
    if (dtypes.contains(shape.dtype)) return {};
    std::string names;
    for (auto dtype = dtypes.begin(); dtype != dtypes.end(); ++dtype) {
        if (dtype != dtypes.begin()) names += std::next(dtype) == dtypes.end() ? " and " : ", ";
        names += name(*dtype);
    }
    return Support::no(fmt::format("takes {}, not {}", names, name(shape.dtype)));
}

Support reads_layout(const Shape& shape, Reads reads, Masks masks, ValuesIn values) {
    if (shape.is_latent() && values == ValuesIn::own)
        return Support::no("reads values of their own, not the first columns of keys");
    if (shape.is_paged()) return Support::no("reads the keys of a sequence in one piece, not in pages");
    if (shape.is_packed() && reads == Reads::dense) return Support::no("reads sequences of one length, not of several");
    if (shape.window > 0 && masks == Masks::causal) return Support::no("has no sliding window");
    return {};
}

Support wants_latent(const Shape& shape) {
    return shape.is_latent() ? Support{} : Support::no("reads the first columns of keys as their values: latent=512");
}

Operand page_shift_of(const Shape& shape) {
    return static_cast<std::int32_t>(std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(shape.page, 1))) -
                                     1);
}

std::int64_t keys_of_part(const DeviceInfo& device, const Shape& shape, int block_m, int step) {
    constexpr std::int64_t most_splits = 128;
    const std::int64_t units = 2 * std::max(1, device.compute_units);
    const std::int64_t row_blocks = blocks(shape.group() * shape.seq_q, block_m) * shape.kv_heads;
    std::int64_t all_seen = 0;
    for (std::int64_t sequence = 0; sequence < shape.batch; ++sequence) all_seen += shape.seen_keys_of(sequence);
    const std::int64_t even = blocks(all_seen * row_blocks, units);
    const std::int64_t steps = std::max<std::int64_t>(blocks(even, step), 2);
    return step * std::max<std::int64_t>(steps, blocks(longest_seen(shape), step * most_splits));
}

std::vector<std::size_t> parts_bytes(const Shape& shape, std::int64_t splits) {
    const auto parts = static_cast<std::size_t>(splits > 1 ? splits * shape.rows() : 0);
    return {parts * static_cast<std::size_t>(shape.value_dim()) * 4, parts * 2 * 4};
}

void add_combine(Plan& plan, Language language, const Shape& shape, std::int64_t splits) {
    constexpr unsigned combine_threads = 128;  // as in flash.cu, flash.ptx.cu and flash.cl
    const TensorOperands tensors = operands_of(shape);
    // It reads sums, and writes O. It has no tile; in OpenCL C attention_flash stands beside it, which must find room
    // on the device.
    Shape sums = shape;
    sums.head_dim = shape.value_dim();
    sums.latent = 0;
    sums.dtype = shape.output_dtype();
    std::vector<std::string> options = definitions(least_tile);
    for (std::string& option : definitions_of(sums)) options.push_back(std::move(option));
    plan.steps.push_back({plan.kernels.size(),
                          {blocks(shape.rows() * sums.head_dim / 4, combine_threads), 1, 1},
                          {combine_threads, 1, 1},
                          0,
                          {tensors.o, tensors.lse, ScratchOperand{0}, ScratchOperand{1},
                           static_cast<std::int32_t>(shape.rows()), static_cast<std::int32_t>(splits)}});
    plan.kernels.push_back(
        kernel_source(language, "attention/flash", "attention_flash_combine", instance_of(sums), std::move(options)));
}

Arithmetic rounded_weights(const Problem& problem) {
    Arithmetic arithmetic;
    arithmetic.probabilities = problem.dtype();
    return arithmetic;
}

}  // namespace stele::attention
