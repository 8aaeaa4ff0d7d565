// CUDA's words as plain C++. A block is fibers on one thread of the host, so __shared__ is thread-local; constinit says
// that nothing is run to initialise it, as in CUDA.
#pragma once

#define __global__
#define __device__
#define __host__
#define __constant__
#define __grid_constant__
#define __managed__
#define __forceinline__ inline
#define __shared__ static constinit thread_local
#define __launch_bounds__(...)
#define __cluster_dims__(...)
#define __maxnreg__(...)
#define __align__(bytes) alignas(bytes)
