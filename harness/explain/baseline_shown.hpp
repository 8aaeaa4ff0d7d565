// A saved baseline as tables and for programs: what compilers made of each kernel, with nothing compiled now.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>

#include "harness/draw/document.hpp"
#include "harness/explain/baseline.hpp"

namespace stele::explain {

/// A table for each operation and architecture of all of them, with the bounds that follow from today's rates.
Document document_of(std::span<const Baseline> baselines);

/// A row each, with the fields of its key, its figures and its bound.
nlohmann::ordered_json rows_json(std::span<const Baseline> baselines);

}  // namespace stele::explain
