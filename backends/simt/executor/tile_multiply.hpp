// The matrix product of tiles.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stele::simt {

struct ProductShape {
    std::size_t rows, columns, depth;
};

/// sum[rows, columns] += a[rows, depth] b[depth, columns], row-major. Products are exact; `at_once` of them are summed
/// in double before the sum is rounded to float, as one matrix instruction does it.
void multiply_tiles(const ProductShape& shape, const float* a, const float* b, float* sum, std::size_t at_once);
/// The same in whole numbers, which wrap.
void multiply_tiles(const ProductShape& shape, const std::int32_t* a, const std::int32_t* b, std::int32_t* sum);

}  // namespace stele::simt
