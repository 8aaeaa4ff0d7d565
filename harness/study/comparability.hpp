// Which cells of two sides may be compared: those of one variant under the same conditions, and what was let pass.
#pragma once

#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "backends/names.hpp"
#include "harness/study/sides.hpp"

namespace stele {

/// What must be alike.
enum class Condition { hardware, runtime, shape, dtype, fill, regime, cache, timer, threads };
constexpr auto name_list(Condition) {
    return name_rows<Condition>({{Condition::hardware, "hardware"},
                                 {Condition::runtime, "runtime"},
                                 {Condition::shape, "shape"},
                                 {Condition::dtype, "dtype"},
                                 {Condition::fill, "fill"},
                                 {Condition::regime, "regime"},
                                 {Condition::cache, "cache"},
                                 {Condition::timer, "timer"},
                                 {Condition::threads, "threads"}});
}

/// What a condition is for a cell, as text: "m=512 n=512 k=512", "cold", "2 threads on 0-1".
std::string condition_of(Condition condition, const SideCell& cell);

/// "other cache (cold, warm)".
std::string difference_text(Condition condition, const SideCell& base, const SideCell& other);

struct MatchedCells {
    const SideCell *base, *other;
    std::vector<Condition> let_pass;                  ///< in which they differ
    std::size_t base_choices = 1, other_choices = 1;  ///< of so many it is the fastest
};

struct RefusedCells {
    const SideCell *base, *other;
    std::vector<Condition> differing;  ///< at least one
};

struct Matching {
    std::vector<MatchedCells> pairs;
    std::vector<RefusedCells> refused;  ///< of one identity and shape, and under other conditions
    std::vector<const SideCell*> base_only, other_only;
};

struct MatchRules {
    /// What is compared; cells of equal texts are of one identity.
    std::function<std::string(const SideCell&)> identity;
    std::set<Condition> allowed;  ///< to differ
    bool fastest = false;         ///< of several cells of one identity on a side, that one; else they are left alone
};

/// The cells must outlive the result.
Matching match_cells(std::span<const SideCell> base, std::span<const SideCell> other, const MatchRules& rules);

}  // namespace stele
