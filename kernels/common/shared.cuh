// Dynamic shared memory, through one accessor: the launch says how many bytes there are.
#pragma once

#ifdef STELE_SIMT
#include "backends/simt/ptx/instructions.hpp"
#endif

namespace stele {

/// The block's dynamic shared memory, aligned to 1024 bytes (as 128-byte swizzles ask).
template <typename T>
__device__ __forceinline__ T* dynamic_shared() {
#ifdef STELE_SIMT
    return static_cast<T*>(simt::dynamic_shared());
#else
    extern __shared__ __align__(1024) unsigned char dynamic_shared_bytes[];
    return reinterpret_cast<T*>(dynamic_shared_bytes);
#endif
}

}  // namespace stele
