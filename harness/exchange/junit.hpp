// Reports as JUnit's XML, which every continuous integration shows.
#pragma once

#include <span>
#include <string>

#include "harness/study/report_tables.hpp"

namespace stele {

/// A testsuite a report, a testcase a cell, by the common part of what Ant, Jenkins and GitLab read
/// (https://github.com/testmoapp/junitxml): a wrong, impossible, broken or timed-out cell is a failure with its reason,
/// a skipped one is skipped with its reason; `time` is the median of one execution, in seconds. Throws NothingFound
/// where the reports hold no cell.
std::string junit_xml(std::span<const NamedReport> reports);

}  // namespace stele
