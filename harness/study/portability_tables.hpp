// Portability as people read it, and as programs do.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "harness/draw/document.hpp"
#include "harness/study/code_divergence.hpp"
#include "harness/study/parity.hpp"
#include "harness/study/portability.hpp"

namespace stele {

/// What it is a share of: "fastest kernel".
std::string_view title_of(EfficiencyOf of);

/// All that the command shows.
struct PortabilityShown {
    std::vector<ScopePortability> scopes;
    std::vector<SiblingParity> parity;
    std::vector<CodeDivergence> divergence;
    std::string no_divergence;         ///< why there is none; empty: there is
    std::vector<std::string> reports;  ///< a line each, for the head
    bool all = false;                  ///< a row for each problem and language too
};

Document portability_document(const PortabilityShown& shown, const PortabilityRules& rules);

/// results/schema.portability.json describes it.
nlohmann::ordered_json portability_json(const PortabilityShown& shown, const PortabilityRules& rules);

}  // namespace stele
