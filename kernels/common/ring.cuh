// Where a ring of stages stands, for who fills it and for who reads it.
#pragma once

#include <cstdint>

namespace stele {

/// The stage that is next, and the parity of its phase.
template <int STAGES>
struct Ring {
    int stage = 0;
    std::uint32_t phase = 0;

    __device__ __forceinline__ void next() {
        if (++stage == STAGES) {
            stage = 0;
            phase ^= 1;
        }
    }
};

}  // namespace stele
