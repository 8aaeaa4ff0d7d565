// Why a changed sample of a report is refused.
#pragma once

#include <functional>
#include <string>

#include "harness/record/report_check.hpp"
#include "harness/record/report_json.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/sample_report.hpp"

namespace stele::test {

/// Why the sample is refused after `change`, which gets its first cell; empty if it is not.
inline std::string report_refusal(const std::function<void(Report&, Measurement&)>& change) {
    Report report = sample_report();
    change(report, report.measurements[0]);
    return refusal_of<ReportError>([&] { check_meaning(report); });
}

inline std::string timing_refusal(const std::function<void(Timing&)>& change) {
    return report_refusal([&](Report&, Measurement& cell) { change(*cell.timing); });
}

}  // namespace stele::test
