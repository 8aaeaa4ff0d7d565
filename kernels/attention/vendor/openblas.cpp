// attention/vendor.openblas: OpenBLAS' sgemm for both products.
#include "kernels/common/openblas.hpp"

#include "kernels/attention/rows.hpp"
#include "kernels/attention/vendor/composed.hpp"

namespace stele::attention {
namespace {

Products products(const Shape& shape) {
    const auto rows = static_cast<int>(shape.group() * shape.seq_q), seq_k = static_cast<int>(shape.seq_k);
    const auto head_dim = static_cast<int>(shape.head_dim), value_dim = static_cast<int>(shape.value_dim());
    Products out;
    out.score = [=](const float* q, const float* k, float* scores) {
        SgemmCall call;
        call.m = rows, call.n = seq_k, call.k = head_dim;
        call.a = q, call.a_leading = head_dim;
        call.b = k, call.b_leading = head_dim, call.b_transposed = true;
        call.c = scores, call.c_leading = seq_k;
        openblas_sgemm(call);
    };
    out.weigh = [=](const float* p, const float* v, float* o) {
        SgemmCall call;
        call.m = rows, call.n = value_dim, call.k = seq_k;
        call.a = p, call.a_leading = seq_k;
        call.b = v, call.b_leading = head_dim;
        call.c = o, call.c_leading = value_dim;
        openblas_sgemm(call);
    };
    return out;
}

}  // namespace

std::vector<Variant> openblas_variants() {
    return {composed_row({"openblas", openblas_why_not, openblas_description, products})};
}

}  // namespace stele::attention
