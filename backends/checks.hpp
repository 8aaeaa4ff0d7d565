// Checks and helpers that every backend shares. For backends only.
#pragma once

#include <cstddef>
#include <string>

#include "backends/backend.hpp"

namespace stele {

/// Throws DeviceError unless `size` bytes at `offset` lie within the buffer and its guards.
void check_range(const Buffer& buffer, std::ptrdiff_t offset, std::size_t size, const char* call);

/// Throws DeviceError unless grid and block are not empty and the block and its shared memory fit the device.
void check_launch(const Launch& launch, const DeviceInfo& info, const std::string& kernel);

/// bytes + both guards; throws DeviceError with out_of_memory() when that is more than `limit`.
std::size_t guarded_size(std::size_t bytes, std::size_t limit, const std::string& device);

/// "gemm/tiled.cl gemm_tiled 128x128x16 f32": a kernel in messages.
std::string describe(const KernelSource& source);

/// DeviceError for a language that the device does not take.
[[noreturn]] void throw_not_spoken(const KernelSource& source, const DeviceInfo& info);

/// DeviceError for a tensor map where there are none.
[[noreturn]] void throw_no_tensor_maps();

/// The launch's kernel as this backend's own type; throws DeviceError for null or another backend's.
template <typename Own>
Own& own_kernel(const Launch& launch);

/// The buffer as this backend's own type; throws DeviceError for another backend's.
template <typename Own>
Own& own_buffer(Buffer& buffer);
template <typename Own>
const Own& own_buffer(const Buffer& buffer);

[[noreturn]] void throw_foreign(const char* what);

template <typename Own>
Own& own_kernel(const Launch& launch) {
    auto* own = dynamic_cast<Own*>(launch.kernel);
    if (!own) throw_foreign("kernel");
    return *own;
}

template <typename Own>
Own& own_buffer(Buffer& buffer) {
    auto* own = dynamic_cast<Own*>(&buffer);
    if (!own) throw_foreign("buffer");
    return *own;
}

template <typename Own>
const Own& own_buffer(const Buffer& buffer) {
    auto* own = dynamic_cast<const Own*>(&buffer);
    if (!own) throw_foreign("buffer");
    return *own;
}

/// Address of a scalar argument's value; valid while `argument` is. Null for a buffer. Throws DeviceError for a tensor
/// map, which a backend that has them takes before it comes here.
inline void* scalar_address(const Argument& argument) {
    return std::visit(
        [](const auto& value) -> void* {
            using Value = std::remove_cvref_t<decltype(value)>;
            if constexpr (std::is_same_v<Value, Buffer*>)
                return nullptr;
            else if constexpr (std::is_same_v<Value, TensorMapArgument>)
                throw_no_tensor_maps();
            else
                return const_cast<Value*>(&value);
        },
        argument);
}

inline std::size_t scalar_size(const Argument& argument) {
    return std::visit([](const auto& value) { return sizeof(value); }, argument);
}

}  // namespace stele
