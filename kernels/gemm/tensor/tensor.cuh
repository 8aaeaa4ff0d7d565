// What the kernels of tensor and bulk share: types, the tile in numbers, and which part of C a block owns.
#pragma once

#include <cstdint>

#include "kernels/common/half.cuh"
#include "kernels/gemm/layout.hpp"
#include "kernels/gemm/tensor/tensor.hpp"
#include "kernels/tensor.hpp"

namespace stele::gemm {

/// How elements of A and B, sums, and elements of C are held.
template <Dtype dtype>
struct Typed;
template <>
struct Typed<Dtype::f16> {
    static constexpr const char* name = "f16";
    using Operand = half;
    using Sum = float;
    using Result = half;
};
template <>
struct Typed<Dtype::bf16> {
    static constexpr const char* name = "bf16";
    using Operand = bf16;
    using Sum = float;
    using Result = bf16;
};
template <>
struct Typed<Dtype::tf32> {
    static constexpr const char* name = "tf32";
    using Operand = float;
    using Sum = float;
    using Result = float;
};
template <>
struct Typed<Dtype::e4m3> {
    static constexpr const char* name = "e4m3";
    using Operand = std::uint8_t;
    using Sum = float;
    using Result = bf16;
};
template <>
struct Typed<Dtype::s8> {
    static constexpr const char* name = "s8";
    using Operand = std::int8_t;
    using Sum = std::int32_t;
    using Result = bf16;
};
template <Dtype dtype>
using OperandOf = typename Typed<dtype>::Operand;
template <Dtype dtype>
using ResultOf = typename Typed<dtype>::Result;

template <TensorTile tile>
inline constexpr int tensor_threads = tile.threads();

template <Dtype dtype, TensorTile tile, LayoutB layout>
struct Tensor {
    using Operand = OperandOf<dtype>;
    using Sum = typename Typed<dtype>::Sum;
    using Result = ResultOf<dtype>;
    static constexpr int BYTES = sizeof(Operand);
    static constexpr int BLOCK_M = tile.block_m, BLOCK_N = tile.block_n, BLOCK_K = tile.k_bytes() / BYTES;
    static constexpr int WARP_M = tile.warp_m, WARP_N = tile.warp_n, WARPS_N = BLOCK_N / WARP_N;
    static constexpr int STAGES = tile.stages, NUM_THREADS = tensor_threads<tile>;
    static constexpr bool B_IS_KN = layout == LayoutB::kn;
    static constexpr int B_ROWS = B_IS_KN ? BLOCK_K : BLOCK_N, B_COLS = B_IS_KN ? BLOCK_N : BLOCK_K;
    /// Elements of a 16-byte piece.
    static constexpr int VECTOR = 16 / BYTES;
    /// Of C's rows on their way out of a warp, in shared memory.
    static constexpr int STAGING_ROWS = staging_rows, STAGING_STRIDE = staging_stride(tile);
    /// Elements of C in 16 bytes.
    static constexpr int RESULT_VECTOR = 16 / static_cast<int>(sizeof(Result));
    static constexpr int RESULT_VECTORS_PER_ROW = WARP_N / RESULT_VECTOR;
};

/// The rows of A and C that one B multiplies, and this block's place among them. `rows` = 0: nothing to do.
struct Block {
    int first_row = 0;  ///< of the product's rows in A and C
    int rows = 0;       ///< that the product has
    int matrix = 0;     ///< which B
    int row = 0, col = 0;
};

/// Blocks go through C in bands of eight rows of blocks, down before right, so that blocks which run at one time share
/// rows of A and columns of B in the L2 cache. `row_begin` is null where there is one product; of groups each begins a
/// new row of blocks, and the grid has a row of blocks a group more than M has.
template <int BLOCK_M, int BLOCK_N>
__device__ __forceinline__ Block own_block(const int* row_begin, int groups, int M, int N) {
    constexpr int BAND = 8;
    const int index = blockIdx.x, blocks_n = (N + BLOCK_N - 1) / BLOCK_N, blocks_m = gridDim.x / blocks_n;
    const int first = index / (BAND * blocks_n) * BAND, in_band = index % (BAND * blocks_n);
    const int height = blocks_m - first < BAND ? blocks_m - first : BAND;
    int block_row = first + in_band % height;
    Block block;
    block.col = in_band / height * BLOCK_N;
    block.rows = M;
    if (row_begin != nullptr) {
        block.rows = 0;
        for (int group = 0; group < groups; ++group) {
            const int begin = row_begin[group], rows = row_begin[group + 1] - begin;
            const int blocks = (rows + BLOCK_M - 1) / BLOCK_M;
            if (block_row < blocks) {
                block.first_row = begin;
                block.rows = rows;
                block.matrix = group;
                break;
            }
            block_row -= blocks;
        }
    }
    block.row = block_row * BLOCK_M;
    return block;
}

/// What one thread copies of every tile of an operand: 16-byte pieces in one column of the tile (and those 128 bytes
/// further on), ROWS_AT_ONCE rows apart. Rows of the shared tile are PITCH bytes apart.
template <int NUM_THREADS, int ROWS, int ROW_BYTES, int PITCH>
struct Copy {
    static constexpr int PANEL = ROW_BYTES < 128 ? ROW_BYTES / 16 : 8, PANELS = ROW_BYTES / (16 * PANEL);
    static constexpr int ROWS_AT_ONCE = NUM_THREADS / PANEL, PASSES = ROWS / ROWS_AT_ONCE;

