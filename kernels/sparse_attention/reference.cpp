// sparse_attention: attention's reference over the keys that a mask leaves.
#include <algorithm>

#include "kernels/sparse_attention/problem.hpp"

namespace stele::sparse_attention {

VisibleKeys visibility(const Shape& shape, const BlockGrid& grid, std::span<const std::int32_t> row_begin,
                       std::span<const std::int32_t> column) {
    return [=](std::int64_t batch, std::int64_t head, std::int64_t query, std::vector<std::int32_t>& keys) {
        const std::int64_t row = (batch * shape.heads + head) * grid.query_blocks() + query / grid.block;
        const std::int64_t seen = visible_keys(shape, query).end;
        for (auto at = row_begin[row]; at < row_begin[row + 1]; ++at) {
            const std::int64_t begin = column[at] * grid.block, end = std::min(begin + grid.block, seen);
            for (std::int64_t key = begin; key < end; ++key) keys.push_back(static_cast<std::int32_t>(key));
        }
    };
}

std::vector<Expected> SparseAttentionProblem::reference(std::span<const Tensor> inputs,
                                                        const Arithmetic& arithmetic) const {
    const auto row_begin = inputs[sparse_row_begin].as<std::int32_t>();
    const auto column = inputs[sparse_column].as<std::int32_t>();
    return reference_of(shape_, inputs, work_.pairs, visibility(shape_, grid_, row_begin, column), arithmetic);
}

}  // namespace stele::sparse_attention
