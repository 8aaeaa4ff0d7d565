// Many tests at once: p values made larger, so that their number does not make findings.
#pragma once

#include <span>
#include <vector>

namespace stele {

/// Of the rejected at a level at most that share is false, expected over many uses (Benjamini and Hochberg, J. R.
/// Statist. Soc. B 57, 1995). In the order given; p from 0 to 1, std::invalid_argument otherwise.
std::vector<double> benjamini_hochberg(std::span<const double> p);

/// One false rejection or more has at most the level's probability, whatever depends on what (Holm, Scand. J. Statist.
/// 6, 1979). As above.
std::vector<double> holm(std::span<const double> p);

}  // namespace stele
