// NVIDIA GPUs through the CUDA runtime, linked statically: the program starts where there is no driver.
#pragma once

#include <memory>

#include "backends/backend.hpp"

namespace stele {

/// Devices cuda:0, cuda:1, … as the runtime numbers them. Only in builds that found nvcc.
std::unique_ptr<Backend> cuda_backend();

}  // namespace stele
