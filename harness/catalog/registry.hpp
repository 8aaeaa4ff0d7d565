// Finds operations, variants and suites by name.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/error.hpp"
#include "kernels/operation.hpp"

namespace stele {

/// A name that nothing has. `what()` says which, and the nearest that there are.
class RegistryError : public NothingFound {
public:
    using NothingFound::NothingFound;
};

/// `*` any run of characters ('/' and '.' too), `?` one, `[a-c]` `[!a-c]` one of a set. The whole text must match.
bool glob_match(std::string_view pattern, std::string_view text);

/// True if `pattern` selects the variant:
/// - without glob characters it names an id or what lies above it: "gemm", "gemm/tiled", "gemm/tiled.opencl";
/// - a glob may match the id without its tile, or what lies above it: "*.opencl", "gemm/t*", "*/tiled";
/// - "@" and a tile (or a glob of tiles) selects tiles: "gemm/tiled.opencl@64x64x16", "gemm@*" for every tile. Without
///   it the default tile is meant;
/// - empty selects every variant's default tile.
/// Registry::select() also takes a whole tile that no variant has, where it is legal in a variant's tile space.
bool selects(std::string_view pattern, const Variant& variant);

/// The names that are nearest to `name`, best first: few edits away, or starting alike. At most `most`.
std::vector<std::string> nearest(std::string_view name, std::span<const std::string> names, std::size_t most = 3);

/// Operations and their variants in the order of their lists. References stay valid as long as the operations and the
/// registry, which keeps the variants that it makes from tile spaces.
class Registry {
public:
    explicit Registry(const std::vector<std::unique_ptr<Operation>>& operations = all_operations());
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;

    const std::vector<const Operation*>& operations() const { return operations_; }
    const std::vector<const Variant*>& variants() const { return variants_; }

    /// Throws RegistryError, naming the operations that there are.
    const Operation& operation(std::string_view name) const;
    /// At least one variant, in the lists' order. Throws RegistryError with the nearest ids.
    std::vector<const Variant*> select(std::string_view pattern) const;
    /// What any of the patterns selects, each once; no pattern: every variant's default tile.
    std::vector<const Variant*> select(std::span<const std::string> patterns) const;
    /// Exactly one variant, by its full id or, without "@tile", its default tile. Throws RegistryError.
    const Variant& variant(std::string_view id) const;
    /// The listed variants that differ from this one in nothing but the tile, itself among them.
    std::vector<const Variant*> siblings(const Variant& variant) const;
    /// The variant with another tile: a listed one, or one that its tile space makes. Throws RegistryError with the
    /// reason if the tile is neither.
    const Variant& with_tile(const Variant& variant, std::string_view tile) const;
    /// What a default variant is on this device for this problem: the first of its siblings, in the algorithm's
    /// declared order, whose tile is legal there, else the least tile of its space. Itself where none is, so that its
    /// own reason is told.
    const Variant& default_on(const Variant& variant, const DeviceInfo& device, const Problem& problem) const;
    /// The operations of these variants, each once, in the lists' order.
    std::vector<const Operation*> operations_of(std::span<const Variant* const> variants) const;

private:
    [[noreturn]] void fail(std::string_view pattern) const;
    std::vector<const Variant*> from_spaces(std::string_view pattern) const;

    std::vector<const Operation*> operations_;
    std::vector<const Variant*> variants_;
    mutable std::deque<Variant> made_;  ///< from tile spaces, each once
};

/// The problems of a suite, parsed. Throws ProblemError if the operation's own list has one that it cannot read.
std::vector<std::unique_ptr<Problem>> problems(const Operation& operation, Suite suite);

}  // namespace stele
