// attention/vendor.onednn: oneDNN's matmul for both products, compiled for the problem's shape.
#include "kernels/common/onednn.hpp"

#include <memory>

#include "kernels/attention/rows.hpp"
#include "kernels/attention/vendor/composed.hpp"

namespace stele::attention {
namespace {

Products products(const Shape& shape) {
    const std::int64_t rows = shape.group() * shape.seq_q, seq_k = shape.seq_k;
    const std::int64_t head_dim = shape.head_dim, value_dim = shape.value_dim();
    const auto matrix = [](std::int64_t m, std::int64_t n, std::int64_t row_stride, std::int64_t col_stride) {
        return OnednnMatrix{Dtype::f32, {m, n}, {row_stride, col_stride}};
    };
    const OnednnMatrix query = matrix(rows, head_dim, head_dim, 1), scores = matrix(rows, seq_k, seq_k, 1);
    const auto score = std::make_shared<OnednnMatmul>(query, matrix(head_dim, seq_k, 1, head_dim), scores);
    const auto weigh = std::make_shared<OnednnMatmul>(scores, matrix(seq_k, value_dim, head_dim, 1),
                                                      matrix(rows, value_dim, value_dim, 1));
    return {[score](const float* q, const float* k, float* s) { (*score)(q, k, s); },
            [weigh](const float* p, const float* v, float* o) { (*weigh)(p, v, o); }};
}

}  // namespace

std::vector<Variant> onednn_variants() {
    return {composed_row({"onednn", [] { return onednn_why_not(Dtype::f32); }, onednn_description, products})};
}

}  // namespace stele::attention
