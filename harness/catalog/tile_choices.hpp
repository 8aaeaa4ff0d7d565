// The tiles among which tuning chooses: those compiled into the binary, and those of a variant's tile space.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/catalog/registry.hpp"
#include "kernels/tile_space.hpp"

namespace stele {

class TileChoices {
public:
    /// Tiles of the variants with this one's base_id(), then the legal ones of its space. The registry must outlive it.
    TileChoices(const Registry& registry, const Variant& default_variant);

    std::size_t size() const { return choices_.size(); }
    const std::string& tile(std::size_t index) const { return choices_[index].tile; }
    /// Made at its first use; the registry keeps it.
    const Variant& variant(std::size_t index) const;
    std::size_t default_index() const { return default_index_; }
    /// Of two tiles that are equally fast, the one of lower cost is chosen. The default's is the lowest of all, as
    /// nothing needs to be remembered for it; the others' is their space's cost, or the product of their values.
    double cost(std::size_t index) const;
    std::optional<std::size_t> find(std::string_view tile) const;

    /// Tiles that differ in one parameter alone: of the greater values there the nearest that is legal, and of the
    /// smaller ones.
    std::vector<std::size_t> neighbours(std::size_t index) const;

private:
    struct Choice {
        std::string tile;
        TileValues values;  ///< empty where the tile is not made of numbers
    };

    const Registry* registry_;
    const Variant* default_;
    std::vector<Choice> choices_;
    std::size_t default_index_ = 0;
};

}  // namespace stele
