// Reports as their page has them: problems with their cells, each cell with a row to be linked to.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/draw/table.hpp"
#include "harness/study/side_by_side.hpp"

namespace stele {

/// The reports must outlive it.
struct PageCells {
    std::span<const Report> reports;
    std::vector<ProblemSides> problems;

    explicit PageCells(std::span<const Report> made) : reports(made), problems(side_by_side(made)) {}

    /// Pieces of hardware on which something was timed, in the order of their first appearance.
    std::vector<std::string> hardware() const;
    /// Operations of the problems, likewise.
    std::vector<std::string> operations() const;
};

/// "cell-3-17", of the cell's place.
std::string cell_anchor(std::size_t problem, std::size_t cell);

/// "m=512 n=512 k=512 f32", and what is not usual of its conditions: ", warm cache".
std::string problem_label(const ProblemSides& problem);

/// "183 GFLOP/s", or bytes where bandwidth is what matters.
std::string rate_text(const ProblemSides& problem, const CellSide& cell);

/// Every cell that was run, a row each, with its anchor.
Table cells_table(const PageCells& cells);
/// Those that failed.
Table wrong_cells_table(const PageCells& cells);
/// Why cells were not run, with the variants.
Table not_run_table(const PageCells& cells);

}  // namespace stele
