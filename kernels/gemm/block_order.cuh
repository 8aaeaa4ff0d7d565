// In which order the blocks of C are computed, in CUDA C++; block_order.clh is the same in OpenCL C.
#pragma once

namespace stele::gemm {

/// Which block of C a block of threads owns, of blocks_m × blocks_n.
struct BlockPlace {
    int row, col;
};

/// Down strips of eight blocks' rows: those that run at one time then form nearly a square of C, whose rows of A and
/// columns of B are the fewest that they can share in L2.
__device__ __forceinline__ BlockPlace block_in_strips(int block, int blocks_m, int blocks_n) {
    constexpr int STRIP = 8;
    const int first = block / (STRIP * blocks_n) * STRIP;
    const int rows = min(STRIP, blocks_m - first), within = block - first * blocks_n;
    return {first + within % rows, within / rows};
}

}  // namespace stele::gemm
