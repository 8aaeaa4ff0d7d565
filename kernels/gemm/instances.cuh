// How GEMM's .cu files list their kernels: one an element type and layout of B.
#pragma once

#include <string>

#include "kernels/common/native.cuh"
#include "kernels/gemm/layout.hpp"

namespace stele::gemm {

/// Calls f.template operator()<T, layout>(instance), instance being "f16 nk".
template <typename F>
void for_each_instance(F&& f) {
    for_each_element([&]<typename T>() {
        f.template operator()<T, LayoutB::kn>(std::string(dtype_name<T>) + ' ' + name(LayoutB::kn));
        f.template operator()<T, LayoutB::nk>(std::string(dtype_name<T>) + ' ' + name(LayoutB::nk));
    });
}

}  // namespace stele::gemm
