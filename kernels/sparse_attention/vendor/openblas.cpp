// sparse_attention/vendor.openblas: no CPU library has block-sparse attention, so this is what one composes of a dense
// one's products. Per head and query block: the kept rows of K and V are copied together, S = Q Kᵀ, softmax, O = P V.
#include "kernels/common/openblas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "kernels/attention/vendor/composed.hpp"
#include "kernels/sparse_attention/rows.hpp"

namespace stele::sparse_attention {
namespace {

/// Room for a query block that keeps every key, whatever the mask: K and V together, and the scores.
std::size_t gathered_bytes(const Shape& shape) {
    return static_cast<std::size_t>(2 * shape.seq_k * shape.head_dim) * sizeof(float);
}
std::size_t score_bytes(const BlockGrid& grid) {
    return static_cast<std::size_t>(grid.block * grid.seq_k) * sizeof(float);
}

/// What one query block of one head works on: Q, O [rows, head_dim], K [keys, head_dim], scores [rows, keys].
struct QueryBlock {
    int rows, keys, head_dim;
    const float *q, *k;
    float *scores, *o;

    void score() const {
        SgemmCall call;
        call.m = rows, call.n = keys, call.k = head_dim;
        call.a = q, call.a_leading = head_dim;
        call.b = k, call.b_leading = head_dim, call.b_transposed = true;
        call.c = scores, call.c_leading = keys;
        openblas_sgemm(call);
    }
    void weigh(const float* p, const float* values, float* sums) const {
        SgemmCall call;
        call.m = rows, call.n = head_dim, call.k = keys;
        call.a = p, call.a_leading = keys;
        call.b = values, call.b_leading = head_dim;
        call.c = sums, call.c_leading = head_dim;
        openblas_sgemm(call);
    }
};

void run(const Shape& shape, const BlockGrid& grid, const HostCallContext& context) {
    const auto* q = static_cast<const float*>(context.arguments[sparse_q]);
    const auto* k = static_cast<const float*>(context.arguments[sparse_k]);
    const auto* v = static_cast<const float*>(context.arguments[sparse_v]);
    const auto* row_begin = static_cast<const std::int32_t*>(context.arguments[sparse_row_begin]);
    const auto* column = static_cast<const std::int32_t*>(context.arguments[sparse_column]);
    auto* o = static_cast<float*>(context.arguments[sparse_o]);
    auto* lse = static_cast<float*>(context.arguments[sparse_lse]);
    auto* gathered_k = static_cast<float*>(context.arguments[sparse_lse + 1]);
    auto* gathered_v = gathered_k + shape.seq_k * shape.head_dim;
    auto* scores = static_cast<float*>(context.arguments[sparse_lse + 2]);

    for (std::int64_t row = 0; row < shape.batch * shape.heads * grid.query_blocks(); ++row) {
        const std::int64_t query_block = row % grid.query_blocks(), head = row / grid.query_blocks();
        const std::int64_t head_offset = head / shape.group() * shape.seq_k * shape.head_dim;
        const std::int64_t first_query = query_block * grid.block, at_row = head * shape.seq_q + first_query;
        const std::int64_t rows = std::min(grid.block, shape.seq_q - first_query);
        const auto begin = column + row_begin[row], end = column + row_begin[row + 1];

        std::int64_t keys = 0;
        for (auto block = begin; block < end; ++block) {
            const std::int64_t from = head_offset + *block * grid.block * shape.head_dim;
            const std::int64_t seen = grid.visible_keys(query_block, *block);
            std::copy_n(k + from, seen * shape.head_dim, gathered_k + keys * shape.head_dim);
            std::copy_n(v + from, seen * shape.head_dim, gathered_v + keys * shape.head_dim);
            keys += seen;
        }
        if (keys == 0) {
            std::fill_n(o + at_row * shape.head_dim, rows * shape.head_dim, 0.0f);
            std::fill_n(lse + at_row, rows, -std::numeric_limits<float>::infinity());
            continue;
        }

        const QueryBlock block{static_cast<int>(rows),
                               static_cast<int>(keys),
                               static_cast<int>(shape.head_dim),
                               q + at_row * shape.head_dim,
                               gathered_k,
                               scores,
                               o + at_row * shape.head_dim};
        // Columns ascend, so the keys that a query sees are the first ones here too.
        const auto seen_by = [&](std::int64_t r) {
            std::int64_t seen = 0;
            for (auto kept = begin; kept < end; ++kept)
                seen += std::clamp<std::int64_t>(visible_keys(shape, first_query + r).end - *kept * grid.block, 0,
                                                 grid.visible_keys(query_block, *kept));
            return KeyRange{0, seen};
        };
        block.score();
        for (std::int64_t r = 0; r < rows; ++r)
            lse[at_row + r] = softmax_row(scores + r * keys, seen_by(r), keys, shape.softmax_scale);
        weigh_seen(rows, {gathered_v, keys, shape.head_dim, shape.head_dim}, scores, block.o, seen_by,
                   [&](const float* p, const float* values, float* sums) { block.weigh(p, values, sums); });
    }
}

Support supports(const DeviceInfo&, const Problem& problem) {
    if (problem.dtype() == Dtype::f32) return {};
    return Support::no(fmt::format("OpenBLAS multiplies f32, not {}", name(problem.dtype())));
}

}  // namespace

std::vector<Variant> openblas_variants() {
    LibraryRow row;
    row.operation = "sparse_attention";
    row.library = "openblas";
    row.why_not = openblas_why_not;
    row.description = openblas_description;
    row.supports = supports;
    row.call = [](const Problem& problem) -> HostCall {
        const SparseAttentionProblem& sparse = as_sparse_attention(problem);
        return [shape = sparse.shape(), grid = sparse.grid()](const HostCallContext& context) {
            run(shape, grid, context);
        };
    };
    row.instance = [](const Problem& problem) { return instance_of(as_sparse_attention(problem).shape()); };
    row.scratch = [](const Problem& problem) {
        const SparseAttentionProblem& sparse = as_sparse_attention(problem);
        return std::vector{gathered_bytes(sparse.shape()), score_bytes(sparse.grid())};
    };
    return {variant_of(row)};
}

}  // namespace stele::sparse_attention
