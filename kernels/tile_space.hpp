// The tiles that an algorithm can have where its kernel is compiled at run time: any that is legal, not a list.
//
// A variant whose tiles are compiled into the binary has none of this: its tiles are the variants of the same
// base_id().
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/operation.hpp"

namespace stele {

/// A tile's numbers in the order of its id: {64, 32, 8} is "64x32x8".
using TileValues = std::vector<int>;

std::string tile_text(const TileValues& values);
/// Empty if `text` is not whole numbers with 'x' between them, each below a million.
std::optional<TileValues> parse_tile(std::string_view text);

struct TileParameter {
    std::string name;         ///< "BLOCK_M"
    std::vector<int> values;  ///< that a search tries, ascending
};

/// All tiles that one variant can have.
struct TileSpace {
    std::vector<TileParameter> parameters;
    /// Empty if the tile is legal, else the constraint that it breaks. Only asked for values from the least to the
    /// greatest of each parameter, so nothing divides by zero and no product overflows.
    std::function<std::string(const TileValues&)> why_illegal;
    /// The variant with a legal tile; not a default.
    std::function<Variant(const TileValues&)> make;
    /// What a tile takes of a device, in any unit: of two that are equally fast the cheaper one is chosen. Without: the
    /// product of the values.
    std::function<double(const TileValues&)> cost;

    /// Empty if the tile is legal, else why not: too many numbers, out of range, or why_illegal()'s answer.
    std::string refusal(const TileValues& values) const;
    /// Every legal combination of the parameters' values, in ascending order.
    std::vector<TileValues> legal_tiles() const;
};

/// What `cost` is where a space does not say.
double tile_volume(const TileValues& values);

/// A space of the tiles of kernels/tile.hpp. `candidates[i]` are the values of Tile::names[i]; `why_illegal` and `make`
/// take a Tile.
template <typename Tile, typename WhyIllegal, typename Make>
std::shared_ptr<TileSpace> make_tile_space(const std::array<std::vector<int>, Tile::names.size()>& candidates,
                                           WhyIllegal why_illegal, Make make) {
    const auto tile_of = [](const TileValues& values) {
        return [&]<std::size_t... i>(std::index_sequence<i...>) {
            return Tile{values[i]...};
        }(std::make_index_sequence<Tile::names.size()>{});
    };
    auto space = std::make_shared<TileSpace>();
    for (std::size_t i = 0; i < candidates.size(); ++i)
        space->parameters.push_back({std::string(Tile::names[i]), candidates[i]});
    space->why_illegal = [=](const TileValues& values) -> std::string { return why_illegal(tile_of(values)); };
    space->make = [=](const TileValues& values) -> Variant { return make(tile_of(values)); };
    return space;
}

}  // namespace stele
