// What the kernels of the hopper family share: elements, the shapes of a block's tiles in shared memory, and one
// stage's matrix instructions.
//
// A stage holds 128 bytes of K. Tile A is BLOCK_M rows of 128 bytes with the 128-byte swizzle; so is tile B from [N,K].
// B from [K,N] comes in boxes of 64 columns: BLOCK_K rows of 128 bytes, box behind box, which wgmma reads as MN-major.
#pragma once

#include "kernels/common/half.cuh"
#include "kernels/common/ptx/wgmma_s32.cuh"
#include "kernels/gemm/hopper/tile.hpp"
#include "kernels/gemm/layout.hpp"

namespace stele::gemm::ptx {

using namespace stele::ptx;

using gemm::LayoutB;

/// By element: its size, C's type and the accumulator's, and its name in instances.
template <Element element>
struct OperandType;
template <>
struct OperandType<Element::f16> {
    using Output = half;
    using Accumulator = float;
    static constexpr int bytes = 2;
    static constexpr const char* name = "f16";
};
template <>
struct OperandType<Element::bf16> {
    using Output = bf16;
    using Accumulator = float;
    static constexpr int bytes = 2;
    static constexpr const char* name = "bf16";
};
template <>
struct OperandType<Element::tf32> {
    using Output = float;
    using Accumulator = float;
    static constexpr int bytes = 4;
    static constexpr const char* name = "tf32";
};
template <>
struct OperandType<Element::e4m3> {
    using Output = bf16;
    using Accumulator = float;
    static constexpr int bytes = 1;
    static constexpr const char* name = "e4m3";
};
template <>
struct OperandType<Element::s8> {
    using Output = bf16;
    using Accumulator = std::int32_t;
    static constexpr int bytes = 1;
    static constexpr const char* name = "s8";
};

/// CONSUMERS warpgroups own BLOCK_M × BLOCK_N of C, ROWS of its rows each.
template <Element element_, LayoutB layout, int block_m, int block_n, int consumers, int stages>
struct Operands {
    static constexpr Element element = element_;
    using Output = typename OperandType<element>::Output;
    using Accumulator = typename OperandType<element>::Accumulator;
    static constexpr bool B_IS_KN = layout == LayoutB::kn;
    static constexpr int BLOCK_M = block_m, BLOCK_N = block_n, CONSUMERS = consumers, STAGES = stages;
    static constexpr int BLOCK_K = gemm::hopper_depth_bytes / OperandType<element>::bytes;
    static constexpr int TILE_A = BLOCK_M * gemm::hopper_depth_bytes, TILE_B = BLOCK_N * gemm::hopper_depth_bytes;
    static constexpr int STAGE_BYTES = TILE_A + TILE_B;
    /// Rows of C of one warpgroup, and how many wgmmas that takes.
    static constexpr int ROWS = BLOCK_M / CONSUMERS, PIECES = ROWS / gemm::wgmma_rows;
    /// Accumulators of a thread in one piece.
    static constexpr int ACCUMULATORS = BLOCK_N / 2;
    /// Of B from [K,N]: columns of a box, and its bytes.
    static constexpr int BOX_COLUMNS = 64, BOX_BYTES = BLOCK_K * gemm::hopper_depth_bytes;
    static_assert(!B_IS_KN || OperandType<element>::bytes == 2, "wgmma takes only 16-bit operands MN-major");

    using Accumulators = Accumulator[PIECES][ACCUMULATORS];
};

/// Issues the stage's wgmmas as one group: acc (+)= A[ROWS, BLOCK_K] B[BLOCK_K, BLOCK_N], where `rows` is this
/// warpgroup's part of tile A. Where `accumulate` is false the first instruction overwrites acc.
template <typename G>
__device__ __forceinline__ void multiply_stage(typename G::Accumulators& acc, const unsigned char* rows,
                                               const unsigned char* tile_b, bool accumulate) {
    // 32 bytes of K an instruction: along a row of the swizzle where K is contiguous, else 16 rows further.
    constexpr int STEP = 32, STEP_B = G::B_IS_KN ? 16 * gemm::hopper_depth_bytes : STEP;
    constexpr std::uint32_t EIGHT_ROWS = 8 * gemm::hopper_depth_bytes;
    const std::uint64_t a = wgmma_descriptor(rows, 16, EIGHT_ROWS, Swizzle::bytes_128);
    const std::uint64_t b = wgmma_descriptor(tile_b, G::B_IS_KN ? G::BOX_BYTES : 16, EIGHT_ROWS, Swizzle::bytes_128);
    wgmma_fence();
#pragma unroll
    for (int k = 0; k < gemm::hopper_depth_bytes / STEP; ++k)
#pragma unroll
        for (int piece = 0; piece < G::PIECES; ++piece) {
            const std::uint64_t piece_a =
                wgmma_advance(a, piece * gemm::wgmma_rows * gemm::hopper_depth_bytes + k * STEP);
            const std::uint64_t piece_b = wgmma_advance(b, k * STEP_B);
            if constexpr (G::element == Element::s8)
                wgmma<G::element>(acc[piece], piece_a, piece_b, accumulate || k > 0);
            else
                wgmma<G::element, Major::k, G::B_IS_KN ? Major::mn : Major::k>(acc[piece], piece_a, piece_b,
                                                                               accumulate || k > 0);
        }
    wgmma_commit_group();
}

}  // namespace stele::gemm::ptx
