// The gate: figures saved once, and later ones held against them. Deterministic, so continuous integration can hold it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/base/json_document.hpp"
#include "harness/explain/figures.hpp"

namespace stele::explain {

/// What one kernel's row of a baseline holds; all are counts.
struct BaselineRow {
    long registers = 0, spill_bytes = 0, blocks_per_multiprocessor = 0, matrix_instructions = 0, loop_instructions = 0;
    long stack_bytes = 0;  ///< local memory: spills, and arrays that are indexed at run time
    bool operator==(const BaselineRow&) const = default;
};

struct Baseline {
    static constexpr DocumentKind kind{"baseline", "stele-explain-baseline", 3};
    std::map<std::string, std::string> versions;  ///< of the compilers
    std::map<std::string, BaselineRow> rows;      ///< by KernelFigures::key()
};

Baseline make_baseline(const Explanation& explanation);
std::string to_json(const Baseline& baseline);
/// Reads version 2 as well. Throws BadInput that names what is wrong with the text.
Baseline parse_baseline(const std::string& json);

/// How much worse a figure may get. Spills, the stack, occupancy and matrix instructions have none.
struct Margins {
    long registers = 4;
    double loop_instructions = 0.05;
};

struct Change {
    std::string key, figure;
    long before = 0, after = 0;
    bool worse = false;
};

/// What was to be explained, so that a baseline's other rows are left alone.
struct Asked {
    std::vector<std::string> variants;  ///< ids, those without "@tile" of any tile; empty: all
    std::vector<std::string> architectures;
    std::vector<std::string> dtypes;  ///< empty: all
};

struct HeldAgainst {
    std::vector<Change> changes;              ///< all that differ; `worse` beyond the margins
    std::vector<std::string> gone, added;     ///< keys on one side only
    std::vector<std::string> other_versions;  ///< "nvcc: 13.0.88 then, 13.1.80 now"
    std::size_t held = 0;                     ///< keys on both sides

    /// Something got worse, or is gone.
    bool worse() const;
};

HeldAgainst hold_against(const Baseline& before, const Baseline& now, const Asked& asked, const Margins& margins = {});

/// "gemm/tiled.opencl for sm_90a: clang-19 is not on this machine; …": what should have been explained and was not,
/// each once. A baseline without these is not whole, and a gate that leaves them out holds nothing.
std::vector<std::string> not_examined(const Explanation& explanation);

}  // namespace stele::explain
