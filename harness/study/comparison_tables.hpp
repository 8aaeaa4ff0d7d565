// A comparison as people read it, and as programs do.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "harness/draw/document.hpp"
#include "harness/study/comparison.hpp"
#include "harness/study/parity.hpp"

namespace stele {

/// One line that says all: "REGRESSION: of 12 cells 1 slower, 2 faster, 8 the same, 1 inconclusive".
std::string comparison_summary(const Comparison& comparison);

/// What a cell's row says of it: which cell, then what is known of why, and what would settle it.
std::string cell_text(const CellComparison& cell);
std::string cell_name(const CellComparison& cell);

/// "compared-17": the row of a compared cell, by its place in the comparison.
std::string compared_anchor(std::size_t cell);

struct ComparisonShown {
    std::vector<std::string> sides;       ///< a line each, for the head
    std::vector<SiblingParity> parity{};  ///< of languages that were compared
    bool all = false;                     ///< rows of unchanged cells, and of those that stand on one side only
    std::size_t most_rows = static_cast<std::size_t>(-1);  ///< of a table
};

/// The summary first; then what failed, the cells, groups, and what was not compared.
Document comparison_document(const Comparison& comparison, const CompareRules& rules, const ComparisonShown& shown);

/// The document as Markdown of at most 60,000 bytes, fit for a comment: rows that do not fit are counted.
std::string comparison_markdown(const Comparison& comparison, const CompareRules& rules, ComparisonShown shown);

/// JUnit's XML: a test case a cell; a regression fails, what broke is an error, what is inconclusive is skipped.
std::string comparison_junit(const Comparison& comparison);

/// results/schema.compare.json describes it.
nlohmann::ordered_json comparison_json(const Comparison& comparison, const CompareRules& rules,
                                       const ComparisonShown& shown);

}  // namespace stele
