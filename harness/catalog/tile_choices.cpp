#include "harness/catalog/tile_choices.hpp"

#include <algorithm>

namespace stele {

namespace {

/// The one place where `a` and `b` differ; none if they differ in several or in none.
std::optional<std::size_t> only_difference(const TileValues& a, const TileValues& b) {
    if (a.size() != b.size()) return std::nullopt;
    std::optional<std::size_t> place;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i] == b[i]) continue;
        if (place) return std::nullopt;
        place = i;
    }
    return place;
}

}  // namespace

TileChoices::TileChoices(const Registry& registry, const Variant& default_variant)
    : registry_(&registry), default_(&default_variant) {
    for (const Variant* sibling : registry.siblings(default_variant)) {
        if (sibling->tile.empty()) continue;
        if (sibling == default_) default_index_ = choices_.size();
        choices_.push_back({sibling->tile, parse_tile(sibling->tile).value_or(TileValues{})});
    }
    if (!default_->tile_space) return;
    const std::size_t listed = choices_.size();
    for (TileValues& values : default_->tile_space->legal_tiles()) {
        const bool known = std::any_of(choices_.begin(), choices_.begin() + static_cast<std::ptrdiff_t>(listed),
                                       [&](const Choice& choice) { return choice.values == values; });
        if (known) continue;
        std::string text = tile_text(values);
        choices_.push_back({std::move(text), std::move(values)});
    }
}

const Variant& TileChoices::variant(std::size_t index) const { return registry_->with_tile(*default_, tile(index)); }

double TileChoices::cost(std::size_t index) const {
    if (index == default_index_) return -1;
    const TileValues& values = choices_[index].values;
    if (values.empty()) return static_cast<double>(index);
    const auto& space = default_->tile_space;
    return space && space->cost ? space->cost(values) : tile_volume(values);
}

std::optional<std::size_t> TileChoices::find(std::string_view tile) const {
    const auto found =
        std::find_if(choices_.begin(), choices_.end(), [&](const Choice& choice) { return choice.tile == tile; });
    if (found == choices_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - choices_.begin());
}

std::vector<std::size_t> TileChoices::neighbours(std::size_t index) const {
    const TileValues& centre = choices_[index].values;
    // Per parameter: nearest below, nearest above.
    std::vector<std::optional<std::size_t>> nearest(2 * centre.size());
    for (std::size_t i = 0; i < choices_.size(); ++i) {
        const TileValues& values = choices_[i].values;
        const auto place = only_difference(centre, values);
        if (!place) continue;
        const bool above = values[*place] > centre[*place];
        auto& best = nearest[2 * *place + (above ? 1 : 0)];
        if (!best || (values[*place] < choices_[*best].values[*place]) == above) best = i;
    }
    std::vector<std::size_t> out;
    for (const auto& found : nearest)
        if (found) out.push_back(*found);
    return out;
}

}  // namespace stele
