// Two sides, cell by cell: the ratio of their times, what may be said of it, and what could not be compared.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "harness/study/causes.hpp"
#include "harness/study/comparability.hpp"
#include "harness/study/finding.hpp"

namespace stele {

/// By what the two sides differ.
enum class By { side, language, algorithm, tile, device, tuning, revision };
constexpr auto name_list(By) {
    return name_rows<By>({{By::side, "side"},
                          {By::language, "language"},
                          {By::algorithm, "algorithm"},
                          {By::tile, "tile"},
                          {By::device, "device"},
                          {By::tuning, "tuning"},
                          {By::revision, "revision"}});
}

struct CompareRules {
    double margin = 0.02;         ///< asked for
    std::optional<double> floor;  ///< in the place of what the reports carry of each kind of kernel
    double alpha = 0.05;
    bool gate = false;                  ///< Holm in the place of Benjamini and Hochberg
    bool short_cells_count = false;     ///< else they are only shown
    std::optional<double> min_time_ns;  ///< shorter is a short cell; absent: 10 µs on a GPU, none on a CPU
    std::set<Condition> allowed;        ///< to differ
    std::uint64_t seed = 1;             ///< of resampling

    /// The larger of the margin asked for and what equal sides differ by in so many pairs of rounds, on either side.
    double margin_for(const MatchedCells& cells, std::size_t pairs) const;
    double min_time(const SideCell& cell) const;
};

/// What the same cell was in fresh processes, where a regression was asked about again.
struct Confirmation {
    bool confirmed = false;
    double ratio = 1;
};

/// One cell of both sides.
struct CellComparison {
    MatchedCells cells;
    std::string base_side, other_side;
    double base_ns = 0, other_ns = 0;  ///< medians of the compared rounds
    Effect effect;
    double margin = 0;  ///< that decided
    double adjusted_p = 1;
    Found found;
    bool counts = true;  ///< to be worse by: long enough, or short ones were asked for
    std::vector<std::string> causes;
    std::optional<Confirmation> again{};

    double ratio() const;       ///< other ÷ base; above 1 the other is slower
    Interval interval() const;  ///< of the ratio; of a single pair as wide as may be
};

/// A pair of which at least one has no time.
struct WithoutTime {
    MatchedCells cells;
    std::string base_side, other_side;
    /// It passed on the base and fails on the other side.
    bool is_broken() const;
    bool is_mended() const;
    /// It was timed on the base, and one execution now takes so much longer that nobody times it.
    bool is_too_slow() const;
};

/// The geometric mean over cells, in each pair of rounds; then as for one cell.
struct GroupComparison {
    std::string name, base_side, other_side;
    std::size_t cells = 0;
    PairedTest test;  ///< of the logarithms of the ratios
};

struct OneSided {
    const SideCell* cell;
    std::string here, missing;  ///< names of sides
};

struct Comparison {
    std::vector<CellComparison> cells;  ///< what matters most first
    std::vector<WithoutTime> without_time;
    std::vector<RefusedCells> refused;
    std::vector<OneSided> one_sided;
    std::vector<GroupComparison> groups;
    std::size_t tests = 0;  ///< that were corrected for

    std::size_t count(Finding finding, bool counting_only = false) const;
    std::size_t broken() const;
    /// Cells that make the other side worse: regressions that count, and what is too slow to be timed.
    std::size_t worse() const;
    /// The fewest and the most pairs of rounds that a cell has.
    std::size_t least_pairs() const, most_pairs() const;
    double least_margin() const, most_margin() const;
};

/// A side with its cells.
struct NamedSide {
    std::string name;
    std::vector<SideCell> cells;
};

/// Two sides by their reports: `By::side`. The reports must outlive the sides.
NamedSide side_of(std::string name, std::span<const Report> reports);

/// The values of `by` in the reports, each with its cells, in the order of their first appearance; of revisions the one
/// that was started first goes first.
std::vector<NamedSide> sides_by(By by, std::span<const Report> reports);

/// The first side against each of the others. The sides must outlive the result; at least two, std::invalid_argument
/// otherwise.
Comparison compare_sides(std::span<const NamedSide> sides, By by, const CompareRules& rules);

/// A regression that fresh processes do not show again is none: it becomes inconclusive. Cells that `again` has not are
/// left as they are.
void confirm_regressions(Comparison& comparison, const Comparison& again);

}  // namespace stele
