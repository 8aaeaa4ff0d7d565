#include "backends/simt/executor/tile_multiply.hpp"

#include <algorithm>

namespace stele::simt {
namespace {

/// Columns that are summed at one time. A number that the compiler knows makes vectors of them.
constexpr std::size_t panel = 16;

template <std::size_t width>
void multiply_panel(const float* a, const float* b, std::size_t b_stride, std::size_t depth, float* sum) {
    double wide[width];
    for (std::size_t i = 0; i < width; ++i) wide[i] = sum[i];
    for (std::size_t k = 0; k < depth; ++k) {
        const double factor = a[k];
        for (std::size_t i = 0; i < width; ++i) wide[i] += factor * static_cast<double>(b[k * b_stride + i]);
    }
    for (std::size_t i = 0; i < width; ++i) sum[i] = static_cast<float>(wide[i]);
}

}  // namespace

void multiply_tiles(const ProductShape& shape, const float* a, const float* b, float* sum, std::size_t at_once) {
    const std::size_t whole = shape.columns / panel * panel;
    for (std::size_t row = 0; row < shape.rows; ++row)
        for (std::size_t k = 0; k < shape.depth; k += at_once) {
            const std::size_t depth = std::min(at_once, shape.depth - k);
            const float* left = a + row * shape.depth + k;
            const float* right = b + k * shape.columns;
            float* out = sum + row * shape.columns;
            for (std::size_t column = 0; column < whole; column += panel)
                multiply_panel<panel>(left, right + column, shape.columns, depth, out + column);
            for (std::size_t column = whole; column < shape.columns; ++column)
                multiply_panel<1>(left, right + column, shape.columns, depth, out + column);
        }
}

void multiply_tiles(const ProductShape& shape, const std::int32_t* a, const std::int32_t* b, std::int32_t* sum) {
    for (std::size_t row = 0; row < shape.rows; ++row)
        for (std::size_t k = 0; k < shape.depth; ++k) {
            const auto factor = static_cast<std::uint32_t>(a[row * shape.depth + k]);
            for (std::size_t column = 0; column < shape.columns; ++column) {
                std::int32_t& out = sum[row * shape.columns + column];
                out = static_cast<std::int32_t>(static_cast<std::uint32_t>(out) +
                                                factor * static_cast<std::uint32_t>(b[k * shape.columns + column]));
            }
        }
}

}  // namespace stele::simt
