// One kernel an instruction, for comparing the GPU with the CPU executor: a warp reads 16 words a lane, does one thing,
// and writes 16 words a lane.
#include "kernels/common/native.cuh"
#include "kernels/common/ptx/cp_async.cuh"
#include "kernels/common/ptx/ldmatrix.cuh"
#include "kernels/common/ptx/math.cuh"
#include "kernels/common/ptx/mma.cuh"
#include "kernels/common/ptx/shuffle.cuh"
#include "kernels/common/shared.cuh"

namespace stele::ptx {

struct Words {
    std::uint32_t in[16], out[16];
};

/// Runs `work(words)` for each lane on its own 16 words.
template <typename Work>
__device__ __forceinline__ void on_words(const std::uint32_t* in, std::uint32_t* out, Work work) {
    Words words;
    for (int i = 0; i < 16; ++i) {
        words.in[i] = in[threadIdx.x * 16 + i];
        words.out[i] = 0;
    }
    work(words);
    for (int i = 0; i < 16; ++i) out[threadIdx.x * 16 + i] = words.out[i];
}

/// A, B and C of one mma.sync from words 0…3, 4…5 and 8…11.
template <typename Accumulator, int count, typename Multiply>
__device__ __forceinline__ void multiply(Words& words, Multiply mma) {
    const std::uint32_t a[4] = {words.in[0], words.in[1], words.in[2], words.in[3]}, b[2] = {words.in[4], words.in[5]};
    Accumulator c[count], d[count];
    memcpy(c, words.in + 8, sizeof(c));
    mma(d, a, b, c);
    memcpy(words.out, d, sizeof(d));
}

__global__ void mma_f16_f32(const std::uint32_t* in, std::uint32_t* out) {
    on_words(in, out, [](Words& words) {
        multiply<float, 4>(words, [](auto& d, auto& a, auto& b, auto& c) { mma_m16n8k16_f16_f32(d, a, b, c); });
    });
}
__global__ void mma_bf16_f32(const std::uint32_t* in, std::uint32_t* out) {
    on_words(in, out, [](Words& words) {
        multiply<float, 4>(words, [](auto& d, auto& a, auto& b, auto& c) { mma_m16n8k16_bf16_f32(d, a, b, c); });
    });
}
__global__ void mma_f16_f16(const std::uint32_t* in, std::uint32_t* out) {
    on_words(in, out, [](Words& words) {
        multiply<std::uint32_t, 2>(words, [](auto& d, auto& a, auto& b, auto& c) { mma_m16n8k16_f16_f16(d, a, b, c); });
    });
}
__global__ void mma_tf32_f32(const std::uint32_t* in, std::uint32_t* out) {
    on_words(in, out, [](Words& words) {
        multiply<float, 4>(words, [](auto& d, auto& a, auto& b, auto& c) { mma_m16n8k8_tf32_f32(d, a, b, c); });
    });
}
__global__ void mma_s8_s32(const std::uint32_t* in, std::uint32_t* out) {
    on_words(in, out, [](Words& words) {
        multiply<std::int32_t, 4>(words, [](auto& d, auto& a, auto& b, auto& c) { mma_m16n8k32_s8_s32(d, a, b, c); });
    });
}

__global__ void load_matrices(const std::uint32_t* in, std::uint32_t* out) {
    unsigned char* tile = dynamic_shared<unsigned char>();
    cp_async_cg_16(tile + threadIdx.x * 16, in + threadIdx.x * 16, 16);
    cp_async_ca_16(tile + 512 + threadIdx.x * 16, in + threadIdx.x * 16 + 4, threadIdx.x % 17);
    cp_async_wait_all();
    __syncwarp();
    on_words(in, out, [=](Words& words) {
        std::uint32_t one[1], two[2], four[4];
        ldmatrix_x1(one, tile + threadIdx.x * 16);
        words.out[0] = one[0];
        ldmatrix_x1_trans(one, tile + threadIdx.x * 16);
        words.out[1] = one[0];
        ldmatrix_x2(two, tile + 512 + threadIdx.x * 16);
        memcpy(words.out + 2, two, 8);
        ldmatrix_x2_trans(two, tile + threadIdx.x * 16);
        memcpy(words.out + 4, two, 8);
        ldmatrix_x4(four, tile + (threadIdx.x * 5 % 32) * 16);
        memcpy(words.out + 6, four, 16);
        ldmatrix_x4_trans(four, tile + 512 + threadIdx.x * 16);
        memcpy(words.out + 10, four, 16);
    });
}

__global__ void exact_scalars(const std::uint32_t* in, std::uint32_t* out) {
    on_words(in, out, [](Words& words) {
        float x[3];
        memcpy(x, words.in, sizeof(x));
        const float results[4] = {fma_rn_f32(x[0], x[1], x[2]), mul_rn_f32(x[0], x[1]), max_f32(x[0], x[1]),
                                  cvt_f32_f16(static_cast<std::uint16_t>(words.in[3] & 0x7bff))};
        memcpy(words.out, results, sizeof(results));
        words.out[4] = cvt_rn_f16x2_f32(x[0], x[1]);
        words.out[5] = cvt_rn_bf16x2_f32(x[1], x[2]);
        words.out[6] = shfl_sync_bfly_b32(words.in[6], 5);
        words.out[7] = shfl_sync_down_b32(words.in[7], 3);
        words.out[8] = shfl_sync_up_b32(words.in[8], 7);
        words.out[9] = shfl_sync_idx_b32(words.in[9], words.in[10] % 32);
        words.out[10] = vote_sync_ballot_b32(words.in[10] % 2 == 0);
        words.out[11] = vote_sync_any(words.in[11] % 64 == 0) + 2 * vote_sync_all(words.in[11] % 64 != 0);
        // Without infinities and NaN, whose bits are free.
        words.out[12] = fma_rn_f16x2(words.in[12] & 0xb7ffb7ff, words.in[13] & 0xb7ffb7ff, words.in[14] & 0xb7ffb7ff);
    });
}

__global__ void approximate_scalars(const std::uint32_t* in, std::uint32_t* out) {
    on_words(in, out, [](Words& words) {
        float x;
        memcpy(&x, words.in, sizeof(x));
        const float positive = x < 0 ? -x : x;
        const float results[3] = {ex2_approx_ftz_f32(x), lg2_approx_ftz_f32(positive), rcp_approx_ftz_f32(x)};
        memcpy(words.out, results, sizeof(results));
    });
}

std::vector<NativeInstance> ptx_instructions() {
    NativeList list;
    list.add<&mma_f16_f32>("mma_f16_f32", "");
    list.add<&mma_bf16_f32>("mma_bf16_f32", "");
    list.add<&mma_f16_f16>("mma_f16_f16", "");
    list.add<&mma_tf32_f32>("mma_tf32_f32", "");
    list.add<&mma_s8_s32>("mma_s8_s32", "");
    list.add<&load_matrices>("load_matrices", "");
    list.add<&exact_scalars>("exact_scalars", "");
    list.add<&approximate_scalars>("approximate_scalars", "");
    return std::move(list);
}

}  // namespace stele::ptx
