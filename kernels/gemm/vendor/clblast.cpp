// gemm / vendor.clblast: CLBlast's GEMM on any OpenCL device, with the parameters that its database has for the device.
#include "kernels/common/clblast.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "kernels/gemm/vendor/vendor.hpp"

namespace stele::gemm {
namespace {

VendorRow row_of(std::string library, Dtype dtype) {
    VendorRow row;
    row.library = std::move(library);
    row.backend = "opencl";
    row.description = [] { return std::string("CLBlast"); };
    // HGEMM sums in f16, which is a type of its own error.
    row.arithmetic.accumulate = dtype;
    row.supports = [dtype](const DeviceInfo& device, const Shape& shape) {
        if (!clblast_why_not().empty()) return Support::no(clblast_why_not());
        if (shape.dtype != dtype)
            return Support::no(fmt::format("this row multiplies {}, not {}{}", stele::name(dtype),
                                           stele::name(shape.dtype),
                                           shape.dtype == Dtype::bf16 ? ", which CLBlast does not know" : ""));
        if (dtype == Dtype::f16 && std::ranges::find(device.features, "f16") == device.features.end())
            return Support::no(fmt::format("CLBlast computes f16 in f16, and {} has no cl_khr_fp16", device.id));
        if (shape.k == 0) return Support::no("CLBlast refuses K = 0");
        return Support{};
    };
    row.call = [dtype](const Shape& shape) -> HostCall {
        ClblastCall call;
        call.m = static_cast<std::size_t>(shape.m);
        call.n = static_cast<std::size_t>(shape.n);
        call.k = static_cast<std::size_t>(shape.k);
        call.b_transposed = shape.b == LayoutB::nk;
        call.half = dtype == Dtype::f16;
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

}  // namespace

VendorRow clblast_row() { return row_of("clblast", Dtype::f32); }
VendorRow clblast_f16_row() { return row_of("clblast_f16", Dtype::f16); }

}  // namespace stele::gemm
