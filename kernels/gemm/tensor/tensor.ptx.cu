// gemm / tensor — CUDA C++ with PTX; siblings: tensor.cu, tensor.ptx.cl
//
// C[M,N] = A[M,K] B[K,N], row-major, B as [K,N] or [N,K]; 8-bit types times scale_a and scale_b. A block owns BLOCK_M ×
// BLOCK_N of C and walks along K in steps of BLOCK_K, whose tiles cp.async keeps STAGES - 1 steps ahead in shared
// memory. A warp owns WARP_M × WARP_N of C in registers and brings fragments by ldmatrix while mma.sync multiplies the
// ones before. Tiles lie in shared memory as in global memory, their 16-byte pieces permuted so that no eight rows of
// one ldmatrix meet in a bank.
#include "kernels/common/ptx/cp_async.cuh"
#include "kernels/common/ptx/ldmatrix.cuh"
#include "kernels/common/ptx/mma.cuh"
#include "kernels/common/ptx_element.cuh"
#include "kernels/common/shared.cuh"
#include "kernels/gemm/tensor/tensor.cuh"

namespace stele::gemm::ptx {

using namespace stele::ptx;

using gemm::LayoutB;
using gemm::TensorTile;

/// Tiles by their bytes: every type is copied and, but for tf32 B as [K,N], brought to registers alike.
template <Dtype dtype, TensorTile tile, LayoutB layout>
struct Tensor : gemm::Tensor<dtype, tile, layout> {
    using Base = gemm::Tensor<dtype, tile, layout>;
    using typename Base::Operand, typename Base::Sum;
    static constexpr int A_PITCH = Base::BLOCK_K * Base::BYTES, B_PITCH = Base::B_COLS * Base::BYTES;
    static constexpr int A_BYTES = Base::BLOCK_M * A_PITCH, STAGE_BYTES = A_BYTES + Base::B_ROWS * B_PITCH;
    static constexpr int TILES_M = Base::WARP_M / 16, TILES_N = Base::WARP_N / 16;
    /// Of the matrix unit within BLOCK_K: 32 bytes of K each.
    static_assert(TILES_N % 2 == 0, "two buffers of fragments of B take turns, and begin every step alike");
    static constexpr int STEPS = A_PITCH / 32, STEP_K = 32 / Base::BYTES;
    /// ldmatrix cannot transpose 32-bit elements; 4-byte loads take rows of K four at a time instead.
    static constexpr bool B_BY_ELEMENTS = Base::B_IS_KN && Base::BYTES == 4;

