// gemm / vendor.onednn: oneDNN's matmul on the CPU.
#include "kernels/common/onednn.hpp"

#include "kernels/gemm/vendor/vendor.hpp"

namespace stele::gemm {

ShapeRow onednn_row() {
    ShapeRow row;
    row.library = "onednn";
    row.why_not = [] { return onednn_why_not(); };
    row.description = &onednn_description;
    row.supports = [](const DeviceInfo&, const Shape& shape) {
        if (const std::string why = onednn_why_not(shape.dtype); !why.empty()) return Support::no(why);
        if (shape.k == 0) return Support::no("oneDNN leaves C as it was when K is 0");
        return Support{};
    };
    row.call = [](const Shape& shape) -> HostCall {
        const OnednnMatrix a{shape.dtype, {shape.m, shape.k}, {shape.k, 1}};
        OnednnMatrix b{shape.dtype, {shape.k, shape.n}, {shape.n, 1}};
        if (shape.b == LayoutB::nk) b.strides = {1, shape.k};
        const OnednnMatrix c{shape.dtype, {shape.m, shape.n}, {shape.n, 1}};
        const auto matmul = std::make_shared<OnednnMatmul>(a, b, c);
        return [matmul](const HostCallContext& context) {
            (*matmul)(context.arguments[0], context.arguments[1], context.arguments[2]);
        };
    };
    return row;
}

}  // namespace stele::gemm
