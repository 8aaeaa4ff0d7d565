// Basic blocks and loops of a function, found from its branches and not from its text.
#pragma once

#include <cstddef>
#include <vector>

#include "harness/explain/sass.hpp"

namespace stele::explain {

/// A natural loop: the blocks that reach its header again without leaving through it.
struct Loop {
    std::size_t header = 0;                 ///< index of its first instruction
    std::vector<std::size_t> instructions;  ///< indices, ascending
    std::vector<std::size_t> always;        ///< of those, in blocks that every way back to the header passes
    bool innermost = true;                  ///< contains no other loop
};

/// All loops, by header. Dominators after Lengauer and Tarjan (TOPLAS 1979), as Boost.Graph has them; loops that share
/// a header are one (Aho, Lam, Sethi, Ullman, section 9.6.6). Irreducible cycles are no loops here.
std::vector<Loop> find_loops(const SassFunction& function);

}  // namespace stele::explain