    static __device__ __forceinline__ int row(int thread) { return thread / PANEL; }
    static __device__ __forceinline__ int piece(int thread) { return thread % PANEL; }

    /// Part `part` of `PARTS` of a tile, zeros beyond the first `passes` passes and beyond the first panels_of(pass)
    /// panels. `from` is this thread's first element, `to` its place in the tile.
    template <int PARTS, typename T, typename PanelsOf, typename CopyPiece>
    static __device__ __forceinline__ void run(unsigned char* to, const T* from, int stride, int part, int passes,
                                               const PanelsOf& panels_of, const CopyPiece& copy_piece) {
        constexpr int VECTOR = 16 / static_cast<int>(sizeof(T));
        const long long row_step = static_cast<long long>(ROWS_AT_ONCE) * stride;
#pragma unroll
        for (int pass = 0; pass < PASSES; ++pass, from += row_step) {
            const int panels = panels_of(pass);
#pragma unroll
            for (int panel = 0; panel < PANELS; ++panel) {
                if ((pass + panel * PASSES) % PARTS != part) continue;
                copy_piece(to + pass * ROWS_AT_ONCE * PITCH + panel * PANEL * 16, from + panel * PANEL * VECTOR,
                           pass < passes && panel < panels);
            }
        }
    }
};

/// The tiles of A and B that a block walks along K, as one thread copies them. G says where pieces lie in a stage.
template <typename G>
struct Tiles {
    using Operand = typename G::Operand;
    using CopyA = Copy<G::NUM_THREADS, G::BLOCK_M, G::BLOCK_K * G::BYTES, G::A_PITCH>;
    using CopyB = Copy<G::NUM_THREADS, G::B_ROWS, G::B_COLS * G::BYTES, G::B_PITCH>;
    const Operand *from_a, *from_b;
    int a_stride, b_stride, to_a, to_b;
    /// A tile's rows within the matrix, counted in passes, and its columns, counted in panels. What is beyond K is
    /// beyond all of the others, so that it takes no register to know which pieces to fill with zeros.
    int a_passes, b_count;
    int next_k = 0;  ///< where the tiles begin that are copied next
    /// B as [N,K]: this thread's first piece behind that; B as [K,N]: where K ends before it. Either takes fewer
    /// registers.
    int a_at_k, b_at_k;

