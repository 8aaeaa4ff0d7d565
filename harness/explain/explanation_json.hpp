// An explanation as JSON, all fields.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "harness/explain/explanation_document.hpp"

namespace stele::explain {

/// What binds, the share of which peak where there is one, and each pipe's cycles.
nlohmann::ordered_json to_json(const StaticBound& bound);

nlohmann::ordered_json to_json(const Explanation& explanation, const std::vector<CpuFigures>& cpu,
                               const Sources& sources);

}  // namespace stele::explain
