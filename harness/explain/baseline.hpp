// The gate: figures saved once, and later ones held against them. Deterministic, so continuous integration can hold it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/json_document.hpp"
#include "harness/explain/figures.hpp"

namespace stele::explain {

/// What an iteration of the hot loop does, and what of it is sure: a bound follows from these and machine_rates().
struct LoopCounts {
    double flops = 0;       ///< of one thread, its share of the matrix unit's too
    double lane_flops = 0;  ///< without the matrix unit's
    PipeWork work;
    bool operator==(const LoopCounts&) const = default;
};

/// What one kernel's row of a baseline holds; all are counts.
struct BaselineRow {
    long registers = 0, spill_bytes = 0, blocks_per_multiprocessor = 0, matrix_instructions = 0, loop_instructions = 0;
    long stack_bytes = 0;              ///< local memory: spills, and arrays that are indexed at run time
    std::optional<LoopCounts> loop{};  ///< absent without a loop, and in older baselines; not held against anything
    bool operator==(const BaselineRow&) const = default;
};

struct Baseline {
    static constexpr DocumentKind kind{"baseline", "stele-explain-baseline", 4, 3};
    std::map<std::string, std::string> versions;  ///< of the compilers
    std::map<std::string, BaselineRow> rows;      ///< by KernelFigures::key()
};

Baseline make_baseline(const Explanation& explanation);
std::string to_json(const Baseline& baseline);
/// Reads versions 2 and 3 as well. Throws BadInput that names what is wrong with the text.
Baseline parse_baseline(const std::string& json);

/// The fields of a row's key, as KernelFigures::key() joins them.
struct BaselineKey {
    std::string variant, dtype, kernel, instance, architecture, compiler;
};
/// Nothing where the text has not as many fields.
std::optional<BaselineKey> parse_baseline_key(const std::string& key);

/// By the counts of a row, with today's rates; nothing where it has none, or the architecture no rates.
std::optional<StaticBound> bound_of(const std::string& key, const BaselineRow& row);

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
