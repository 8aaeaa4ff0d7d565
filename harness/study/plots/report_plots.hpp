// The plots of reports, a file each.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/draw/document.hpp"
#include "harness/study/page/page_cells.hpp"

namespace stele::plots {

/// Rate over intensity of every timed cell on a piece of hardware, below the ceilings that were measured there. Nothing
/// where no cell has both FLOPs and traffic.
std::optional<Plot> roofline(const PageCells& cells, const std::string& hardware);

/// What each language reaches on each rung of an operation: a line a language, the price of each step beside its end.
/// Nothing where there are fewer than two rungs.
std::optional<Plot> ladder(const PageCells& cells, const std::string& operation, const std::string& hardware);

/// Languages × problems on a piece of hardware: the share of the fastest, and of the fastest vendor library. Nothing
/// where fewer than two languages were timed.
std::optional<Plot> heat_map(const PageCells& cells, const std::string& hardware);

/// Each language's time ÷ the reference's with its interval, problem by problem. Nothing where no problem has two.
std::optional<Plot> language_forest(const PageCells& cells, const std::string& hardware);

}  // namespace stele::plots
