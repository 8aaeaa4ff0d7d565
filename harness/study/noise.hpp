// How much two identical sides differ: from the medians of processes that ran the same.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/record/measurement.hpp"

namespace stele {

/// The median of each round's samples, in the order of the rounds.
std::vector<double> round_medians(const Timing& timing);

/// Rounds 2i and 2i + 1 are a pair of identical sides. A comparison of R rounds is of R of these pairs, drawn without
/// replacement, each with its sides exchanged or not, as nothing tells them apart; its ratio is exp of the mean of the
/// log-ratios. The floor is the 95th percentile of |ratio − 1| over 2000 of them (seeded), and a false alarm one whose
/// paired-t 95 % interval excludes 1. For R = 1, 2, 3, 5, 10, 20, 40 as far as there are pairs.
std::vector<NoiseFloor> noise_floors(KernelKind kind, std::span<const double> medians, std::uint64_t seed);

}  // namespace stele
