// What differs between two languages of one algorithm beside the language: an audit of their plans and reports.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "harness/catalog/registry.hpp"
#include "harness/draw/table.hpp"
#include "harness/study/comparison.hpp"

namespace stele {

/// One thing in which two siblings differ, and what it is on either side.
struct ParityDifference {
    std::string what, first, second;

    bool operator==(const ParityDifference&) const = default;
};

/// Two siblings on one piece of hardware, with all problems on which the same differs.
struct SiblingParity {
    std::string algorithm;      ///< "gemm/tiled"
    std::string first, second;  ///< names of languages
    std::string hardware;
    std::vector<std::string> problems;  ///< at least one
    std::vector<ParityDifference> differences;
    std::string no_plan;  ///< why the plans were not compared; empty: they were
};

/// Compares what was timed: tile, launch geometry, shared memory, accumulator, what compiles it with which options,
/// what the timer encloses, its step, buffers in turn. Plans are those of this binary, for the device of each report.
class ParityAudit {
public:
    void add(const SideCell& first, const SideCell& second);
    /// In the order of their first appearance.
    const std::vector<SiblingParity>& rows() const { return rows_; }

private:
    Registry registry_;
    std::vector<SiblingParity> rows_;
};

/// Of each two languages of an algorithm, on each problem that both were timed on under equal conditions, the fastest
/// tiles. `languages` are sides_by(By::language).
std::vector<SiblingParity> parity_of_languages(std::span<const NamedSide> languages);

/// Of the compared cells.
std::vector<SiblingParity> parity_of_comparison(const Comparison& comparison);

Table parity_table(std::span<const SiblingParity> rows);
nlohmann::ordered_json parity_json(std::span<const SiblingParity> rows);

}  // namespace stele
