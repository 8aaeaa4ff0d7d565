// What PoCL has to be told before it starts.
#pragma once

namespace stele::opencl {

/// PoCL leaves its threads to the system's scheduler, which may let two of them share a core: half the speed, in
/// runs of luck. Asks it to pin them, one a core, by POCL_AFFINITY=1, which reports then show. Nothing is asked where
/// the user has set it, or has said how many threads there are, or lets the process have some cores only: PoCL would
/// pin to the first ones all the same. To be called before the first OpenCL call, from one thread.
void pin_pocl_threads();

}  // namespace stele::opencl
