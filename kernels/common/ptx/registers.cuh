// ptx: moving registers from the warpgroup that copies to those that multiply.
#pragma once

#include "kernels/common/ptx/where.cuh"

namespace stele::ptx {

/// Registers a thread that setmaxnreg can ask for.
template <int count>
inline constexpr bool is_register_count = count >= 24 && count <= 256 && count % 8 == 0;

/// Raises this warpgroup's registers a thread to `count`; waits until the block's pool has them. All warps of the
/// warpgroup must execute it. sm_90a. PTX ISA, Miscellaneous Instructions: setmaxnreg.inc.
template <int count>
__device__ __forceinline__ void setmaxnreg_inc(Where where = Where::current()) {
    static_assert(is_register_count<count>, "setmaxnreg takes a multiple of 8 from 24 to 256");
#ifdef STELE_SIMT
    simt::setmaxnreg_inc(count, where);
#else
    asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(count));
#endif
}

/// Lowers this warpgroup's registers a thread to `count` and gives the rest back. sm_90a. PTX ISA: setmaxnreg.dec.
template <int count>
__device__ __forceinline__ void setmaxnreg_dec(Where where = Where::current()) {
    static_assert(is_register_count<count>, "setmaxnreg takes a multiple of 8 from 24 to 256");
#ifdef STELE_SIMT
    simt::setmaxnreg_dec(count, where);
#else
    asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(count));
#endif
}

}  // namespace stele::ptx
