#include "harness/catalog/registry.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "kernels/former_ids.hpp"
#include "kernels/tile_space.hpp"

namespace stele {
namespace {

/// Length of the bracket expression that `pattern` starts with, 0 if it is not closed (then '[' is itself).
std::size_t bracket_length(std::string_view pattern) {
    // A ']' directly after '[' or '[!' is a member of the set.
    const std::size_t first = pattern.size() > 1 && pattern[1] == '!' ? 2 : 1;
    const std::size_t close = pattern.find(']', first + 1);
    return close == std::string_view::npos ? 0 : close + 1;
}

/// `set` is what stands between the brackets.
bool in_bracket(std::string_view set, char c) {
    const bool negated = set.starts_with('!');
    if (negated) set.remove_prefix(1);
    bool found = false;
    for (std::size_t i = 0; i < set.size(); ++i) {
        if (i + 2 < set.size() && set[i + 1] == '-') {
            found = found || (set[i] <= c && c <= set[i + 2]);
            i += 2;
        } else {
            found = found || set[i] == c;
        }
    }
    return found != negated;
}

/// Length of what stands first in `pattern` if it matches `c`; 0 if it does not.
std::size_t match_one(std::string_view pattern, char c) {
    if (pattern.empty()) return 0;
    const std::size_t bracket = pattern[0] == '[' ? bracket_length(pattern) : 0;
    if (bracket != 0) return in_bracket(pattern.substr(1, bracket - 2), c) ? bracket : 0;
    return pattern[0] == '?' || pattern[0] == c ? 1 : 0;
}

bool is_glob(std::string_view text) { return text.find_first_of("*?[") != std::string_view::npos; }

/// True if `matches` holds for `id` or for a part of it that ends where '/' or '.' begins a new name.
template <typename F>
bool matches_id_or_above(std::string_view id, F&& matches) {
    if (matches(id)) return true;
    for (std::size_t end = 0; end < id.size(); ++end)
        if ((id[end] == '/' || id[end] == '.') && matches(id.substr(0, end))) return true;
    return false;
}

/// Letters put in, left out, replaced, or swapped with their neighbour.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last, last, row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before_last = std::exchange(last, row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), last[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
    }
    return row.back();
}

