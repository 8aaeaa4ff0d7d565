// Pages of HTML: what a reader who has never seen Stele can see and say from one file. The first screen in words, then
// plots, then every figure.
#pragma once

#include <span>
#include <string>

#include "harness/draw/document.hpp"
#include "harness/study/comparison_tables.hpp"
#include "harness/study/history.hpp"
#include "harness/study/portability_tables.hpp"
#include "harness/study/report_tables.hpp"

namespace stele {

Document report_page(std::span<const NamedReport> reports);

/// `shown`: as comparison_document() takes it; a page has all rows, so that each mark has one to lead to.
Document comparison_page(const Comparison& comparison, const CompareRules& rules, const ComparisonShown& shown);

/// What portability_document() has, below what it says in words and the cascade.
Document portability_page(const PortabilityShown& shown, const PortabilityRules& rules);

/// `change_points`: as history_tables() takes it.
Document history_page(const History& history, std::span<const NamedReport> reports, const std::string& change_points);

}  // namespace stele
