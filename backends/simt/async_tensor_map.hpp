// A tensor map in the executor's own form, and where the elements of a box lie. Pure functions.
#pragma once

#include <cstdint>
#include <cstring>

#include "backends/simt/ptx_layout.hpp"
#include "backends/tensor_map.hpp"

namespace stele::simt {

/// What TensorMap holds on simt.
struct TileMap {
    static constexpr std::uint32_t magic_value = 0x53544d31;
    std::uint32_t magic = magic_value;
    std::uint8_t rank = 0;
    TensorMapElement element = TensorMapElement::u8;
    Swizzle swizzle = Swizzle::none;
    std::array<std::uint16_t, 5> box{};
    std::uint64_t address = 0;
    std::array<std::uint64_t, 5> extent{};
    std::array<std::uint64_t, 5> stride{};

    /// Bytes that one box takes in shared memory.
    std::uint32_t box_bytes() const {
        auto bytes = static_cast<std::uint32_t>(bytes_of(element));
        for (int i = 0; i < rank; ++i) bytes *= box[i];
        return bytes;
    }
};
static_assert(sizeof(TileMap) <= sizeof(TensorMap));

/// Throws TensorMapError (check_tensor_map).
TensorMap encode_tensor_map(const TensorMapSpec& spec, void* address);
/// The map as encode_tensor_map made it; its magic is wrong where it was not.
inline TileMap decode_tensor_map(const TensorMap& map) {
    TileMap tile;
    std::memcpy(&tile, map.bytes.data(), sizeof(tile));
    return tile;
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
