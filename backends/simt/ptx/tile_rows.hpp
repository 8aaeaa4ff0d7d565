// Where the elements of a tensor map's box lie, in global memory and before the swizzle. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "backends/simt/abi.hpp"
#include "backends/simt/ptx/layout.hpp"

namespace stele::simt {

/// The map as the device made it; its magic is wrong where it was not.
inline TileMap decode_tensor_map(const TensorMap& map) {
    TileMap tile;
    std::memcpy(&tile, map.bytes.data(), sizeof(tile));
    return tile;
}

inline Swizzle swizzle_of(const TileMap& tile) {
    switch (tile.swizzle) {
        case TensorMapSwizzle::bytes_32:
            return Swizzle::bytes_32;
        case TensorMapSwizzle::bytes_64:
            return Swizzle::bytes_64;
        case TensorMapSwizzle::bytes_128:
            return Swizzle::bytes_128;
        case TensorMapSwizzle::none:
            break;
    }
    return Swizzle::none;
}

/// One row of a box: `box[0]` elements that are contiguous in global and, before the swizzle, in shared memory.
struct TileRow {
    std::uint64_t global = 0;         ///< address of the row's first element inside the tensor
    std::uint32_t shared_offset = 0;  ///< of the row's first byte, before the swizzle
    std::uint32_t skip_bytes = 0;     ///< at the row's begin, outside the tensor
    std::uint32_t bytes = 0;          ///< inside the tensor; 0 where the whole row is outside
};

/// Calls visit(TileRow) for each row of the box whose first element has `coordinates`.
template <typename Visit>
void for_each_row(const TileMap& map, const std::array<std::int64_t, 5>& coordinates, Visit&& visit) {
    const auto size = static_cast<std::int64_t>(bytes_of(map.element));
    const std::int64_t begin = coordinates[0], end = begin + map.box[0];
    const std::int64_t first = begin < 0 ? 0 : begin;
    const std::int64_t last =
        end > static_cast<std::int64_t>(map.extent[0]) ? static_cast<std::int64_t>(map.extent[0]) : end;
    std::array<std::int64_t, 5> at{};
    std::uint32_t row = 0;
    for (;;) {
        TileRow out{map.address, row++ * map.box[0] * static_cast<std::uint32_t>(size), 0, 0};
        bool inside = first < last;
        for (int i = 1; i < map.rank; ++i) {
            const std::int64_t index = coordinates[i] + at[i];
            inside = inside && index >= 0 && index < static_cast<std::int64_t>(map.extent[i]);
            out.global += static_cast<std::uint64_t>(index) * map.stride[i];
        }
        if (inside) {
            out.global += static_cast<std::uint64_t>(first * size);
            out.skip_bytes = static_cast<std::uint32_t>((first - begin) * size);
            out.bytes = static_cast<std::uint32_t>((last - first) * size);
        }
        visit(out);
        int i = 1;
        while (i < map.rank && ++at[i] == map.box[i]) at[i++] = 0;
        if (i >= map.rank) return;
    }
}

}  // namespace stele::simt
