#include "backends/tensor_map.hpp"

#include <fmt/format.h>

namespace stele {

namespace {

void require(bool holds, const char* what, std::uint64_t value, const char* accepted) {
    if (!holds) throw TensorMapError(fmt::format("tensor map: {} is {}, and must be {}", what, value, accepted));
}

}  // namespace

void check_tensor_map(const TensorMapSpec& spec, std::uint64_t address) {
    require(spec.rank >= 1 && spec.rank <= 5, "the rank", static_cast<std::uint64_t>(spec.rank), "1 to 5");
    require(address % 16 == 0, "the address", address, "a multiple of 16");
    for (int i = 0; i < spec.rank; ++i) {
        require(spec.extent[i] >= 1 && spec.extent[i] <= std::uint64_t{1} << 32, "an extent", spec.extent[i],
                "1 to 2^32");
        require(spec.box[i] >= 1 && spec.box[i] <= 256, "a side of the box", spec.box[i], "1 to 256 elements");
        if (i > 0)
            require(spec.stride[i] % 16 == 0 && spec.stride[i] < std::uint64_t{1} << 40, "a stride", spec.stride[i],
                    "a multiple of 16 bytes below 2^40");
    }
    const std::uint64_t width = spec.box[0] * bytes_of(spec.element);
    require(width % 16 == 0, "the box's width in bytes", width, "a multiple of 16");
    if (spec.swizzle != TensorMapSwizzle::none)
        require(width == bytes_of(spec.swizzle), "the box's width in bytes", width, "the width of its swizzle");
}

}  // namespace stele
