// The CUDA backend's own kernels: a chain of known length, a gate in front of a timed window, and a cache eviction.
#pragma once

#include <cuda_runtime_api.h>

namespace stele::cudart {

/// (float* out, int32 operations): so many dependent operations in one thread, then one store.
const void* clock_chain();

/// What host and device say to each other through the gate, in mapped host memory.
struct GateState {
    int open;       ///< the host sets it
    int timed_out;  ///< the device sets it when it gave up waiting
};
/// One thread spins until state->open, or for at most `cycles` of the SM clock.
cudaError_t launch_gate(GateState* state, long long cycles, cudaStream_t stream);

/// Writes `bytes` (a multiple of 16) with every multiprocessor.
cudaError_t launch_evict(void* buffer, std::size_t bytes, unsigned value, cudaStream_t stream);

/// How many clusters of so many blocks run at a time, where each block takes a whole multiprocessor as those of
/// gemm/hopper do: one of `shared_bytes` of dynamic shared memory.
cudaError_t clusters_at_a_time(int blocks, std::size_t shared_bytes, int* clusters);

}  // namespace stele::cudart
