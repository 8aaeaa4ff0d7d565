// ptx: generic pointers as shared addresses. Under simt a shared address is an offset into the block's shared memory.
#pragma once

#include <cstdint>

#include "kernels/common/ptx/where.cuh"

namespace stele::ptx {

/// The shared-window address of `pointer`, which must point into this block's shared memory.
/// PTX ISA, Data Movement and Conversion Instructions: cvta.
__device__ __forceinline__ std::uint32_t shared_address(const void* pointer, Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::shared_address(pointer, where);
#else
    return static_cast<std::uint32_t>(__cvta_generic_to_shared(pointer));
#endif
}

}  // namespace stele::ptx
