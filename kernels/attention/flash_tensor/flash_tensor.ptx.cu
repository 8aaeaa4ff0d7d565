// attention / flash_tensor — CUDA C++ with PTX; siblings: flash_tensor.cu
//
// O[batch, heads, seq_q, head_dim] = softmax(softmax_scale · Q Kᵀ) V, lse[batch, heads, seq_q] its normaliser, by
// matrix instructions (FlashAttention-2, Dao 2023). The query heads that share a key-value head are packed into one
// matrix of group · seq_q rows. A block owns BLOCK_M packed rows and walks over the keys BLOCK_N at a time; cp.async
// keeps a tile of K and V ahead. A warp owns WARP_M rows: mma.sync leaves their scores in registers, where they become
// weights, and these are the operand of the next mma.sync as they lie. Tiles lie in shared memory as in global memory,
// their 16-byte pieces permuted so that no eight rows of one ldmatrix meet in a bank.
#include "kernels/attention/flash_tensor/flash_tensor.cuh"
#include "kernels/common/ptx/cp_async.cuh"
#include "kernels/common/ptx/ldmatrix.cuh"
#include "kernels/common/ptx/mma.cuh"
#include "kernels/common/ptx/shuffle.cuh"
#include "kernels/common/ptx_element.cuh"
#include "kernels/common/shared.cuh"

namespace stele::attention::ptx {

using namespace stele::ptx;

__device__ __forceinline__ void multiply(float (&acc)[4], const std::uint32_t (&a)[4], std::uint32_t b_low,
                                         std::uint32_t b_high, half) {
    mma_m16n8k16_f16_f32(acc, a, {b_low, b_high}, acc);
}
__device__ __forceinline__ void multiply(float (&acc)[4], const std::uint32_t (&a)[4], std::uint32_t b_low,
                                         std::uint32_t b_high, bf16) {
    mma_m16n8k16_bf16_f32(acc, a, {b_low, b_high}, acc);
}

__device__ __forceinline__ std::uint32_t two_of(float low, float high, half) { return cvt_rn_f16x2_f32(high, low); }
__device__ __forceinline__ std::uint32_t two_of(float low, float high, bf16) { return cvt_rn_bf16x2_f32(high, low); }

template <typename T, TensorTile tile, int head_dim>
struct Warp : FlashTensor<T, tile, head_dim> {
    using Base = FlashTensor<T, tile, head_dim>;
    using Base::BLOCK_N, Base::HEAD_DIM, Base::TILES_M, Base::STEPS_D, Base::STEPS_N, Base::PIECES;
    static constexpr int PITCH = HEAD_DIM * 2, QUERY_BYTES = Base::BLOCK_M * PITCH, KEY_BYTES = BLOCK_N * PITCH;
    static constexpr int STAGE_BYTES = 2 * KEY_BYTES;

    /// Of a lane: rows lane / 4 and eight below it of each 16, and two neighbouring columns of each 8.
    float acc[TILES_M][2 * STEPS_D][4] = {}, scores[TILES_M][2 * STEPS_N][4];
    std::uint32_t weights[TILES_M][2 * STEPS_N][2];  ///< by pairs, as the second product takes them
    float row_max[TILES_M][2], row_sum[TILES_M][2];
    int seen[TILES_M][2];

    /// Where a 16-byte piece of a tile lies.
    static __device__ __forceinline__ int place(int row, int piece) { return row * PITCH + (piece ^ row % 8) * 16; }

