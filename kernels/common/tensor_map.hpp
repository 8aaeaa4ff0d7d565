// TensorMap, by the name under which kernels and plans include it.
#pragma once

#include "backends/tensor_map.hpp"
