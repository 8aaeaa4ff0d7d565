// What reports say, in words: what was measured, on what, which language won where, by how much, how sure that is, and
// what was not run.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "harness/draw/table.hpp"
#include "harness/study/page/page_cells.hpp"

namespace stele {

/// "gemm and attention on AMD EPYC"
std::string page_title(const PageCells& cells);

/// A paragraph each.
std::vector<std::string> report_words(const PageCells& cells);

/// Per piece of hardware and language: problems won, and by how much; and beside the vendor's libraries.
Table winners_table(const PageCells& cells);

}  // namespace stele
