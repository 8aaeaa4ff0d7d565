// ptx: the kernel's own source line, for the executor's reports. Costs nothing on a GPU.
#pragma once

#ifdef STELE_SIMT
#include "backends/simt/ptx/instructions.hpp"
#endif

namespace stele::ptx {

#ifdef STELE_SIMT
using Where = simt::Where;
#else
struct Where {
    static __host__ __device__ constexpr Where current() { return {}; }
};
#endif

}  // namespace stele::ptx
