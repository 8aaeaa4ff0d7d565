// attention / flash_hopper — CUDA C++ with PTX, sm_90a
//
// O[batch, heads, seq_q, head_dim] = softmax(softmax_scale · Q Kᵀ) V, lse[batch, heads, seq_q] its normaliser, by TMA
// and wgmma (FlashAttention-3, Shah et al. 2024). A block owns 64 query rows of one head for each of its consumers and
// walks over the keys BLOCK_N at a time, from the last ones that it sees to the first. Warpgroup 0 is the producer: one
// thread brings Q, and K and V into rings of STAGES stages. A consumer has its rows' scores, weights and O in
// registers. It issues the scores of a tile before the product of the tile before with V, so that its softmax runs
// under a product; and consumers take turns, so that one's softmax runs under another's products. Tiles of which not
// all rows see all come first, those at the diagonal and those where a window begins, and without that overlap.
#include "kernels/attention/flash_hopper/consumer.ptx.cuh"
#include "kernels/common/native.cuh"
#include "kernels/common/ptx/barrier.cuh"
#include "kernels/common/ptx/registers.cuh"
#include "kernels/common/ptx/tma.cuh"
#include "kernels/common/shared.cuh"

namespace stele::attention::ptx {

using namespace stele::ptx;

/// Maps: Q [batch · heads, seq_q, head_dim] in boxes of 64 rows × 64, K and V [batch · kv_heads, seq_k, head_dim] in
/// boxes of BLOCK_N × 64; in 8 bits boxes have all columns. q_scale [heads], k_scale and v_scale [kv_heads], null but
/// for e4m3. O as Q, but in bf16 for e4m3; lse [batch, heads, seq_q].
template <typename T, int CONSUMERS, int BLOCK_N, int HEAD_DIM>
__global__ void __launch_bounds__((CONSUMERS + 1) * 128, 1)
    attention_flash_hopper(const __grid_constant__ TensorMap map_q, const __grid_constant__ TensorMap map_k,
                           const __grid_constant__ TensorMap map_v, const float* __restrict__ q_scale,
                           const float* __restrict__ k_scale, const float* __restrict__ v_scale,
                           typename OutputOf<T>::type* __restrict__ O, float* __restrict__ lse, int heads, int kv_heads,
                           int seq_q, int seq_k, float softmax_scale, int causal, int window) {
    using C = Consumer<T, HopperTile{CONSUMERS, BLOCK_N}, HEAD_DIM>;
    unsigned char* shared = dynamic_shared<unsigned char>();
    __shared__ std::uint64_t full_q, full_k[C::STAGES], empty_k[C::STAGES], full_v[C::STAGES], empty_v[C::STAGES];
    // V as it comes, where it is transposed.
    __shared__ std::uint64_t full_raw[C::STAGES], empty_raw[C::STAGES];
    // By the parity of steps: the last one whose tile had a value that is infinite or no number.
    __shared__ int spoilt[2];

    // -- place
    const int thread = static_cast<int>(threadIdx.x), warpgroup = thread / 128;
    const int head = static_cast<int>(blockIdx.y), sequence = static_cast<int>(blockIdx.z);
    const int kv_matrix = sequence * kv_heads + head / (heads / kv_heads);
    const auto keys_of = [&](int query) {
        const int keys = min(query, seq_q - 1) + 1 + seq_k - seq_q;
        return causal ? min(max(keys, 0), seq_k) : seq_k;
    };
    // Blocks that see most come first, so that the last ones to run are short.
    const int first = static_cast<int>(causal ? gridDim.x - 1 - blockIdx.x : blockIdx.x) * CONSUMERS * 64;
    // Tiles tile_begin to tile_end are seen by some row, and whole_begin to whole_end by all.
    const int all_see_from = max(keys_of(first + CONSUMERS * 64 - 1) - window, 0), all_see_to = keys_of(first);
    const int tile_begin = max(all_see_to - window, 0) / BLOCK_N;
    const int tile_end = (keys_of(first + CONSUMERS * 64 - 1) + BLOCK_N - 1) / BLOCK_N;
    const int whole_end = all_see_to / BLOCK_N, whole_begin = min((all_see_from + BLOCK_N - 1) / BLOCK_N, whole_end);
    // The tile of a step: from the last one down, but what lies before the whole ones comes before them.
    const int last_steps = tile_end - whole_end, masked_steps = last_steps + whole_begin - tile_begin;
    const int steps = tile_end - tile_begin;
    const auto tile_of = [&](int step) {
        return step < last_steps     ? tile_end - 1 - step
               : step < masked_steps ? whole_begin - 1 - (step - last_steps)
                                     : whole_end - 1 - (step - masked_steps);
    };
    // Q's place is O's in 16 bits.
    constexpr int QUERY_SLOT = 64 * HEAD_DIM * 2;
    unsigned char* tiles_k = shared + CONSUMERS * QUERY_SLOT;
    unsigned char* tiles_v = tiles_k + C::STAGES * C::KEY_BYTES;
    unsigned char* tiles_raw = C::TRANSPOSERS == 0 ? tiles_v : tiles_v + C::STAGES * C::KEY_BYTES;
    if (thread == 0) {
        spoilt[0] = spoilt[1] = -1;
        mbarrier_init(&full_q, 1);
        for (int stage = 0; stage < C::STAGES; ++stage) {
            mbarrier_init(&full_k[stage], 1);
            mbarrier_init(&full_v[stage], max(C::TRANSPOSERS, 1));
            mbarrier_init(&full_raw[stage], 1);
            mbarrier_init(&empty_raw[stage], max(C::TRANSPOSERS, 1));
            mbarrier_init(&empty_k[stage], CONSUMERS * 4);
            mbarrier_init(&empty_v[stage], CONSUMERS * 4);
        }
        fence_mbarrier_init();
    }
    __syncthreads();

    Ring<C::STAGES> ring_k, ring_v;
    if (warpgroup == 0) {
        // -- load
        setmaxnreg_dec<C::PRODUCER_REGISTERS>();
        if constexpr (C::TRANSPOSERS > 0) {
            if (thread >= 32) {
                Ring<C::STAGES> ring;
                for (int step = 0; step < steps; ++step, ring.next()) {
                    mbarrier_wait_parity(&full_raw[ring.stage], ring.phase);
                    mbarrier_wait_parity(&empty_v[ring.stage], ring.phase ^ 1);
                    C::transpose(tiles_raw + ring.stage * C::KEY_BYTES, tiles_v + ring.stage * C::KEY_BYTES,
                                 thread / 32 - 1, thread % 32);
                    fence_proxy_async_shared();
                    __syncwarp();
                    if (thread % 32 == 0) {
                        mbarrier_arrive(&full_v[ring.stage]);
                        mbarrier_arrive(&empty_raw[ring.stage]);
                    }
                }
                return;
            }
        }
        if (thread != 0) return;
        // Where V lands.
        std::uint64_t *landed = C::TRANSPOSERS > 0 ? full_raw : full_v,
                      *freed = C::TRANSPOSERS > 0 ? empty_raw : empty_v;
        const auto load_tile = [&](unsigned char* to, const TensorMap& map, std::uint64_t* full, std::uint64_t* empty,
                                   std::uint32_t phase, int row) {
            mbarrier_wait_parity(empty, phase ^ 1);
            mbarrier_arrive_expect_tx(full, C::KEY_BYTES);
            for (int box = 0; box < C::BOXES; ++box)
                tma_load_3d(to + box * C::KEY_BOX, map, full, box * C::BOX_COLUMNS, row, kv_matrix);
        };
        mbarrier_arrive_expect_tx(&full_q, CONSUMERS * C::QUERY_BYTES);
        for (int consumer = 0; consumer < CONSUMERS; ++consumer)
            for (int box = 0; box < C::BOXES; ++box)
                tma_load_3d(shared + consumer * QUERY_SLOT + box * C::QUERY_BOX, map_q, &full_q, box * C::BOX_COLUMNS,
                            first + consumer * 64, sequence * heads + head);
        for (int step = 0; step < steps; ++step, ring_k.next(), ring_v.next()) {
            const int key_begin = tile_of(step) * BLOCK_N;
            load_tile(tiles_k + ring_k.stage * C::KEY_BYTES, map_k, &full_k[ring_k.stage], &empty_k[ring_k.stage],
                      ring_k.phase, key_begin);
            load_tile(tiles_raw + ring_v.stage * C::KEY_BYTES, map_v, &landed[ring_v.stage], &freed[ring_v.stage],
                      ring_v.phase, key_begin);
        }
        return;
    }
    setmaxnreg_inc<C::CONSUMER_REGISTERS>();
    C own;
    own.clear();
    const int consumer = warpgroup - 1, warp = thread % 128 / 32, lane = thread % 32;
    const int own_row = first + consumer * 64 + warp * 16;
    unsigned char* tile_q = shared + consumer * QUERY_SLOT;
    const int kv_head = head / (heads / kv_heads);
    const float of_scores = mul_rn_f32(head_scale<T>(q_scale, head), head_scale<T>(k_scale, kv_head));
    const float factor = mul_rn_f32(mul_rn_f32(softmax_scale, 1.44269504088896341f), of_scores);
#pragma unroll
    for (int h = 0; h < 2; ++h) own.seen[0][h] = keys_of(own_row + h * 8 + lane / 4);
    const auto release = [&](std::uint64_t* empty) {
        if (lane == 0) mbarrier_arrive(empty);
    };
    float rescale[1][2];
    // Barrier 1 + consumer of 256 threads: its turn to issue products.
    constexpr std::uint32_t ALL_CONSUMERS = CONSUMERS + 1;
    const std::uint32_t mine = 1 + consumer, others = 1 + (consumer + 1) % CONSUMERS;
    mbarrier_wait_parity(&full_q, 0);

    int step = 0;
    for (; step < masked_steps; ++step, ring_k.next(), ring_v.next()) {
        unsigned char* tile_v = tiles_v + ring_v.stage * C::KEY_BYTES;
        const int key_begin = tile_of(step) * BLOCK_N;

        // -- score
        mbarrier_wait_parity(&full_k[ring_k.stage], ring_k.phase);
        own.score(tile_q, tiles_k + ring_k.stage * C::KEY_BYTES);
        wgmma_wait_group<0>();
        release(&empty_k[ring_k.stage]);
        own.scale_scores(factor);
        own.mask(key_begin, window, lane);

        // -- softmax
        own.softmax(rescale);
        own.pack();
        own.scale_acc(rescale);

        // -- multiply
        mbarrier_wait_parity(&full_v[ring_v.stage], ring_v.phase);
        if (C::any_spoilt(tile_v, all_see_from - key_begin, all_see_to - key_begin, thread - 128))
            atomicMax(&spoilt[step % 2], step);
        barrier_sync(ALL_CONSUMERS, CONSUMERS * 128);
        if (spoilt[step % 2] == step) {
            own.add_spoilt(tile_v, key_begin, window, lane);
            // What others have yet to read is not lost before.
            barrier_sync(ALL_CONSUMERS, CONSUMERS * 128);
            C::drop_spoilt(tile_v, thread - 128);
            fence_proxy_async_shared();
            barrier_sync(ALL_CONSUMERS, CONSUMERS * 128);
        }
        own.weigh_async(tile_v);
        wgmma_wait_group<0>();
        release(&empty_v[ring_v.stage]);
    }
    if (step < steps) {
        if (consumer == CONSUMERS - 1) barrier_arrive(1, 256);
        // -- score
        mbarrier_wait_parity(&full_k[ring_k.stage], ring_k.phase);
        barrier_sync(mine, 256);
        own.score(tile_q, tiles_k + ring_k.stage * C::KEY_BYTES);
        barrier_arrive(others, 256);
        wgmma_wait_group<0>();
        release(&empty_k[ring_k.stage]);
        ring_k.next();

        // -- softmax
        own.scale_scores(factor);
        own.softmax(rescale);
        own.pack();
        own.scale_acc(rescale);
        for (++step; step < steps; ++step, ring_k.next(), ring_v.next()) {
            // -- score
            mbarrier_wait_parity(&full_k[ring_k.stage], ring_k.phase);
            barrier_sync(mine, 256);
            own.score(tile_q, tiles_k + ring_k.stage * C::KEY_BYTES);

            // -- multiply
            mbarrier_wait_parity(&full_v[ring_v.stage], ring_v.phase);
            own.weigh_async(tiles_v + ring_v.stage * C::KEY_BYTES);
            barrier_arrive(others, 256);
            wgmma_wait_group<1>();
            release(&empty_k[ring_k.stage]);

            // -- softmax
            own.scale_scores(factor);
            own.softmax(rescale);
            wgmma_wait_group<0>();
            release(&empty_v[ring_v.stage]);
            own.pack();
            own.scale_acc(rescale);
        }
        // The last turn given is taken, so that no barrier is left half full.
        if (consumer == 0) barrier_sync(1, 256);

        // -- multiply
        mbarrier_wait_parity(&full_v[ring_v.stage], ring_v.phase);
        own.weigh_async(tiles_v + ring_v.stage * C::KEY_BYTES);
        wgmma_wait_group<0>();
    }

    // -- store
    const auto place_q = [&](int row, int piece) { return place_in_boxes<64>(warp * 16 + row, piece); };
    const auto row_of = [&](int r) {
        return own_row + r < seq_q ? (sequence * heads + head) * seq_q + own_row + r : -1;
    };
    own.scale_values(head_scale<T>(v_scale, kv_head));
    own.finish(tile_q, lse, lane, place_q, row_of);
    __syncwarp();
    store_staged<16, HEAD_DIM>(O, tile_q, lane, place_q, row_of);
}

std::vector<NativeInstance> attention_flash_hopper() {
    NativeList list;
    const auto add = [&]<typename T, int head_dim>(const std::string& instance) {
        for_each_tile<flash_hopper_tiles>([&]<HopperTile tile>() {
            if constexpr (tile.takes_head_dim(head_dim) && takes_bytes(tile, sizeof(T)))
                list.add<&attention_flash_hopper<T, tile.consumers, tile.block_n, head_dim>>(
                    "attention_flash_hopper", text(tile) + ' ' + instance);
        });
    };
    add.operator()<half, 64>("f16 d64");
    add.operator()<half, 128>("f16 d128");
    add.operator()<bf16, 64>("bf16 d64");
    add.operator()<bf16, 128>("bf16 d128");
    add.operator()<e4m3, 64>("e4m3 d64");
    add.operator()<e4m3, 128>("e4m3 d128");
    add.operator()<half, 256>("f16 d256");
    add.operator()<bf16, 256>("bf16 d256");
    return std::move(list);
}

}  // namespace stele::attention::ptx
