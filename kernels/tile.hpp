// Compile-time tiles: one struct an algorithm, the same values in all three languages.
//
// A tile is an aggregate of ints with two static members:
//     static constexpr std::array names{"BLOCK_M", "BLOCK_N"};           // as OpenCL's -D and the kernels say them
//     constexpr std::array<int, 2> values() const { return {block_m, block_n}; }
// Being structural, it is a template argument of the CUDA kernels.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace stele {

/// "128x128x16": the id's part after '@'.
template <typename Tile>
std::string text(const Tile& tile) {
    std::string out;
    for (int value : tile.values()) {
        if (!out.empty()) out += 'x';
        out += std::to_string(value);
    }
    return out;
}

/// {"-DBLOCK_M=128", …} for an OpenCL build.
template <typename Tile>
std::vector<std::string> definitions(const Tile& tile) {
    std::vector<std::string> out;
    const auto values = tile.values();
    for (std::size_t i = 0; i < values.size(); ++i)
        out.push_back("-D" + std::string(Tile::names[i]) + "=" + std::to_string(values[i]));
    return out;
}

/// Where `tile` stands in `tiles`: the template argument of a kernel, as nvcc 13 cannot name a tile's type there.
template <const auto& tiles>
constexpr std::size_t tile_index(const auto& tile) {
    std::size_t index = 0;
    while (!(tiles[index] == tile)) ++index;
    return index;
}

/// Calls f.template operator()<tiles[0]>(), … for a constexpr array: how a `.cu` file instantiates one kernel a tile.
template <const auto& tiles, typename F>
constexpr void for_each_tile(F&& f) {
    [&]<std::size_t... i>(std::index_sequence<i...>) {
        (f.template operator()<tiles[i]>(), ...);
    }(std::make_index_sequence<tiles.size()>{});
}

}  // namespace stele
