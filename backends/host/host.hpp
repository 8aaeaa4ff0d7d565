// The CPU runs plain C++: the reference, and the CPU's vendor libraries.
#pragma once

#include <memory>

#include "backends/backend.hpp"

namespace stele {

/// One device, host:0. Runs KernelSource::call with plain pointers, 64-byte aligned; its clock is the steady clock.
std::unique_ptr<Backend> host_backend();

}  // namespace stele