    __device__ __forceinline__ void score(const unsigned char* tile_q, const unsigned char* tile_k, float factor,
                                          int lane) {
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (int j = 0; j < 2 * STEPS_N; ++j)
#pragma unroll
                for (int e = 0; e < 4; ++e) scores[i][j][e] = 0.0f;
        // Not unrolled: an assembler with all steps in sight fetches ahead until registers run out.
#pragma unroll 1
        for (int step = 0; step < STEPS_D; ++step) {
            std::uint32_t a[TILES_M][4], b[4];
#pragma unroll
            for (int i = 0; i < TILES_M; ++i)
                ldmatrix_x4(a[i], tile_q + place(i * 16 + lane % 16, step * 2 + lane / 16));
#pragma unroll
            for (int j = 0; j < STEPS_N; ++j) {
                ldmatrix_x4(b, tile_k + place(j * 16 + lane % 8 + lane / 16 * 8, step * 2 + lane / 8 % 2));
#pragma unroll
                for (int i = 0; i < TILES_M; ++i) {
                    multiply(scores[i][2 * j], a[i], b[0], b[1], T());
                    multiply(scores[i][2 * j + 1], a[i], b[2], b[3], T());
                }
            }
        }
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (int j = 0; j < 2 * STEPS_N; ++j)
#pragma unroll
                for (int e = 0; e < 4; ++e) scores[i][j][e] = mul_rn_f32(scores[i][j][e], factor);
    }

    /// −inf for keys that a row does not see.
    __device__ __forceinline__ void mask(int key_begin, int lane) {
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (int j = 0; j < 2 * STEPS_N; ++j)
#pragma unroll
                for (int e = 0; e < 4; ++e)
                    if (key_begin + j * 8 + lane % 4 * 2 + e % 2 >= seen[i][e / 2]) scores[i][j][e] = -INFINITY;
    }

    /// Online softmax (Milakov and Gimelshein 2018): raises row_max, rescales acc and row_sum to it, and makes weights
    /// 2^(score − row_max) of the scores.
    __device__ __forceinline__ void softmax() {
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (int half_rows = 0; half_rows < 2; ++half_rows) {
                const int first = half_rows * 2;
                float most = row_max[i][half_rows];
#pragma unroll
                for (int j = 0; j < 2 * STEPS_N; ++j)
                    most = max_f32(most, max_f32(scores[i][j][first], scores[i][j][first + 1]));
                most = max_f32(most, shfl_sync_bfly(most, 1));
                most = max_f32(most, shfl_sync_bfly(most, 2));
                // A row that has seen nothing: subtract 0, as −inf − (−inf) is NaN.
                const float base = most == -INFINITY ? 0.0f : most;
                const float rescale = ex2_approx_ftz_f32(row_max[i][half_rows] - base);
                row_max[i][half_rows] = most;
                float sum = mul_rn_f32(row_sum[i][half_rows], rescale);
#pragma unroll
                for (int j = 0; j < 2 * STEPS_D; ++j)
#pragma unroll
                    for (int e = first; e < first + 2; ++e) acc[i][j][e] = mul_rn_f32(acc[i][j][e], rescale);
#pragma unroll
                for (int j = 0; j < 2 * STEPS_N; ++j) {
                    const float left = ex2_approx_ftz_f32(scores[i][j][first] - base);
                    const float right = ex2_approx_ftz_f32(scores[i][j][first + 1] - base);
                    sum += left;
                    sum += right;
                    weights[i][j][half_rows] = two_of(left, right, T());
                }
                row_sum[i][half_rows] = sum;
            }
    }

    /// acc += weights · tile_v. What a lane has of the weights of 16 keys is what the matrix unit wants of it.
    template <bool SPOILT>
    __device__ __forceinline__ void weigh(const unsigned char* tile_v, int lane) {
#pragma unroll
        for (int step = 0; step < STEPS_N; ++step) {
            std::uint32_t b[4];
#pragma unroll
            for (int j = 0; j < STEPS_D; ++j) {
                ldmatrix_x4_trans(b, tile_v + place(step * 16 + lane % 16, j * 2 + lane / 16));
                if constexpr (SPOILT) {
#pragma unroll
                    for (int r = 0; r < 4; ++r)
                        if (any_nonfinite<T>(b[r])) b[r] = finite_of(b[r]);
                }
#pragma unroll
                for (int i = 0; i < TILES_M; ++i) {
                    const std::uint32_t a[4] = {weights[i][2 * step][0], weights[i][2 * step][1],
                                                weights[i][2 * step + 1][0], weights[i][2 * step + 1][1]};
                    multiply(acc[i][2 * j], a, b[0], b[1], T());
                    multiply(acc[i][2 * j + 1], a, b[2], b[3], T());
                }
            }
        }
    }

