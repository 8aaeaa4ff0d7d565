#include "kernels/gemm/reference.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <numeric>
#include <stdexcept>

#include "kernels/common/parallel.hpp"

namespace stele::gemm {
namespace {

constexpr std::int64_t block_rows = 96, block_columns = 128, block_depth = 256;
constexpr std::int64_t micro_rows = 4, micro_columns = 4;

// Four doubles: with AVX2 the eight sums of a micro tile and what they need fit into the registers.
using Vector = double __attribute__((vector_size(micro_columns * sizeof(double))));
using Bits = std::int64_t __attribute__((vector_size(micro_columns * sizeof(double))));
constexpr std::int64_t sign_cleared = 0x7fffffffffffffff;

/// One thread's operands, padded with zeros to whole micro tiles.
struct Workspace {
    std::array<double, block_rows * block_depth> left;                  ///< [row][depth]
    alignas(64) std::array<double, block_depth * block_columns> right;  ///< [depth][column]
    alignas(64) std::array<double, block_rows * block_columns> value, magnitude;
};

template <bool magnitudes>
[[gnu::always_inline]] inline void multiply_micro(Workspace& w, std::int64_t row, std::int64_t column,
                                                  std::int64_t depth) {
    Vector sum[micro_rows], size[micro_rows];
    for (int r = 0; r < micro_rows; ++r) {
        std::memcpy(&sum[r], &w.value[(row + r) * block_columns + column], sizeof(Vector));
        if constexpr (magnitudes)
            std::memcpy(&size[r], &w.magnitude[(row + r) * block_columns + column], sizeof(Vector));
    }
    for (std::int64_t k = 0; k < depth; ++k) {
        Vector right;
        std::memcpy(&right, &w.right[k * block_columns + column], sizeof(Vector));
#pragma GCC unroll 4
        for (int r = 0; r < micro_rows; ++r) {
            const Vector product = w.left[(row + r) * block_depth + k] * right;
            sum[r] += product;
            if constexpr (magnitudes) size[r] += (Vector)((Bits)product & sign_cleared);
        }
    }
    for (int r = 0; r < micro_rows; ++r) {
        std::memcpy(&w.value[(row + r) * block_columns + column], &sum[r], sizeof(Vector));
        if constexpr (magnitudes)
            std::memcpy(&w.magnitude[(row + r) * block_columns + column], &size[r], sizeof(Vector));
    }
}

struct Extents {
    std::int64_t rows, columns, depth;
};

[[gnu::always_inline]] inline void multiply_block(Workspace& w, const Extents& used, bool magnitudes) {
    for (std::int64_t column = 0; column < used.columns; column += micro_columns)
        for (std::int64_t row = 0; row < used.rows; row += micro_rows) {
            if (magnitudes)
                multiply_micro<true>(w, row, column, used.depth);
            else
                multiply_micro<false>(w, row, column, used.depth);
        }
}

using MultiplyBlock = void (*)(Workspace&, const Extents&, bool);

void multiply_block_baseline(Workspace& w, const Extents& used, bool magnitudes) {
    multiply_block(w, used, magnitudes);
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) void multiply_block_avx2(Workspace& w, const Extents& used, bool magnitudes) {
    multiply_block(w, used, magnitudes);
}
__attribute__((target("avx512f"))) void multiply_block_avx512(Workspace& w, const Extents& used, bool magnitudes) {
    multiply_block(w, used, magnitudes);
}
#endif

MultiplyBlock best_multiply_block() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) return &multiply_block_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &multiply_block_avx2;
#endif
    return &multiply_block_baseline;
}

/// Copies rows × columns of `from` into `out` [row][out_stride] as doubles.
void pack(const MatrixView& from, std::span<const std::int64_t> rows, std::span<const std::int64_t> columns,
          double* out, std::int64_t out_stride) {
    const auto copy = [&](auto element) {
        for (std::size_t i = 0; i < rows.size(); ++i)
            for (std::size_t j = 0; j < columns.size(); ++j)
                out[static_cast<std::int64_t>(i) * out_stride + static_cast<std::int64_t>(j)] =
                    element(from.at(rows[i], columns[j]));
    };
    const Tensor& tensor = *from.tensor;
    switch (tensor.spec.dtype) {
        case Dtype::f32:
        case Dtype::tf32:
            copy([data = tensor.as<float>()](std::size_t at) { return double{data[at]}; });
            return;
        case Dtype::f64:
            copy([data = tensor.as<double>()](std::size_t at) { return data[at]; });
            return;
        case Dtype::f16:
            copy([data = tensor.as<std::uint16_t>()](std::size_t at) { return double{f16_value(data[at])}; });
            return;
        case Dtype::bf16:
            copy([data = tensor.as<std::uint16_t>()](std::size_t at) { return double{bf16_value(data[at])}; });
            return;
        default:
            throw std::logic_error("a matrix of " + std::string(name(tensor.spec.dtype)) + " has no product here");
    }
}

std::span<const std::int64_t> part(std::span<const std::int64_t> list, std::int64_t begin, std::int64_t most) {
    return list.subspan(static_cast<std::size_t>(begin),
                        static_cast<std::size_t>(std::min(most, static_cast<std::int64_t>(list.size()) - begin)));
}

}  // namespace

std::vector<std::int64_t> every(std::int64_t count) {
    std::vector<std::int64_t> list(static_cast<std::size_t>(count));
    std::iota(list.begin(), list.end(), 0);
    return list;
}

void multiply(const MatrixView& left, const MatrixView& right, std::int64_t depth, std::span<const std::int64_t> rows,
              std::span<const std::int64_t> columns, double* value, double* magnitude) {
    const auto width = static_cast<std::int64_t>(columns.size());
    const std::int64_t column_blocks = (width + block_columns - 1) / block_columns;
    const std::int64_t row_blocks = (static_cast<std::int64_t>(rows.size()) + block_rows - 1) / block_rows;
    const MultiplyBlock multiply_one = best_multiply_block();
    const std::vector<std::int64_t> depths = every(depth);

    in_pieces(row_blocks * column_blocks, 1, [&](std::int64_t block, std::int64_t) {
        thread_local const auto workspace = std::make_unique<Workspace>();
        Workspace& w = *workspace;
        const std::int64_t row = block / column_blocks * block_rows, column = block % column_blocks * block_columns;
        const auto block_of_rows = part(rows, row, block_rows);
        const auto block_of_columns = part(columns, column, block_columns);
        w = {};
        for (std::int64_t k = 0; k < depth; k += block_depth) {
            const auto slice = part(depths, k, block_depth);
            pack(left, block_of_rows, slice, w.left.data(), block_depth);
            pack(right, slice, block_of_columns, w.right.data(), block_columns);
            multiply_one(w,
                         {static_cast<std::int64_t>(block_of_rows.size()),
                          static_cast<std::int64_t>(block_of_columns.size()), static_cast<std::int64_t>(slice.size())},
                         magnitude != nullptr);
        }
        for (std::size_t i = 0; i < block_of_rows.size(); ++i) {
            const std::int64_t from = static_cast<std::int64_t>(i) * block_columns;
            const std::int64_t to = (row + static_cast<std::int64_t>(i)) * width + column;
            std::copy_n(&w.value[from], block_of_columns.size(), value + to);
            if (magnitude) std::copy_n(&w.magnitude[from], block_of_columns.size(), magnitude + to);
        }
    });
}

}  // namespace stele::gemm
