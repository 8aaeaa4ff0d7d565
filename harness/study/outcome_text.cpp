#include "harness/study/outcome_text.hpp"

#include <fmt/format.h>

#include "backends/names.hpp"

namespace stele {

std::string outcome_text(const Measurement& cell) {
    if (cell.untimed) return "passed, not timed: " + cell.untimed->reason;
    if (cell.verdict.outcome == Outcome::passed) return "passed, not timed";
    return fmt::format("{}: {}", name(cell.verdict.outcome), cell.verdict.reason);
}

}  // namespace stele
