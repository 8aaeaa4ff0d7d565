// An explanation as JSON, all fields.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "harness/explain/cpu_code.hpp"
#include "harness/explain/figures.hpp"
#include "harness/explain/source_lines.hpp"

namespace stele::explain {

nlohmann::ordered_json to_json(const Explanation& explanation, const std::vector<CpuFigures>& cpu,
                               const std::vector<std::pair<std::string, SourceOverlap>>& sources);

}  // namespace stele::explain
