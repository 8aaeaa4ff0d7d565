// gemm / vendor.clblast: CLBlast's GEMM on any OpenCL device, with the parameters that its database has for the device.
#include "kernels/common/clblast.hpp"

#include <fmt/format.h>

#include "kernels/gemm/vendor/vendor.hpp"

namespace stele::gemm {
ShapeRow clblast_row() {
    ShapeRow row;
    row.library = "clblast";
    row.queue = HostQueue::opencl_queue;
    row.why_not = &clblast_why_not;
    row.description = [] { return std::string("CLBlast"); };
    // SGEMM sums in f32, HGEMM in f16, which is a type of its own error.
    row.arithmetic_of = [](const Shape& shape) {
        Arithmetic arithmetic;
        if (shape.dtype == Dtype::f16) arithmetic.accumulate = Dtype::f16;
        return arithmetic;
    };
    row.supports = [](const DeviceInfo& device, const Shape& shape) {
        if (shape.dtype != Dtype::f32 && shape.dtype != Dtype::f16)
            return Support::no(fmt::format("CLBlast multiplies f32 and f16, not {}", stele::name(shape.dtype)));
        if (shape.dtype == Dtype::f16 && !device.has("cl_khr_fp16"))
            return Support::no(fmt::format("CLBlast computes f16 in f16, and {} has no cl_khr_fp16", device.id));
        if (shape.k == 0) return Support::no("CLBlast refuses K = 0");
        return Support{};
    };
    row.call = [](const Shape& shape) -> HostCall {
        ClblastCall call;
        call.m = static_cast<std::size_t>(shape.m);
        call.n = static_cast<std::size_t>(shape.n);
        call.k = static_cast<std::size_t>(shape.k);
        call.b_transposed = shape.b == LayoutB::nk;
        call.half = shape.dtype == Dtype::f16;
        return [call](const HostCallContext& context) mutable {
            call.a = context.arguments[0];
            call.b = context.arguments[1];
            call.c = context.arguments[2];
            call.queue = context.queue;
            clblast_gemm(call);
        };
    };
    return row;
}

}  // namespace stele::gemm
