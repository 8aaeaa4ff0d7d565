// The same cells in several rounds, each of which is a process that has done nothing before.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "harness/measure/runner.hpp"
#include "harness/record/journal.hpp"

namespace stele {

/// Measurements by cell and round. What two processes measure differs by more than their samples tell, so the process
/// is what a comparison counts (docs/methodology.md).
class Rounds {
public:
    /// The cells outlive it. `keep` is given each measurement as soon as it is made.
    Rounds(std::span<const Cell> cells, std::function<void(const JournalEntry&)> keep)
        : cells_(cells), keep_(std::move(keep)), measured_(cells.size()) {}

    /// What an earlier process has measured; a series of samples that was broken off is taken again. Throws BadInput if
    /// it is of other cells.
    void recall(const std::vector<JournalEntry>& entries);

    /// Times what is not measured yet. Cells that a round found fault with, or could not time, are left alone by the
    /// next; the order of problems alternates, that of cells is shuffled anew.
    void bench(CellRunner& runner, SamplerOptions options, std::uint32_t rounds, const Watcher& watcher);

    /// In the cells' order; cells that no round has finished are left out.
    std::vector<Measurement> measurements() const;

private:
    std::vector<std::size_t> open(std::uint32_t round) const;

    std::span<const Cell> cells_;
    std::function<void(const JournalEntry&)> keep_;
    std::vector<std::map<std::uint32_t, Measurement>> measured_;
};

}  // namespace stele
