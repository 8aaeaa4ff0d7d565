// Is there memory for a checked run? Asked before anything large is made.
#pragma once

#include <string>

#include "backends/backend.hpp"
#include "kernels/operation.hpp"

namespace stele {

/// What a checked run holds on the host at its peak, in bytes, about: inputs drawn twice, outputs, references, and a
/// CPU device's own copies.
double host_bytes(const DeviceInfo& device, const Problem& problem);

/// Empty if device and host have the memory for a checked run; else a sentence with both figures, and what sets the
/// limit: the device, the machine, a control group or `ulimit -v`. `kept`: bytes of inputs and references that are
/// there already and would make room.
std::string why_too_large(const DeviceInfo& device, const Problem& problem, std::size_t kept = 0);

}  // namespace stele
