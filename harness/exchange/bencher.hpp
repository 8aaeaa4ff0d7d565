// Bencher: one run's times as its `json` adapter takes them.
#pragma once

#include <string>

#include "harness/study/report_tables.hpp"

namespace stele {

/// Bencher Metric Format (https://bencher.dev/docs/reference/bencher-metric-format): per cell the measure `latency`, in
/// ns as Bencher has it: the median with its 95 % interval as lower and upper value. Throws NothingFound where nothing
/// was timed, and BadInput where two cells have one name, of which Bencher would keep one.
std::string bencher_json(const NamedReport& report);

}  // namespace stele