    /// Where a 16-byte piece of a tile lies.
    template <int ROW>
    static __device__ __forceinline__ int place(int row, int piece) {
        return row * ROW + (piece ^ (ROW == 64 ? row / 2 % 4 : row % 8)) * 16;
    }
    static __device__ __forceinline__ int place_a(int row, int piece) { return place<A_PITCH>(row, piece); }
    static __device__ __forceinline__ int place_b(int row, int piece) {
        return B_BY_ELEMENTS ? row * B_PITCH + (piece ^ row % 4 * 2) * 16 : place<B_PITCH>(row, piece);
    }
};

/// acc += a b, 16 × 8 += (16 × 32 bytes of K) (32 bytes of K × 8).
template <Dtype dtype, typename Sum>
__device__ __forceinline__ void multiply(Sum (&acc)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
    if constexpr (dtype == Dtype::f16) {
        mma_m16n8k16_f16_f32(acc, a, b, acc);
    } else if constexpr (dtype == Dtype::bf16) {
        mma_m16n8k16_bf16_f32(acc, a, b, acc);
    } else if constexpr (dtype == Dtype::tf32) {
        mma_m16n8k8_tf32_f32(acc, a, b, acc);
    } else if constexpr (dtype == Dtype::e4m3) {
        mma_m16n8k32_e4m3_f32(acc, a, b, acc);
    } else {
        mma_m16n8k32_s8_s32(acc, a, b, acc);
    }
}

/// Where a lane's first piece of B lies within a tile, for load_b().
template <typename G>
__device__ __forceinline__ int first_b(int warp_col, int lane) {
    if constexpr (G::B_BY_ELEMENTS) return G::place_b(lane % 4, warp_col / 4 + lane / 16) + lane / 4 % 4 * 4;
    if constexpr (G::B_IS_KN) return G::place_b(lane % 16, warp_col / 8 + lane / 16);
    return G::place_b(warp_col + lane % 8 + lane / 16 * 8, lane / 8 % 2);
}

/// Columns 16 j to 16 j + 15 of the warp's part of B at `step`: of the first eight, then of the others. `first` is
/// first_b() in the tile's stage. What is permuted are the bits of 16 to 64 bytes, so an exclusive or changes them as
/// an addition would without; `carry` is what that addition would carry for a warp in the middle of 128 bytes.
template <typename G>
__device__ __forceinline__ void load_b(std::uint32_t (&b)[4], const unsigned char* shared, int first, int carry,
                                       int step, int j) {
    if constexpr (G::B_BY_ELEMENTS) {
#pragma unroll
        for (int r = 0; r < 4; ++r)
            b[r] = ld_shared_b32(shared + ((first + (step * G::STEP_K + r % 2 * 4) * G::B_PITCH + j / 2 * 128) ^
                                           (j % 2 * 64 + r / 2 * 32)));
    } else if constexpr (G::B_IS_KN) {
        const int row = first + (j % 4 < 2 ? 0 : carry) + step * G::STEP_K * G::B_PITCH;
        ldmatrix_x4_trans(b, shared + ((row + j / 4 * 128) ^ j % 4 * 32));
    } else {
        ldmatrix_x4(b, shared + (first ^ step * 32) + j * 16 * G::B_PITCH);
    }
}

/// Two neighbours of C as stored.
template <typename Result, typename Sum>
__device__ __forceinline__ void stage_two(Result* to, Sum left, Sum right, float scale) {
    if constexpr (std::is_same_v<Result, float>) {
        st_shared_v2_b32(to, make_uint2(__float_as_uint(left), __float_as_uint(right)));
    } else if constexpr (std::is_same_v<Result, half>) {
        st_shared_b32(to, cvt_rn_f16x2_f32(right, left));
    } else {
        st_shared_b32(to, cvt_rn_bf16x2_f32(scale * static_cast<float>(right), scale * static_cast<float>(left)));
    }
}

/// A [M,K] and B [K,N] or [N,K] in rows of a_stride and b_stride elements, which 16 bytes divide, and whose columns
/// beyond K or N are zero; blockIdx.z counts products of a batch. scale_a, scale_b [1]: 8-bit types, else null.
/// row_begin [groups + 1]: rows of A and C that each B multiplies; null: one B. C [M,N].
template <Dtype dtype, std::size_t TILE, LayoutB layout>
__global__ void __launch_bounds__(gemm::tensor_threads<gemm::tensor_tile<TILE>>, 1)
    gemm_tensor(const gemm::OperandOf<dtype>* __restrict__ A, const gemm::OperandOf<dtype>* __restrict__ B,
                const float* __restrict__ scale_a, const float* __restrict__ scale_b, const int* __restrict__ row_begin,
                gemm::ResultOf<dtype>* __restrict__ C, int M, int N, int K, int a_stride, int b_stride, int groups) {
    using G = Tensor<dtype, gemm::tensor_tile<TILE>, layout>;
    unsigned char* shared = dynamic_shared<unsigned char>();
    std::uint32_t a[G::TILES_M][4], b[2][4];
    typename G::Sum acc[G::TILES_M][G::TILES_N * 2][4] = {};

    // -- place
    const int thread = threadIdx.x, warp = thread / 32, lane = thread % 32;
    const int warp_row = warp / G::WARPS_N * G::WARP_M, warp_col = warp % G::WARPS_N * G::WARP_N;
    const gemm::Block block = gemm::own_block<G::BLOCK_M, G::BLOCK_N>(row_begin, groups, M, N);
    if (block.rows == 0) return;
    const long long matrix = blockIdx.z + block.matrix;
    A += (static_cast<long long>(blockIdx.z) * M + block.first_row) * a_stride;
    B += matrix * (G::B_IS_KN ? K : N) * b_stride;

    gemm::Tiles<G> tiles(A, B, block, N, K, a_stride, b_stride, thread);
    const auto copy_piece = [](void* to, const void* from, bool inside) { cp_async_cg_16(to, from, inside ? 16 : 0); };
    const auto copied = [&] {
        cp_async_commit_group();
        tiles.advance();
    };
    const auto load_a = [&](int first, int step, int i) {
        ldmatrix_x4(a[i], shared + (first ^ step * 32) + i * 16 * G::A_PITCH);
    };

    // -- load
    for (int stage = 0; stage < G::STAGES - 1; ++stage) {
        tiles.template copy<1>(shared + stage * G::STAGE_BYTES, 0, copy_piece);
        copied();
    }
    cp_async_wait_group<G::STAGES - 2>();
    __syncthreads();
    // Where the stages begin that are multiplied and filled now.
    int reading = 0, writing = (G::STAGES - 1) * G::STAGE_BYTES;
    int a_first = G::place_a(warp_row + lane % 16, lane / 16), b_first = G::A_BYTES + first_b<G>(warp_col, lane);
    const int b_carry = warp_col * G::BYTES % 128 * 2;
#pragma unroll
    for (int i = 0; i < G::TILES_M; ++i) load_a(a_first, 0, i);
    load_b<G>(b[0], shared, b_first, b_carry, 0, 0);

#pragma unroll 1
    for (int k_begin = 0; k_begin < K; k_begin += G::BLOCK_K) {
        // Not unrolled: an assembler with all steps in sight fetches ahead until registers run out.
#pragma unroll 1
        for (int step = 0; step < G::STEPS; ++step) {
            const bool last = step == G::STEPS - 1;
            const int next = last ? 0 : step + 1;
            if (step == 0) tiles.template copy<1>(shared + writing, 0, copy_piece);

            // -- multiply
#pragma unroll
            for (int j = 0; j < G::TILES_N; ++j) {
                const int now = j % 2;
                const bool last_j = j == G::TILES_N - 1;
                if (last && last_j) {
                    // The next tiles are there for all, and this step's have been read by all: what is left of them is
                    // in registers.
                    copied();
                    cp_async_wait_group<G::STAGES - 2>();
                    __syncthreads();
                    writing = reading;
                    const bool wraps = reading == (G::STAGES - 1) * G::STAGE_BYTES;
                    const int further = wraps ? -(G::STAGES - 1) * G::STAGE_BYTES : G::STAGE_BYTES;
                    reading += further;
                    a_first += further;
                    b_first += further;
                }
                load_b<G>(b[now ^ 1], shared, b_first, b_carry, last_j ? next : step, last_j ? 0 : j + 1);
                const std::uint32_t left[2] = {b[now][0], b[now][1]}, right[2] = {b[now][2], b[now][3]};
#pragma unroll
                for (int i = 0; i < G::TILES_M; ++i) {
                    multiply<dtype>(acc[i][2 * j], a[i], left);
                    multiply<dtype>(acc[i][2 * j + 1], a[i], right);
                    if (last_j) load_a(a_first, next, i);
                }
            }
        }
    }

    // -- store
    cp_async_wait_all();
    __syncthreads();
    using Result = typename G::Result;
    C += (static_cast<long long>(blockIdx.z) * M + block.first_row) * N;
    const float scale = scale_a != nullptr ? *scale_a * *scale_b : 1.0f;
    Result* staging = reinterpret_cast<Result*>(shared) + warp * G::STAGING_ROWS * G::STAGING_STRIDE;
#pragma unroll
    for (int i = 0; i < G::TILES_M; ++i) {
#pragma unroll
        for (int j = 0; j < 2 * G::TILES_N; ++j) {
            Result* to = staging + lane / 4 * G::STAGING_STRIDE + j * 8 + lane % 4 * 2;
            stage_two(to, acc[i][j][0], acc[i][j][1], scale);
            stage_two(to + 8 * G::STAGING_STRIDE, acc[i][j][2], acc[i][j][3], scale);
        }
        __syncwarp();
        for (int piece = lane; piece < G::STAGING_ROWS * G::RESULT_VECTORS_PER_ROW; piece += 32) {
            const int tile_row = piece / G::RESULT_VECTORS_PER_ROW;
            const int tile_col = piece % G::RESULT_VECTORS_PER_ROW * G::RESULT_VECTOR;
            const int row = block.row + warp_row + i * 16 + tile_row, col = block.col + warp_col + tile_col;
            const Result* from = staging + tile_row * G::STAGING_STRIDE + tile_col;
            if (row >= block.rows) continue;
            Result* to = C + static_cast<long long>(row) * N + col;
            if (N % G::RESULT_VECTOR == 0) {
                if (col < N) st_global_cs_v4_b32(to, ld_shared_v4_b32(from));
            } else {
                for (int e = 0; e < G::RESULT_VECTOR; ++e)
                    if (col + e < N) to[e] = from[e];
            }
        }
        __syncwarp();
    }
}

template <Dtype dtype>
__global__ void gemm_tensor_pad(const gemm::OperandOf<dtype>* __restrict__ from,
                                gemm::OperandOf<dtype>* __restrict__ to, long long rows, int cols, int stride) {
    gemm::pad_rows(from, to, rows, cols, stride);
}

std::vector<NativeInstance> gemm_tensor() {
    NativeList list;
    const auto add = [&]<Dtype dtype, LayoutB layout>() {
        const std::string instance = gemm::Typed<dtype>::name + std::string(" ") + gemm::name(layout);
        for_each_tile<gemm::tensor_tiles>([&]<TensorTile tile>() {
            if constexpr (gemm::takes(tile, dtype))
                list.add<gemm_tensor<dtype, tile_index<gemm::tensor_tiles>(tile), layout>>("gemm_tensor",
                                                                                           text(tile) + ' ' + instance);
        });
        if (layout == LayoutB::nk) list.add<gemm_tensor_pad<dtype>>("gemm_tensor_pad", gemm::Typed<dtype>::name);
    };
    add.operator()<Dtype::f16, LayoutB::kn>();
    add.operator()<Dtype::f16, LayoutB::nk>();
    add.operator()<Dtype::bf16, LayoutB::kn>();
    add.operator()<Dtype::bf16, LayoutB::nk>();
    add.operator()<Dtype::tf32, LayoutB::kn>();
    add.operator()<Dtype::tf32, LayoutB::nk>();
    add.operator()<Dtype::e4m3, LayoutB::nk>();
    add.operator()<Dtype::s8, LayoutB::nk>();
    return std::move(list);
}

}  // namespace stele::gemm::ptx