    static __device__ __forceinline__ int count(int left, int step) { return left <= 0 ? 0 : (left + step - 1) / step; }

    /// A and B are those of the block's product.
    __device__ __forceinline__ Tiles(const Operand* A, const Operand* B, const Block& block, int N, int K, int stride_a,
                                     int stride_b, int thread)
        : a_stride(stride_a), b_stride(stride_b) {
        const int a_row = CopyA::row(thread), a_piece = CopyA::piece(thread), a_col = a_piece * G::VECTOR;
        const int b_row = CopyB::row(thread), b_piece = CopyB::piece(thread), b_col = b_piece * G::VECTOR;
        to_a = G::place_a(a_row, a_piece);
        to_b = G::A_BYTES + G::place_b(b_row, b_piece);
        from_a = A + static_cast<long long>(block.row + a_row) * a_stride + a_col;
        a_passes = count(block.rows - block.row - a_row, CopyA::ROWS_AT_ONCE);
        a_at_k = G::B_IS_KN ? a_stride - a_col : a_col;
        if constexpr (G::B_IS_KN) {
            from_b = B + static_cast<long long>(b_row) * b_stride + block.col + b_col;
            b_count = count(b_stride - block.col - b_col, CopyB::PANEL * G::VECTOR);
            b_at_k = K - b_row;
        } else {
            from_b = B + static_cast<long long>(block.col + b_row) * b_stride + b_col;
            b_count = count(N - block.col - b_row, CopyB::ROWS_AT_ONCE);
            b_at_k = b_col;
        }
    }

    /// Starts part `part` of `PARTS` of the copies to a stage.
    template <int PARTS, typename CopyPiece>
    __device__ __forceinline__ void copy(unsigned char* stage, int part, const CopyPiece& copy_piece) const {
        const auto all = [](int) { return 8; };
        const bool a_inside = G::B_IS_KN ? next_k < a_at_k : next_k + a_at_k < a_stride;
        CopyA::template run<PARTS>(stage + to_a, from_a, a_stride, part, a_inside ? a_passes : 0, all, copy_piece);
        if constexpr (G::B_IS_KN) {
            const auto panels_of = [&](int pass) { return next_k + pass * CopyB::ROWS_AT_ONCE < b_at_k ? b_count : 0; };
            CopyB::template run<PARTS>(stage + to_b, from_b, b_stride, part, CopyB::PASSES, panels_of, copy_piece);
        } else {
            const int passes = next_k + b_at_k < b_stride ? b_count : 0;
            CopyB::template run<PARTS>(stage + to_b, from_b, b_stride, part, passes, all, copy_piece);
        }
    }

    /// To the next tiles.
    __device__ __forceinline__ void advance() {
        next_k += G::BLOCK_K;
        from_a += G::BLOCK_K;
        from_b += G::B_IS_KN ? static_cast<long long>(G::BLOCK_K) * b_stride : G::BLOCK_K;
    }
};

/// Rows that 16 bytes do not divide, copied to rows that they do; zeros in the columns that come in addition. A block
/// takes every gridDim.x-th row, a thread 16 bytes of it at a time.
template <typename T>
__device__ __forceinline__ void pad_rows(const T* from, T* to, long long rows, int cols, int stride) {
    constexpr int VECTOR = 16 / static_cast<int>(sizeof(T));
    for (long long row = blockIdx.x; row < rows; row += gridDim.x)
        for (int col = threadIdx.x * VECTOR; col < stride; col += blockDim.x * VECTOR) {
            const T* source = from + row * cols + col;
            alignas(16) T piece[VECTOR];
#pragma unroll
            for (int e = 0; e < VECTOR; ++e) piece[e] = col + e < cols ? source[e] : T{};
            *reinterpret_cast<uint4*>(to + row * stride + col) = same_bits<uint4>(piece);
        }
}

}  // namespace stele::gemm
