// Calls of the kernels in tests/unit/simt/ptx_stores.cu, each with what a plain loop says that it leaves. The executor
// is held to that by tests/unit/, a GPU to the executor by tests/gpu/.
#pragma once

#include "tests/support/ptx_call.hpp"

namespace stele::test {

struct StoreCall {
    std::string name;
    Call call;  ///< its first buffer is written
    std::vector<float> expected;
};

/// A tensor of 20 x 13 (x 2 x 2) floats in boxes of 8 x 4, so that boxes at two edges lie half outside, with a row
/// behind each tensor that must stay.
inline StoreCall tensor_store(int rank) {
    constexpr std::uint32_t columns = 20, rows = 13, planes = 2, box_x = 8, box_y = 4;
    constexpr float untouched = -1;
    const std::uint32_t depth = rank > 2 ? planes : 1, volumes = rank > 3 ? 2 : 1;
    TensorMapSpec spec;
    spec.element = TensorMapElement::f32;
    spec.rank = static_cast<std::uint32_t>(rank);
    spec.extent = {columns, rows, planes, volumes};
    spec.stride = {0, columns * 4, columns * rows * 4, columns * rows * planes * 4};
    spec.box = {box_x, box_y, 1, 1};
    StoreCall out{"Tensor" + std::to_string(rank) + "d", {}, {}};
    out.expected.assign(columns * (rows * depth * volumes + 1), untouched);
    out.call.entry = "tma_store";
    out.call.instance = std::to_string(rank) + "d";
    out.call.shape = {{(columns + box_x - 1) / box_x, (rows + box_y - 1) / box_y, depth}, {64}, box_x * box_y * 4};
    out.call.buffers = {bytes_of_words(out.expected)};
    out.call.parameters = {{Parameter::Kind::map, 0, spec},
                           {Parameter::Kind::scalar, 0, {}, box_x},
                           {Parameter::Kind::scalar, 0, {}, box_y}};
    const Dim3& grid = out.call.shape.grid;
    for (std::uint32_t z = 0; z < depth; ++z)
        for (std::uint32_t y = 0; y < rows; ++y)
            for (std::uint32_t x = 0; x < columns; ++x) {
                const std::uint32_t block = x / box_x + grid.x * (y / box_y + grid.y * z);
                const std::uint32_t inside = y % box_y * box_x + x % box_x;
                // In four dimensions the kernel writes the second volume.
                out.expected[x + columns * (y + rows * (z + depth * (volumes - 1)))] =
                    static_cast<float>(block * box_x * box_y + inside + 1);
            }
    return out;
}

/// Lines of `count` floats from each of some blocks: stored one behind the other, or added up.
inline StoreCall line_store(std::uint32_t count, bool adds) {
    constexpr std::uint32_t blocks = 5;
    constexpr float before = 0.5f;
    StoreCall out{(adds ? "BulkAdd" : "Bulk") + std::to_string(count), {}, {}};
    out.expected.assign((adds ? 1 : blocks) * count + 4, before);
    out.call.entry = adds ? "bulk_reduce_lines" : "bulk_store_lines";
    out.call.shape = {{blocks}, {32}, count * 4};
    out.call.buffers = {bytes_of_words(out.expected)};
    out.call.parameters = {{Parameter::Kind::buffer, 0},
                           {Parameter::Kind::scalar, 0, {}, static_cast<std::int32_t>(count)}};
    for (std::uint32_t block = 0; block < blocks; ++block)
        for (std::uint32_t i = 0; i < count; ++i) {
            const auto value = static_cast<float>(block * count + i + 1);
            if (adds)
                out.expected[i] += value;
            else
                out.expected[block * count + i] = value;
        }
    return out;
}

inline std::vector<StoreCall> store_calls() {
    return {tensor_store(2),       tensor_store(3),         tensor_store(4),     line_store(4, false),
            line_store(96, false), line_store(2048, false), line_store(4, true), line_store(2048, true)};
}

inline std::string name_of(const testing::TestParamInfo<StoreCall>& info) { return info.param.name; }

}  // namespace stele::test
