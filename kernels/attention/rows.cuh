// Which types and head_dims the .cu files of attention are instantiated for.
#pragma once

#include "kernels/common/native.cuh"

namespace stele::attention {

/// Calls f.template operator()<T, head_dim>("f16 d64") for each storage type and head_dim of 64 and 128; the text is
/// instance_of()'s.
template <typename F>
void for_each_instance(F&& f) {
    for_each_element([&]<typename T>() {
        f.template operator()<T, 64>(std::string(dtype_name<T>) + " d64");
        f.template operator()<T, 128>(std::string(dtype_name<T>) + " d128");
    });
}

/// The same for head_dim 256.
template <typename F>
void for_each_wide_instance(F&& f) {
    for_each_element([&]<typename T>() { f.template operator()<T, 256>(std::string(dtype_name<T>) + " d256"); });
}

}  // namespace stele::attention
