// What the types of a report cannot say: that it speaks of its own devices, and that its figures follow from what it
// holds. A figure that does not is refused with both values, as every table is drawn from these figures.
#pragma once

#include "harness/record/measurement.hpp"

namespace stele {

/// Throws ReportError, which names the place.
void check_meaning(const Report& report);

}  // namespace stele
