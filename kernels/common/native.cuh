// What every .cu file shares: element types, and how it lists the kernels it instantiates.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/native_instance.hpp"
#include "kernels/tile.hpp"

namespace stele {

using half = __half;
using bf16 = __nv_bfloat16;

template <typename T>
inline constexpr const char* dtype_name = nullptr;
template <>
inline constexpr const char* dtype_name<float> = "f32";
template <>
inline constexpr const char* dtype_name<half> = "f16";
template <>
inline constexpr const char* dtype_name<bf16> = "bf16";

/// Calls f.template operator()<T>() for each storage type.
template <typename F>
void for_each_element(F&& f) {
    f.template operator()<float>();
    f.template operator()<half>();
    f.template operator()<bf16>();
}

/// Calls a kernel for one thread with arguments as cudaLaunchKernel takes them.
template <auto kernel>
struct Invoke;
template <typename... Parameters, void (*kernel)(Parameters...)>
struct Invoke<kernel> {
    static void call([[maybe_unused]] void* const* arguments) {
        [&]<std::size_t... i>(std::index_sequence<i...>) {
            kernel(*static_cast<std::remove_cvref_t<Parameters>*>(arguments[i])...);
        }(std::index_sequence_for<Parameters...>{});
    }
};

/// What a .cu file exports. The address is for CUDA's runtime where nvcc compiled the file; of tiles it stands for the
/// kernel's name, by which machine code beside the binary is found.
class NativeList {
public:
    template <auto kernel>
    void add(std::string entry, std::string instance) {
        NativeKernel native;
        native.cuda = reinterpret_cast<const void*>(kernel);
#ifdef STELE_SIMT
        native.simt = &Invoke<kernel>::call;
#endif
        instances_.push_back({std::move(entry), std::move(instance), native});
    }
    operator std::vector<NativeInstance>() && { return std::move(instances_); }

private:
    std::vector<NativeInstance> instances_;
};

}  // namespace stele
