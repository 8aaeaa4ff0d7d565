// What reports say, in words: what was measured, on what, which language won where, by how much, how sure that is, and
// what was not run.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "harness/draw/document.hpp"
#include "harness/study/page/page_cells.hpp"

namespace stele {

/// "gemm and attention on AMD EPYC"
std::string page_title(const PageCells& cells);

/// Each with what it is about: "Who won on AMD EPYC:".
std::vector<Paragraph> report_words(const PageCells& cells);

/// Per piece of hardware, operation and language: problems won, and by how much.
Table winners_table(const PageCells& cells);

}  // namespace stele
