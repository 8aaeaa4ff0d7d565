// What portability costs, in a sentence.
#pragma once

#include <span>
#include <string>

#include "harness/study/portability.hpp"

namespace stele {

/// Each language's PP over the scopes with several devices, vendors' libraries among the fastest. Empty where none has.
std::string portability_words(std::span<const ScopePortability> scopes);

}  // namespace stele
