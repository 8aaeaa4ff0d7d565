// CUDA Tile C++ for the CPU executor: what kernels of the suite use of cuda::tiles. One thread runs a block, and a tile
// is a value in its memory.
#pragma once

#include "stele_simt_indices.h"
#include "stele_simt_language.h"
#include "stele_simt_tile_math.h"
#include "stele_simt_tile_shape.h"
#include "stele_simt_tile_value.h"
#include "stele_simt_tile_view.h"

// Hints are for the other compiler.
#pragma GCC diagnostic ignored "-Wattributes"

#define __tile__
// A kernel's name in machine code is its name in the module.
#define __tile_global__ __attribute__((visibility("default")))

namespace cuda::tiles {

inline uint3 bid() { return blockIdx; }
inline dim3 num_blocks() { return gridDim; }

/// begin, begin + step, … below end, for a loop that the compiler may pipeline.
template <typename I>
class irange {
public:
    constexpr irange(I begin, I end, I step = 1) : begin_(begin), end_(end), step_(step) {}

    class iterator {
    public:
        constexpr iterator(I at, I step) : at_(at), step_(step) {}
        constexpr I operator*() const { return at_; }
        constexpr iterator& operator++() {
            at_ += step_;
            return *this;
        }
        constexpr bool operator!=(const iterator& end) const { return at_ < end.at_; }

    private:
        I at_, step_;
    };
    constexpr iterator begin() const { return iterator(begin_, step_); }
    constexpr iterator end() const { return iterator(end_, step_); }

private:
    I begin_, end_, step_;
};

}  // namespace cuda::tiles
