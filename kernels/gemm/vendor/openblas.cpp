// gemm / vendor.openblas: cblas_sgemm on the CPU.
#include "kernels/common/openblas.hpp"

#include <fmt/format.h>

#include "kernels/gemm/vendor/vendor.hpp"

namespace stele::gemm {

ShapeRow openblas_row() {
    ShapeRow row;
    row.library = "openblas";
    row.why_not = &openblas_why_not;
    row.description = &openblas_description;
    row.supports = [](const DeviceInfo&, const Shape& shape) {
        if (shape.dtype != Dtype::f32)
            return Support::no(fmt::format("OpenBLAS multiplies f32, not {}", stele::name(shape.dtype)));
        return Support{};
    };
    row.call = [](const Shape& shape) -> HostCall {
        SgemmCall call;
        call.m = static_cast<int>(shape.m);
        call.n = static_cast<int>(shape.n);
        call.k = static_cast<int>(shape.k);
        call.a_leading = call.k;
        call.b_transposed = shape.b == LayoutB::nk;
        call.b_leading = call.b_transposed ? call.k : call.n;
        call.c_leading = call.n;
        return [call](const HostCallContext& context) mutable {
            call.a = static_cast<const float*>(context.arguments[0]);
            call.b = static_cast<const float*>(context.arguments[1]);
            call.c = static_cast<float*>(context.arguments[2]);
            openblas_sgemm(call);
        };
    };
    return row;
}

}  // namespace stele::gemm
