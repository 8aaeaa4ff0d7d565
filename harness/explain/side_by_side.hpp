// Siblings in columns, the differences that matter first, and in words.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "harness/draw/table.hpp"
#include "harness/explain/cpu_code.hpp"
#include "harness/explain/figures.hpp"
#include "harness/explain/source_lines.hpp"

namespace stele::explain {

/// Name of a column: "CUDA C++", "PTX", "OpenCL C (clang → NVPTX, proxy)".
std::string column_title(const KernelFigures& figures);

/// How a kernel brings its data and what it multiplies with, in words: "16-byte cp.async, 128-bit shared loads".
std::string in_words(const KernelFigures& figures);

/// One sentence a sibling: how it moves its data, and its arithmetic per load and address work beside the others'.
std::vector<std::string> differences_in_words(std::span<const KernelFigures* const> siblings);

/// One kernel in several languages: a column each, rows that differ most first.
Table side_by_side(std::span<const KernelFigures* const> siblings);

/// What a bound is, with the source of the architecture's rates; empty where there are none.
std::string bound_note(const std::string& architecture);

/// All kernels, a row each.
Table overview(std::span<const KernelFigures* const> kernels, std::string title);

Table sources_table(const std::string& algorithm, const SourceOverlap& overlap);

/// The hot loops that PoCL made for the CPU.
Table cpu_table(std::span<const CpuFigures> kernels);

}  // namespace stele::explain
