// One call on the first NVIDIA GPU and on the CPU executor.
#pragma once

#include "tests/support/first_device.hpp"
#include "tests/support/ptx_call.hpp"

namespace stele::test {

inline FirstDevice& gpu() {
    static FirstDevice found = first_device("cuda");
    return found;
}

inline std::string no_gpu() { return gpu().device ? "" : "no GPU to compare with: " + gpu().why_not; }

/// Why TMA and wgmma cannot be compared here, or nothing.
inline std::string no_hopper() {
    if (!gpu().device) return no_gpu();
    if (gpu().device->info().compute_capability == 90) return {};
    return "TMA and wgmma are compared on compute capability 9.0; this is " + gpu().device->info().name;
}

struct Both {
    std::vector<Bytes> gpu, simt;
};

/// The GPU's side is compiled into this program, the executor's is in a module.
inline Both run_both(const std::vector<NativeInstance>& compiled, const Call& call) {
    return {run(*gpu().device, native(compiled, call), call), run_on_simt(call)};
}

}  // namespace stele::test
