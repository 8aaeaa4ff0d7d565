// What cuda::barrier and cuda::memcpy_async need beyond PTX's own mbarrier instructions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "backends/simt/executor/block.hpp"

namespace stele::simt {

/// Parity of the phase that the mbarrier is in.
std::uint32_t mbarrier_parity(std::uint64_t* barrier, Where where);

/// Copies global to shared memory: the running phase of the barrier does not end before, and the copy lands no earlier
/// than when somebody waits for that.
void memcpy_on_barrier(void* to, const void* from, std::size_t bytes, std::uint64_t* barrier, Where where);

/// As a thread's own asynchronous copies, in pieces as large as alignment allows.
void memcpy_in_group(void* to, const void* from, std::size_t bytes, Where where);

}  // namespace stele::simt
