// On what and under what a cell was measured.
#pragma once

#include <string>

#include "harness/record/measurement.hpp"

namespace stele {

/// "/sustained/warm": what is not burst, cold and normal; for the end of a name.
std::string unusual_conditions(const Measurement& measurement);

/// The device of a cell; a nameless one where it has none.
const DeviceInfo& device_of(const Measurement& measurement, const Report& report);

}  // namespace stele
