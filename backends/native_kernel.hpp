// A kernel that was compiled into a binary, as all that a .cu file needs to know of backends.
#pragma once

namespace stele {

/// The simt build's entry: unpacks `arguments` (addresses of the values, as cudaLaunchKernel takes them) and calls
/// the kernel for one thread.
using SimtEntry = void (*)(void* const* arguments);

/// A kernel compiled into this binary. Null members: not in this build.
struct NativeKernel {
    const void* cuda = nullptr;  ///< host stub, for cudaLaunchKernel
    SimtEntry simt = nullptr;
};

}  // namespace stele
