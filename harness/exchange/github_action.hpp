// github-action-benchmark: one run's times for its charts and alerts.
#pragma once

#include <string>

#include "harness/study/report_tables.hpp"

namespace stele {

/// An array of {name, unit, value, range, extra}, as its README describes for `tool: customSmallerIsBetter`
/// (https://github.com/benchmark-action/github-action-benchmark, section Examples): the median in ns, its 95 % interval
/// as text, and the device and samples. Throws NothingFound where nothing was timed.
std::string github_action_json(const NamedReport& report);

}  // namespace stele
