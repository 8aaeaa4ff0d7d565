// What tensor.cu and bulk.cu share: tiles padded for nvcuda::wmma, their fragments, and C's way out.
#pragma once

#include <mma.h>

#include "kernels/gemm/tensor/tensor.cuh"

namespace stele::gemm {

/// What wmma calls the type of an operand.
template <Dtype dtype>
struct WmmaOperand {
    using type = OperandOf<dtype>;
};
template <>
struct WmmaOperand<Dtype::tf32> {
    using type = nvcuda::wmma::precision::tf32;
};

template <Dtype dtype, TensorTile tile, LayoutB layout>
struct Padded : Tensor<dtype, tile, layout> {
    using Base = Tensor<dtype, tile, layout>;
    using typename Base::Operand, typename Base::Sum;
    /// Of one multiplication: 32 bytes of K.
    static constexpr int STEP_K = 32 / Base::BYTES, STEPS = Base::BLOCK_K / STEP_K;
    static constexpr int TILES_M = Base::WARP_M / 16, TILES_N = Base::WARP_N / 16;
    static constexpr int A_PITCH = Base::BLOCK_K * Base::BYTES + pad_a;
    static constexpr int B_PITCH = Base::B_COLS * Base::BYTES + pad_b(Base::BYTES, Base::B_IS_KN);
    static constexpr int A_BYTES = Base::BLOCK_M * A_PITCH, STAGE_BYTES = A_BYTES + Base::B_ROWS * B_PITCH;

    using Type = typename WmmaOperand<dtype>::type;
    using MajorB = std::conditional_t<Base::B_IS_KN, nvcuda::wmma::row_major, nvcuda::wmma::col_major>;
    using FragmentA = nvcuda::wmma::fragment<nvcuda::wmma::matrix_a, 16, 16, STEP_K, Type, nvcuda::wmma::row_major>;
    using FragmentB = nvcuda::wmma::fragment<nvcuda::wmma::matrix_b, 16, 16, STEP_K, Type, MajorB>;
    using FragmentC = nvcuda::wmma::fragment<nvcuda::wmma::accumulator, 16, 16, STEP_K, float>;

    /// Where a 16-byte piece of a tile lies.
    static __device__ __forceinline__ int place_a(int row, int piece) { return row * A_PITCH + piece * 16; }
    static __device__ __forceinline__ int place_b(int row, int piece) { return row * B_PITCH + piece * 16; }

    /// Rows row to row + 15 of A, columns col to col + 15 of B, at `step`.
    static __device__ __forceinline__ void load_a(FragmentA& a, const unsigned char* stage, int row, int step) {
        const auto* from = reinterpret_cast<const Operand*>(stage + row * A_PITCH + step * 32);
        nvcuda::wmma::load_matrix_sync(a, from, A_PITCH / Base::BYTES);
    }
    static __device__ __forceinline__ void load_b(FragmentB& b, const unsigned char* stage, int col, int step) {
        const int place = Base::B_IS_KN ? step * STEP_K * B_PITCH + col * Base::BYTES : col * B_PITCH + step * 32;
        const auto* from = reinterpret_cast<const Operand*>(stage + A_BYTES + place);
        nvcuda::wmma::load_matrix_sync(b, from, B_PITCH / Base::BYTES);
    }
};

/// A warp's STAGING_ROWS rows of sums as rows of C from (row, col) on, 16 bytes a lane where C's rows allow it.
template <typename G>
__device__ __forceinline__ void store_rows(typename G::Result* C, const float* staging, const Block& block, int row,
                                           int col, int N, int lane) {
    using Result = typename G::Result;
    constexpr int VECTOR = G::RESULT_VECTOR;
    for (int piece = lane; piece < G::STAGING_ROWS * G::RESULT_VECTORS_PER_ROW; piece += 32) {
        const int tile_row = piece / G::RESULT_VECTORS_PER_ROW, tile_col = piece % G::RESULT_VECTORS_PER_ROW * VECTOR;
        if (row + tile_row >= block.rows) continue;
        const float* from = staging + tile_row * G::STAGING_STRIDE + tile_col;
        Result* to = C + static_cast<long long>(row + tile_row) * N + col + tile_col;
        alignas(16) Result results[VECTOR];
#pragma unroll
        for (int e = 0; e < VECTOR; e += 4) store4(results + e, load4(from + e));
        if (N % VECTOR == 0) {
            if (col + tile_col < N) __stcs(reinterpret_cast<uint4*>(to), same_bits<uint4>(results));
        } else {
#pragma unroll
            for (int e = 0; e < VECTOR; ++e)
                if (col + tile_col + e < N) to[e] = results[e];
        }
    }
}

}  // namespace stele::gemm
