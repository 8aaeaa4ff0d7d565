// How each language's efficiency falls from its best device to its worst, and what is left of it over all of them.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "harness/draw/document.hpp"
#include "harness/study/portability.hpp"

namespace stele::plots {

/// Where a mark leads to: the anchor of the row of a language's cell on a device; empty: nowhere but to its own row.
using CellLink =
    std::function<std::string(const PortabilityScope&, const PortabilityDevice&, const FastestCell& weakest)>;

/// Efficiency cascades as Sewall, Pennycook, Jacobsen, Deakin and McIntosh-Smith draw them (Interpreting and
/// Visualizing Performance Portability Metrics, P3HPC 2020): a language's devices by falling efficiency, PP over those
/// up to each, and PP over all with its interval beside them. Scopes and kinds of efficiency to choose from. Nothing
/// where no scope has two devices and a language with a PP.
std::optional<Plot> cascade(std::span<const ScopePortability> scopes, const CellLink& cell_link);

}  // namespace stele::plots
