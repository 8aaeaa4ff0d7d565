// Made on the host side of the device: modules of kernels only read tensor maps.
#include "backends/simt/async_tensor_map.hpp"

#include <cstring>

namespace stele::simt {

TensorMap encode_tensor_map(const TensorMapSpec& spec, void* address) {
    TileMap tile;
    tile.address = reinterpret_cast<std::uintptr_t>(address);
    check_tensor_map(spec, tile.address);
    tile.rank = static_cast<std::uint8_t>(spec.rank);
    tile.element = spec.element;
    switch (spec.swizzle) {
        case TensorMapSwizzle::none:
            tile.swizzle = Swizzle::none;
            break;
        case TensorMapSwizzle::bytes_32:
            tile.swizzle = Swizzle::bytes_32;
            break;
        case TensorMapSwizzle::bytes_64:
            tile.swizzle = Swizzle::bytes_64;
            break;
        case TensorMapSwizzle::bytes_128:
            tile.swizzle = Swizzle::bytes_128;
            break;
    }
    tile.extent = spec.extent;
    tile.stride = spec.stride;
    for (int i = 0; i < spec.rank; ++i) tile.box[i] = static_cast<std::uint16_t>(spec.box[i]);
    TensorMap map;
    std::memcpy(map.bytes.data(), &tile, sizeof(tile));
    return map;
}

}  // namespace stele::simt
