// The check that a device's clock and the host's agree. For backends only.
#pragma once

#include "backends/backend.hpp"

namespace stele {

/// `chain` takes a buffer of one float and an int32: so many dependent operations in one thread, then one store.
/// It is made long enough (about 30 ms) for the host to see, and timed by nanoseconds() and by the steady clock around
/// that same call; of three runs the one that took the host least. Resolution is the smallest step between device times
/// of chains of 0 to 63 operations; overheads
/// are the medians of an empty chain, by either clock.
ClockCheck check_clock_by_chain(Device& device, Kernel& chain);

}  // namespace stele
