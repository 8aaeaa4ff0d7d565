// Hears from kernels with bounded waits where they gave up.
#pragma once

#include <string>

#include "backends/cuda/handle.hpp"

namespace stele::cudart {

class WaitWatch {
public:
    /// From here on, for the kernels of the current device. Does nothing where this process has kernels without limits.
    void begin();
    /// Are this process's kernels those with bounded waits? They are for results, not for times.
    bool bounded() const { return static_cast<bool>(place_); }
    /// Empty unless a kernel gave up.
    std::string told() const;

private:
    PinnedMemory place_;
};

}  // namespace stele::cudart
