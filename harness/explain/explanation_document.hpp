// An explanation, and what a gate found, as documents of tables.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "harness/draw/document.hpp"
#include "harness/explain/baseline.hpp"
#include "harness/explain/cpu_code.hpp"
#include "harness/explain/figures.hpp"
#include "harness/explain/source_lines.hpp"

namespace stele::explain {

/// By algorithm ("gemm/tiled"), in the order of explanation.
using Sources = std::vector<std::pair<std::string, SourceOverlap>>;

/// One algorithm: its languages side by side, kernel by kernel. Several: an overview of each operation.
Document document_of(const Explanation& explanation, const std::vector<CpuFigures>& cpu, const Sources& sources);

/// `name` is the baseline's, `missing` what not_examined() gives.
Document document_of(const HeldAgainst& result, const std::string& name, const std::vector<std::string>& missing);

}  // namespace stele::explain