    /// Zeros in the place of what is infinite or no number.
    static __device__ __forceinline__ std::uint32_t finite_of(std::uint32_t two) {
        if (any_nonfinite<T>(two << 16)) two &= 0xffff0000u;
        return any_nonfinite<T>(two & 0xffff0000u) ? two & 0xffffu : two;
    }

    /// Whether a value that not all of the warp's rows see is infinite or no number.
    static __device__ __forceinline__ bool is_spoilt(const unsigned char* tile_v, int from, int lane) {
        bool spoilt = false;
        for (int i = from * PIECES + lane; i < BLOCK_N * PIECES; i += 32)
            spoilt = spoilt || any_nonfinite<T>(ld_shared_v4_b32(tile_v + place(i / PIECES, i % PIECES)));
        return vote_sync_any(spoilt);
    }

    /// Such values are left out of the products, as a weight of 0 makes NaN of them; a row that sees one gets it here:
    /// no positive weight changes it.
    __device__ __forceinline__ void add_spoilt(const unsigned char* tile_v, int key_begin, int lane) {
#pragma unroll 1
        for (int n = 0; n < BLOCK_N; ++n)
#pragma unroll
            for (int j = 0; j < 2 * STEPS_D; ++j) {
                const std::uint32_t two = ld_shared_b32(tile_v + place(n, j) + lane % 4 * 4);
                if (!any_nonfinite<T>(two)) continue;
                const float low = to_float(same_bits<T>(static_cast<std::uint16_t>(two)));
                const float high = to_float(same_bits<T>(static_cast<std::uint16_t>(two >> 16)));
#pragma unroll
                for (int i = 0; i < TILES_M; ++i)
#pragma unroll
                    for (int half_rows = 0; half_rows < 2; ++half_rows) {
                        if (key_begin + n >= seen[i][half_rows]) continue;
                        if (!isfinite(low)) acc[i][j][half_rows * 2] += low;
                        if (!isfinite(high)) acc[i][j][half_rows * 2 + 1] += high;
                    }
            }
    }
};

/// Q, O [batch, heads, seq_q, head_dim]; K, V [batch, kv_heads, seq_k, head_dim]; lse [batch, heads, seq_q].
template <typename T, int BLOCK_M, int BLOCK_N, int WARP_M, int HEAD_DIM>
__global__ void __launch_bounds__(BLOCK_M / WARP_M * 32)
    attention_flash_tensor(const T* __restrict__ Q, const T* __restrict__ K, const T* __restrict__ V, T* __restrict__ O,
                           float* __restrict__ lse, int heads, int kv_heads, int seq_q, int seq_k, float softmax_scale,
                           int causal) {
    using W = Warp<T, TensorTile{BLOCK_M, BLOCK_N, WARP_M}, HEAD_DIM>;
    unsigned char* shared = dynamic_shared<unsigned char>();
    W own;

    // -- place
    const int thread = threadIdx.x, warp = thread / 32, lane = thread % 32;
    const int kv_head = blockIdx.y, sequence = blockIdx.z;
    const PackedRows rows{heads, kv_heads, seq_q, seq_k, heads / kv_heads, causal};
    // Blocks that see most come first, so that the last ones to run are short.
    const int first = static_cast<int>(causal ? gridDim.x - 1 - blockIdx.x : blockIdx.x) * BLOCK_M;
    const int warp_row = warp * WARP_M, seen_by_all = rows.seen(first + warp_row);
    const int key_end = rows.seen(first + BLOCK_M - 1);
    const std::size_t head_offset = (static_cast<std::size_t>(sequence) * kv_heads + kv_head) * seq_k * HEAD_DIM;
    const float factor = mul_rn_f32(softmax_scale, 1.44269504088896341f);
#pragma unroll
    for (int i = 0; i < W::TILES_M; ++i)
#pragma unroll
        for (int half_rows = 0; half_rows < 2; ++half_rows) {
            own.seen[i][half_rows] = rows.seen(first + warp_row + i * 16 + half_rows * 8 + lane / 4);
            own.row_max[i][half_rows] = -INFINITY;
            own.row_sum[i][half_rows] = 0.0f;
        }
    const auto copy_piece = [](void* to, const void* from, bool inside) { cp_async_cg_16(to, from, inside ? 16 : 0); };
    const auto load_keys = [&](int key_begin, int stage) {
        unsigned char* to = shared + W::QUERY_BYTES + stage * W::STAGE_BYTES;
        if (key_begin < key_end) {
            W::load_keys(to, K + head_offset, key_begin, key_end, thread, W::place, copy_piece);
            W::load_keys(to + W::KEY_BYTES, V + head_offset, key_begin, key_end, thread, W::place, copy_piece);
        }
        // A group a tile, empty at the end, so that all but the latest means this tile's.
        cp_async_commit_group();
    };

    // -- load
    W::load_queries(shared, Q, rows, first, kv_head, sequence, thread, W::place, copy_piece);
    load_keys(0, 0);
    const unsigned char* tile_q = shared + warp_row * W::PITCH;
    for (int key_begin = 0, stage = 0; key_begin < key_end; key_begin += BLOCK_N, stage ^= 1) {
        const unsigned char* tile_k = shared + W::QUERY_BYTES + stage * W::STAGE_BYTES;
        const unsigned char* tile_v = tile_k + W::KEY_BYTES;
        load_keys(key_begin + BLOCK_N, stage ^ 1);
        cp_async_wait_group<1>();
        __syncthreads();

        // -- score
        const bool masked = key_begin + BLOCK_N > seen_by_all;
        own.score(tile_q, tile_k, factor, lane);
        if (masked) own.mask(key_begin, lane);

        // -- softmax
        own.softmax();

        // -- multiply
        const int from = seen_by_all > key_begin ? seen_by_all - key_begin : 0;
        if (masked && W::is_spoilt(tile_v, from, lane)) {
            own.template weigh<true>(tile_v, lane);
            own.add_spoilt(tile_v, key_begin, lane);
        } else {
            own.template weigh<false>(tile_v, lane);
        }
        __syncthreads();
    }

    // -- store
    cp_async_wait_all();
    __syncthreads();
    unsigned char* staging = shared + warp_row * W::PITCH;
#pragma unroll
    for (int i = 0; i < W::TILES_M; ++i)
#pragma unroll
        for (int half_rows = 0; half_rows < 2; ++half_rows) {
            float sum = own.row_sum[i][half_rows];
            sum += shfl_sync_bfly(sum, 1);
            sum += shfl_sync_bfly(sum, 2);
            const int r = i * 16 + half_rows * 8 + lane / 4, row = rows.row(first + warp_row + r, kv_head, sequence);
            // Not sum > 0: a NaN must stay one.
            const float inverse = sum == 0.0f ? 0.0f : rcp_approx_ftz_f32(sum);
#pragma unroll
            for (int j = 0; j < 2 * W::STEPS_D; ++j)
                st_shared_b32(staging + W::place(r, j) + lane % 4 * 4,
                              two_of(mul_rn_f32(own.acc[i][j][half_rows * 2], inverse),
                                     mul_rn_f32(own.acc[i][j][half_rows * 2 + 1], inverse), T()));
            if (row >= 0 && lane % 4 == 0)
                lse[row] = (own.row_max[i][half_rows] + lg2_approx_ftz_f32(sum)) * 0.693147180559945309f;
        }
    __syncwarp();
    for (int i = lane; i < WARP_M * W::PIECES; i += 32) {
        const int r = i / W::PIECES, piece = i % W::PIECES, row = rows.row(first + warp_row + r, kv_head, sequence);
        if (row >= 0)
            st_global_cs_v4_b32(O + static_cast<std::size_t>(row) * HEAD_DIM + piece * 8,
                                ld_shared_v4_b32(staging + W::place(r, piece)));
    }
}

std::vector<NativeInstance> attention_flash_tensor() {
    NativeList list;
    for_each_tensor_instance([&]<typename T, int head_dim>(const std::string& instance) {
        for_each_tile<flash_tensor_tiles>([&]<TensorTile tile>() {
            list.add<&attention_flash_tensor<T, tile.block_m, tile.block_n, tile.warp_m, head_dim>>(
                "attention_flash_tensor", text(tile) + ' ' + instance);
        });
    });
    return std::move(list);
}

}  // namespace stele::attention::ptx
