// What the host knows of OpenCL C for CPUs: panel.clh and wide.clh.
#pragma once

#include <string>
#include <vector>

#include "kernels/operation.hpp"

namespace stele {

/// Whether THREAD_M × THREAD_N sums stay in the registers of a CPU: sixteen of AVX2 hold 128 in vectors of 8 floats,
/// and leave nothing beside them; more want the 32 of AVX-512. A runtime that does not tell is taken for the former.
Support sums_fit_registers(const DeviceInfo& device, int thread_m, int thread_n);

/// Definitions for builtins that the device's compiler is known to have.
std::vector<std::string> builtins_of(const DeviceInfo& device);

}  // namespace stele
