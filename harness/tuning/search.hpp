// Searches the fastest tile of one variant on one problem and device.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/catalog/tile_choices.hpp"
#include "harness/measure/runner.hpp"
#include "harness/tuning/file.hpp"

namespace stele {

struct TuneOptions {
    /// Wall time, about: what is being measured is measured to its end.
    double seconds = 60;
    SamplerOptions sampling;   ///< seed, operands, cache; how long a sample series takes is tuning's own matter
    std::size_t coarse = 64;   ///< random tiles before the local search
    std::size_t best_few = 4;  ///< whose neighbours are tried, and that meet in the end
    std::size_t together = 8;  ///< tiles in one interleaved run, beside the best so far
};

struct TuneTask {
    const TileChoices* choices = nullptr;
    const Problem* problem = nullptr;
    const DeviceInfo* device = nullptr;
};

struct TuneResult {
    /// Absent if the search was interrupted, or if no tile passed. Driver, revision and date are left to the caller.
    std::optional<TunedCell> tuned;
    std::vector<TriedTile> tried;
    bool interrupted = false;
};

/// Coarse, then local, then a final. Random tiles first; then tiles next to the best few, in one parameter at a time,
/// until there is no better neighbour. Tiles are verified and timed like every cell, in interleaved runs that each
/// contain the best so far, by whose time in the same run the others' are divided, so that a drifting clock moves no
/// tile up or down. The best few and the default then meet in one longer run: the fastest wins, unless a cheaper one is
/// not separated from it (the 95 % interval of their ratio, in pairs of one pass each, holds 1); then the cheapest
/// such.
///
/// `tried_before` are tiles of a broken-off search under the same conditions. `keep` is called with all that was tried
/// after each run.
TuneResult tune(
    const TuneTask& task, const TuneOptions& options, const Watcher& watcher, CellRunner& runner,
    std::vector<TriedTile> tried_before = {},
    const std::function<void(const std::vector<TriedTile>&)>& keep = [](const auto&) {});

}  // namespace stele
