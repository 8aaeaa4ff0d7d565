// A comparison's ratios, as a forest.
#pragma once

#include <optional>

#include "harness/draw/document.hpp"
#include "harness/study/comparison.hpp"

namespace stele::plots {

/// The cells that matter most, each with its finding, its interval and the margin that decided. Nothing where no cell
/// was compared.
std::optional<Plot> comparison_forest(const Comparison& comparison);

}  // namespace stele::plots
