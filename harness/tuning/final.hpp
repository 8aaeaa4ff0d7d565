// Who wins among the best few tiles.
#pragma once

#include <span>
#include <string>

#include "harness/base/statistics.hpp"
#include "harness/record/measurement.hpp"
#include "harness/tuning/file.hpp"

namespace stele {

/// A tile that passed in the last, common run.
struct Finalist {
    std::string tile;
    double cost = 0;  ///< see TileChoices::cost()
    bool is_default = false;
    Timing timing;
};

/// a's time ÷ b's, in pairs of one pass each. Without two such pairs nothing is known: 1, from 0 to infinity.
Ratio pass_ratio(const Timing& a, const Timing& b);

/// Chooses among finalists of one interleaved run; at least one. The fastest, unless a cheaper one is not separated
/// from it. Fills what follows from their times: chosen, of_default, regret, chosen_because, finalists.
TunedCell decide(std::span<const Finalist> finalists);

}  // namespace stele
