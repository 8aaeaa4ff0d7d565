#include "kernels/attention/rows.hpp"

#include <fmt/format.h>

namespace stele::attention {

std::string instance_of(const Shape& shape) { return fmt::format("{} d{}", name(shape.dtype), shape.head_dim); }

std::vector<std::string> definitions_of(const Shape& shape) {
    const char* element = shape.dtype == Dtype::f32   ? "-DELEMENT_F32"
                          : shape.dtype == Dtype::f16 ? "-DELEMENT_F16"
                                                      : "-DELEMENT_BF16";
    return {fmt::format("-DHEAD_DIM={}", shape.head_dim), element};
}

unsigned blocks(std::int64_t a, std::int64_t b) { return static_cast<unsigned>((a + b - 1) / b); }

std::vector<Operand> with_sizes(std::vector<Operand> tensors, const Shape& shape) {
    for (const std::int64_t extent : {shape.heads, shape.kv_heads, shape.seq_q, shape.seq_k})
        tensors.emplace_back(static_cast<std::int32_t>(extent));
    tensors.emplace_back(shape.softmax_scale);
    tensors.emplace_back(static_cast<std::int32_t>(shape.causal));
    return tensors;
}

Arithmetic rounded_weights(const Problem& problem) {
    Arithmetic arithmetic;
    arithmetic.probabilities = problem.dtype();
    return arithmetic;
}

std::size_t launch_bytes(Language language, const Tile& tile, const Shape& shape, int stages) {
    if (!is_native(language)) return 0;
    return tile.shared_bytes(static_cast<int>(shape.head_dim), size_of(shape.dtype), stages);
}

Support supports_tile(const DeviceInfo& device, Language language, const Tile& tile, const Shape& shape, int stages) {
    const std::size_t bytes = is_native(language)
                                  ? launch_bytes(language, tile, shape, stages)
                                  : tile.local_bytes(static_cast<int>(shape.head_dim), size_of(shape.dtype));
    return fits_block(device, tile.num_threads(), bytes);
}

}  // namespace stele::attention
