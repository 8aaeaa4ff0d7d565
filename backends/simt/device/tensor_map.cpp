#include "backends/simt/device/tensor_map.hpp"

#include <cstring>

#include "backends/simt/abi.hpp"

namespace stele::simt {

TensorMap encode_tensor_map(const TensorMapSpec& spec, void* address) {
    TileMap tile;
    tile.address = reinterpret_cast<std::uintptr_t>(address);
    check_tensor_map(spec, tile.address);
    tile.rank = static_cast<std::uint8_t>(spec.rank);
    tile.element = spec.element;
    tile.swizzle = spec.swizzle;
    tile.extent = spec.extent;
    tile.stride = spec.stride;
    for (int i = 0; i < spec.rank; ++i) tile.box[i] = static_cast<std::uint16_t>(spec.box[i]);
    TensorMap map;
    std::memcpy(map.bytes.data(), &tile, sizeof(tile));
    return map;
}

}  // namespace stele::simt
