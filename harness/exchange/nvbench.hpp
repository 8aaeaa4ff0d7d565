// NVBench: one run as the JSON that its compare scripts read.
#pragma once

#include <string>

#include "harness/study/report_tables.hpp"

namespace stele {

/// A benchmark a variant and device, a state a problem, by version 1.0.0 of NVBench's JSON (https://github.com/NVIDIA/
/// nvbench, nvbench/json_printer.cu and python/scripts/nvbench_compare_robust.py): the summaries `nv/cold/time/gpu/…`
/// of the samples, in seconds; a cell without a time is skipped with its reason. Throws NothingFound where nothing was
/// timed.
std::string nvbench_json(const NamedReport& report);

}  // namespace stele