std::string did_you_mean(const std::vector<std::string>& names) {
    return names.empty() ? "" : fmt::format("; did you mean {}?", fmt::join(names, ", "));
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text) {
    // Only the last star passed ever needs to take more text: what stood before it has matched as early as it can.
    std::size_t at = 0, read = 0, star = std::string_view::npos, star_read = 0;
    while (read < text.size()) {
        if (at < pattern.size() && pattern[at] == '*') {
            star = at++;
            star_read = read;
        } else if (const std::size_t length = match_one(pattern.substr(at), text[read]); length != 0) {
            at += length;
            ++read;
        } else if (star != std::string_view::npos) {
            at = star + 1;
            read = ++star_read;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

bool selects(std::string_view pattern, const Variant& variant) {
    const std::size_t at = pattern.find('@');
    const std::string_view base = pattern.substr(0, at);
    if (at == std::string_view::npos ? !variant.default_tile : !glob_match(pattern.substr(at + 1), variant.tile))
        return false;
    if (base.empty()) return true;
    return matches_id_or_above(variant.base_id(),
                               [&](std::string_view id) { return is_glob(base) ? glob_match(base, id) : base == id; });
}

std::vector<std::string> nearest(std::string_view name, std::span<const std::string> names, std::size_t most) {
    std::vector<std::pair<std::size_t, std::string>> ranked;
    for (const std::string& candidate : names) {
        const std::size_t distance = edit_distance(name, candidate);
        const bool alike = !name.empty() && (candidate.starts_with(name) || candidate.find(name) != std::string::npos);
        // Beyond a third of the letters wrong, a suggestion is noise.
        if (alike || 3 * distance <= std::max(name.size(), candidate.size()))
            ranked.emplace_back(alike ? 0 : distance, candidate);
    }
    std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::string> out;
    for (const auto& [distance, candidate] : ranked)
        if (out.size() < most && std::find(out.begin(), out.end(), candidate) == out.end()) out.push_back(candidate);
    return out;
}

Registry::Registry(const std::vector<std::unique_ptr<Operation>>& operations) {
    for (const auto& operation : operations) {
        operations_.push_back(operation.get());
        for (const Variant& variant : operation->variants()) variants_.push_back(&variant);
    }
}

const Operation& Registry::operation(std::string_view name) const {
    std::vector<std::string> names;
    for (const Operation* operation : operations_) {
        if (operation->name() == name) return *operation;
        names.emplace_back(operation->name());
    }
    throw RegistryError(fmt::format("no operation is called '{}'; there are {}", name, fmt::join(names, ", ")));
}

std::vector<const Variant*> Registry::select(std::string_view given) const {
    const std::string pattern = present_id(given);
    std::vector<const Variant*> out;
    std::copy_if(variants_.begin(), variants_.end(), std::back_inserter(out),
                 [&](const Variant* variant) { return selects(pattern, *variant); });
    if (out.empty()) out = from_spaces(pattern);
    if (out.empty()) fail(pattern);
    return out;
}

std::vector<const Variant*> Registry::select(std::span<const std::string> patterns) const {
    if (patterns.empty()) return select("");
    std::vector<const Variant*> out;
    for (const std::string& pattern : patterns)
        for (const Variant* variant : select(pattern))
            if (std::find(out.begin(), out.end(), variant) == out.end()) out.push_back(variant);
    return out;
}

std::vector<const Variant*> Registry::from_spaces(std::string_view pattern) const {
    const std::size_t at = pattern.find('@');
    if (at == std::string_view::npos || is_glob(pattern.substr(at + 1))) return {};
    std::vector<const Variant*> out;
    std::vector<std::string> refusals;
    for (const Variant* variant : variants_) {
        if (!variant->tile_space || !selects(pattern.substr(0, at), *variant)) continue;
        try {
            out.push_back(&with_tile(*variant, pattern.substr(at + 1)));
        } catch (const RegistryError& error) {
            refusals.emplace_back(error.what());
        }
    }
    if (out.empty() && !refusals.empty()) throw RegistryError(fmt::format("{}", fmt::join(refusals, "; ")));
    return out;
}

std::vector<const Variant*> Registry::siblings(const Variant& variant) const {
    std::vector<const Variant*> out;
    std::copy_if(variants_.begin(), variants_.end(), std::back_inserter(out),
                 [&, id = variant.base_id()](const Variant* other) { return other->base_id() == id; });
    return out;
}

const Variant& Registry::with_tile(const Variant& variant, std::string_view tile) const {
    for (const Variant* sibling : siblings(variant))
        if (sibling->tile == tile) return *sibling;
    for (const Variant& made : made_)
        if (made.tile == tile && made.base_id() == variant.base_id()) return made;
    if (!variant.tile_space) {
        std::vector<std::string> tiles;
        for (const Variant* sibling : siblings(variant)) tiles.push_back(sibling->tile);
        throw RegistryError(
            fmt::format("{} has no tile '{}'; there are {}", variant.base_id(), tile, fmt::join(tiles, ", ")));
    }
    const auto values = parse_tile(tile);
    const std::string refusal =
        values ? variant.tile_space->refusal(*values) : "a tile is whole numbers with an x between them";
    if (!refusal.empty())
        throw RegistryError(fmt::format("{} cannot have the tile '{}': {}", variant.base_id(), tile, refusal));
    if (const std::string text = tile_text(*values); text != tile) return with_tile(variant, text);  // "064x32"
    Variant& made = made_.emplace_back(variant.tile_space->make(*values));
    made.tile = tile;
    made.default_tile = false;
    return made;
}

const Variant& Registry::default_on(const Variant& variant, const DeviceInfo& device, const Problem& problem) const {
    if (!variant.default_tile || variant.supports(device, problem)) return variant;
    for (const Variant* sibling : siblings(variant))
        if (sibling->supports(device, problem)) return *sibling;
    if (!variant.tile_space) return variant;
    const std::vector<TileValues> tiles = variant.tile_space->legal_tiles();
    const auto least = std::ranges::min_element(tiles, {}, tile_volume);
    if (least == tiles.end() || !variant.tile_space->make(*least).supports(device, problem)) return variant;
    return with_tile(variant, tile_text(*least));
}

const Variant& Registry::variant(std::string_view given) const {
    const std::string id = present_id(given);
    const bool has_tile = id.find('@') != std::string_view::npos;
    for (const Variant* variant : variants_)
        if (has_tile ? variant->id() == id : variant->default_tile && variant->base_id() == id) return *variant;
    if (has_tile) {
        const auto made = from_spaces(id);
        if (made.size() == 1 && made.front()->id() == id) return *made.front();
    }
    const bool several =
        std::any_of(variants_.begin(), variants_.end(), [&](const Variant* variant) { return selects(id, *variant); });
    if (several) {
        std::vector<std::string> ids;
        for (const Variant* variant : select(id)) ids.push_back(variant->id());
        throw RegistryError(
            fmt::format("'{}' is not one variant; it stands for {}: choose one", id, fmt::join(ids, ", ")));
    }
    fail(id);
}

std::vector<const Operation*> Registry::operations_of(std::span<const Variant* const> variants) const {
    std::vector<const Operation*> out;
    for (const Operation* operation : operations_)
        if (std::any_of(variants.begin(), variants.end(),
                        [&](const Variant* variant) { return variant->operation == operation->name(); }))
            out.push_back(operation);
    return out;
}

void Registry::fail(std::string_view pattern) const {
    if (variants_.empty()) throw RegistryError("this build has no variants");
    const std::size_t at = pattern.find('@');
    const std::string_view base = pattern.substr(0, at);
    std::vector<std::string> tiles, names;
    for (const Variant* variant : variants_) {
        // The base is good, so it is the tile that nothing has.
        if (at != std::string_view::npos && selects(std::string(base) + "@*", *variant)) tiles.push_back(variant->id());
        for (const std::string& name :
             {variant->operation, variant->operation + "/" + variant->algorithm, variant->base_id()})
            if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    if (!tiles.empty())
        throw RegistryError(
            fmt::format("no variant has the tile '{}'; there are {}", pattern.substr(at + 1), fmt::join(tiles, ", ")));
    throw RegistryError(fmt::format("no variant matches '{}'{}", pattern, did_you_mean(nearest(base, names))));
}

std::vector<std::unique_ptr<Problem>> problems(const Operation& operation, Suite suite) {
    std::vector<std::unique_ptr<Problem>> out;
    for (const std::string& text : operation.suite(suite)) out.push_back(operation.parse(text));
    return out;
}

}  // namespace stele
