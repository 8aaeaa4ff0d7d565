// The 8-bit float e4m3 for the CPU executor: storage and its value.
#pragma once

#include <cstdint>

#include "backends/simt/ptx/numbers.hpp"
#include "stele_simt_language.h"

struct __nv_fp8_e4m3 {
    std::uint8_t __x;

    __nv_fp8_e4m3() = default;
    /// Zero alone: kernels of the suite read e4m3, and write other types.
    explicit __nv_fp8_e4m3(int) : __x(0) {}
    explicit operator float() const { return static_cast<float>(stele::simt::decode(stele::simt::Element::e4m3, __x)); }
};
