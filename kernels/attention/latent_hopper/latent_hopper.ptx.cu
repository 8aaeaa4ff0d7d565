// attention / latent_hopper — CUDA C++ with PTX, sm_90a
//
// O[batch, heads, seq_q, 512] = softmax(softmax_scale · Q Kᵀ) V, lse[batch, heads, seq_q] its normaliser, of latent
// attention (DeepSeek-V2, 2024) by wgmma: all heads read the same keys K[batch, 1, seq_k, 576], of each of which the
// first 512 columns are its value V. A block owns 64 rows of the matrix of heads · seq_q rows that the heads are packed
// into, row = query · heads + head, and walks over BLOCK_N keys at a time. Warpgroup 0 is the producer: two of its
// warps fill each of two stages by cp.async, which takes keys in one piece and in pages alike. Two consumers have 256
// of O's columns each in registers. One of them makes the scores and weights of a tile, and leaves these in the place
// of the tile's last 64 columns, which scores alone read; from there both multiply them with their columns of the same
// tile. Of two tiles that all rows see each consumer makes the weights of one, so that one's softmax runs under the
// other's products (FlashMLA, 2025, divides its work alike). Tiles of which not all rows see all come first, one by
// one. A block has one part of the keys, split_keys long; what several blocks summed, attention_flash_combine puts
// together. Keys lie in one piece a sequence, or in pages: key j of a sequence in page page_table[sequence, j / page].
#include "kernels/attention/latent_hopper/consumer.ptx.cuh"
#include "kernels/attention/latent_hopper/producer.ptx.cuh"
#include "kernels/common/ptx/barrier.cuh"
#include "kernels/common/ptx/registers.cuh"
#include "kernels/common/ring.cuh"
#include "kernels/common/shared.cuh"

namespace stele::attention::ptx {

using namespace stele::ptx;

/// Q [batch, heads, seq_q, 576]; O [batch, heads, seq_q, 512]; lse [batch, heads, seq_q]. page_table is null where keys
/// are not in pages, the offsets [batch + 1] where sequences have one length.
template <typename T, int BLOCK_M, int BLOCK_N>
__global__ void __launch_bounds__(LatentHopperTile::threads, 1)
    attention_latent_hopper(const T* __restrict__ Q, const T* __restrict__ K, const int* __restrict__ page_table,
                            const int* __restrict__ q_offsets, const int* __restrict__ k_offsets, T* __restrict__ O,
                            float* __restrict__ lse, float* __restrict__ partial_acc, float* __restrict__ partial_state,
                            int batch, int heads, int seq_q, int seq_k, int page_shift, int table_pages, int split_keys,
                            int splits, float softmax_scale, int causal, int window) {
    using C = LatentConsumer<T, LatentHopperTile{BLOCK_M, BLOCK_N}>;
    unsigned char* shared = dynamic_shared<unsigned char>();
    unsigned char* tiles = shared + C::QUERY_BYTES;
    // A tile comes and goes in two parts: the columns of one consumer's half of O, and all others.
    __shared__ std::uint64_t full[C::STAGES][C::PARTS], empty[C::STAGES][C::PARTS];
    // By the parity of steps.
    __shared__ typename C::Told told[2];
    // Of each consumer's weights.
    __shared__ float sums[C::CONSUMERS][BLOCK_M];
    // Rows in [batch · heads · seq_q], or −1.
    __shared__ int query_row[BLOCK_M];
    // A consumer's last step with a value among its columns that is infinite or no number, and that not all rows see.
    __shared__ int spoilt[C::CONSUMERS];

    // -- place
    const int thread = static_cast<int>(threadIdx.x), warpgroup = thread / 128, warp = thread % 128 / 32,
              lane = thread % 32;
    const int block = blockIdx.x / splits, split = blockIdx.x % splits;
    const Sequence sequence = sequence_of(blockIdx.z, q_offsets, k_offsets, batch, heads, 1, seq_q, seq_k);
    const PackedPart part = packed_part(sequence, heads, 0, BLOCK_M, BLOCK_N, block, split, split_keys, causal, window);
    // Keys of which each is seen by all rows of the block.
    const int all_see_from = sequence.first_seen(part.last_query, causal, window), all_see_to = part.seen(0);
    const TileOrder order(part.key_first, part.key_end, all_see_from, all_see_to, BLOCK_N);
    const int steps = order.tiles;
    if (thread < BLOCK_M) query_row[thread] = part.row(thread);
    if (thread == 0) {
        for (int consumer = 0; consumer < C::CONSUMERS; ++consumer) spoilt[consumer] = -1;
        for (int stage = 0; stage < C::STAGES; ++stage)
            for (int half = 0; half < C::PARTS; ++half) {
                mbarrier_init(&full[stage][half], 1);
                // Weights lie in the second one, and are both consumers'.
                mbarrier_init(&empty[stage][half], half == 0 ? 4 : 8);
            }
        fence_mbarrier_init();
    }
    __syncthreads();

    if (warpgroup == 0) {
        // -- load
        setmaxnreg_dec<C::PRODUCER_REGISTERS>();
        const KeyRows key_rows{pages_of(page_table, blockIdx.z, table_pages), page_shift, 1, 0, sequence.key_row(0)};
        const int stage = warp / C::PARTS, half = warp % C::PARTS;
        const auto load = [&]<int first_box, int boxes>() {
            load_boxes<BLOCK_N, C::STAGES, first_box, boxes>(tiles + stage * C::KEY_BYTES, K, key_rows, order,
                                                             part.key_end, stage, lane, &full[stage][half],
                                                             &empty[stage][half]);
        };
        if (half == 0)
            load.template operator()<0, C::BOXES>();
        else
            load.template operator()<C::BOXES, C::ALL_BOXES - C::BOXES>();
        return;
    }
    setmaxnreg_inc<C::CONSUMER_REGISTERS>();
    C own;
    own.clear();
    const int consumer = warpgroup - 1, own_thread = thread % 128, first_column = consumer * C::COLUMNS;
    // Barriers 2 and 3 are one consumer's each.
    constexpr std::uint32_t BOTH = 1, OWN = 2, TURN = 4;
    const auto meet = [] { barrier_sync(BOTH, C::NUM_THREADS); };
    const auto meet_own = [=] { barrier_sync(OWN + consumer, 128); };
    // The first consumer's columns are the first part, its weights in the second one.
    const auto release = [&](int stage) {
        if (lane != 0) return;
        if (consumer == 0) mbarrier_arrive(&empty[stage][0]);
        mbarrier_arrive(&empty[stage][1]);
    };
    const auto tile_of = [&](int stage) { return tiles + stage * C::KEY_BYTES; };
    const auto score = [&](const Ring<C::STAGES>& at) {
        mbarrier_wait_parity(&full[at.stage][0], at.phase);
        score_boxes<T, C::HEAD_DIM, BLOCK_N, 0, C::BOXES>(own.scores[0], shared, tile_of(at.stage));
        mbarrier_wait_parity(&full[at.stage][1], at.phase);
        score_boxes<T, C::HEAD_DIM, BLOCK_N, C::BOXES, C::ALL_BOXES - C::BOXES>(own.scores[0], shared,
                                                                                tile_of(at.stage));
    };
    const auto weigh = [&](int stage) {
        own.weigh_async(tile_of(stage) + C::WEIGHTS, tile_of(stage) + consumer * C::OWN_BOXES);
    };
    // Lanes 4 r to 4 r + 3 have rows r and r + 8 of the warp's 16.
    const int own_row = warp * 16 + lane / 4;
#pragma unroll
    for (int h = 0; h < 2; ++h) own.seen[0][h] = part.seen(own_row + h * 8);
    const float factor = mul_rn_f32(softmax_scale, 1.44269504088896341f);

    if (steps > 0) {
        LatentRows<T, C::NUM_THREADS>::template copy_rows<BLOCK_M>(
            shared, Q, thread - 128, [&](int r) { return part.row(r); }, place_in_boxes<BLOCK_M>, CopyPiece());
        cp_async_wait_all();
        fence_proxy_async_shared();
        meet();
    }
    Ring<C::STAGES> ring;
    float rescale[1][2];
    int step = 0;
    // Whole tiles come by twos.
    const int singles = order.masked + (steps - order.masked) % 2;
    for (; step < singles; ++step, ring.next()) {
        unsigned char* tile_v = tile_of(ring.stage) + consumer * C::OWN_BOXES;
        const int key_begin = order.key_begin(step, BLOCK_N);
        if (consumer == 0) {
            // -- score
            score(ring);
            wgmma_wait_group<0>();
            own.scale_scores(factor);
            own.mask(key_begin, window, lane);

            // -- softmax
            own.make_weights(rescale, told[step % 2], tile_of(ring.stage) + C::WEIGHTS, own_row, lane);
            meet();
        } else {
            meet();
            own.follow(rescale, told[step % 2], own_row);
        }

        // -- multiply
        own.scale_acc(rescale);
        if (own.any_spoilt(tile_v, all_see_from - key_begin, all_see_to - key_begin, own_thread, 128, C::place))
            atomicMax(&spoilt[consumer], step);
        meet_own();
        if (spoilt[consumer] == step) {
            own.add_spoilt(tile_v, key_begin, window, lane, C::place, [&](int i, int h) { return own.seen[i][h]; });
            // What others have yet to read is not lost before.
            meet_own();
            drop_nonfinite<T, BLOCK_N, C::PIECES>(tile_v, own_thread, 128, C::place);
            fence_proxy_async_shared();
            meet_own();
        }
        weigh(ring.stage);
        wgmma_wait_group<0>();
        release(ring.stage);
    }
    // Two tiles: the first consumer makes the weights of the first one.
    const auto make_weights = [&](int of_step, int stage) {
        own.scale_scores(factor);
        own.make_weights(rescale, told[of_step % 2], tile_of(stage) + C::WEIGHTS, own_row, lane);
    };
    if (consumer == 0) {
        for (; step < steps; step += 2, ring.next()) {
            // -- score
            score(ring);
            barrier_arrive(TURN, C::NUM_THREADS);
            wgmma_wait_group<0>();

            // -- softmax
            make_weights(step, ring.stage);
            meet();

            // -- multiply
            own.scale_acc(rescale);
            weigh(ring.stage);
            wgmma_wait_group<0>();
            release(ring.stage);
            ring.next();
            meet();
            own.follow(rescale, told[(step + 1) % 2], own_row);
            own.scale_acc(rescale);
            weigh(ring.stage);
            wgmma_wait_group<0>();
            release(ring.stage);
        }
    } else {
        for (; step < steps; step += 2, ring.next()) {
            // -- score
            const int first = ring.stage;
            ring.next();
            // The other one's scores have the matrix unit before.
            barrier_sync(TURN, C::NUM_THREADS);
            score(ring);
            wgmma_wait_group<0>();

            // -- multiply
            meet();
            own.follow(rescale, told[step % 2], own_row);
            own.scale_acc(rescale);
            weigh(first);

            // -- softmax
            make_weights(step + 1, ring.stage);
            meet();

            // -- multiply
            wgmma_wait_group<0>();
            release(first);
            own.scale_acc(rescale);
            weigh(ring.stage);
            wgmma_wait_group<0>();
            release(ring.stage);
        }
    }

    // -- store
    const auto at_part = [&](int row) { return static_cast<std::size_t>(split) * sequence.all_rows + row; };
#pragma unroll
    for (int h = 0; h < 2; ++h) {
        const float sum = own.sum_of(0, h);
        if (lane % 4 == 0) sums[consumer][own_row + h * 8] = sum;
    }
    meet();
    float sum[2];
#pragma unroll
    for (int h = 0; h < 2; ++h) {
        sum[h] = sums[0][own_row + h * 8] + sums[1][own_row + h * 8];
        // Not sum > 0: a NaN must stay one.
        rescale[0][h] = splits > 1 ? 1.0f : sum[h] == 0.0f ? 0.0f : rcp_approx_ftz_f32(sum[h]);
    }
    // Not in the place of `own`: sums that are stored as they were added become integers in the loops, which are copied
    // while wgmma has them.
    typename C::Sums done;
#pragma unroll
    for (int e = 0; e < C::COLUMNS / 2; ++e) done.acc[0][e] = mul_rn_f32(own.acc[0][e], rescale[0][e / 2 % 2]);
#pragma unroll
    for (int h = 0; h < 2; ++h) {
        const int row = query_row[own_row + h * 8];
        if (row < 0) continue;
        const bool tells = consumer == 0 && lane % 4 == 0;
        if (splits > 1) {
            done.store_row(partial_acc + at_part(row) * C::VALUE_DIM + first_column, 0, h, lane);
            if (tells) reinterpret_cast<float2*>(partial_state)[at_part(row)] = make_float2(own.row_max[0][h], sum[h]);
        } else if (tells) {
            lse[row] = (own.row_max[0][h] + lg2_approx_ftz_f32(sum[h])) * 0.693147180559945309f;
        }
    }
    if (splits > 1) return;
    // In the place of Q.
    unsigned char* staging = shared + consumer * C::OWN_BOXES;
    const auto place_own = [&](int row, int piece) { return place_in_boxes<BLOCK_M>(warp * 16 + row, piece); };
#pragma unroll
    for (int h = 0; h < 2; ++h) done.stage_row(staging, 0, h, 1.0f, lane, place_own);
    __syncwarp();
    store_staged<16, C::COLUMNS, C::VALUE_DIM>(O + first_column, staging, lane, place_own,
                                               [&](int r) { return query_row[warp * 16 + r]; });
}

std::vector<NativeInstance> attention_latent_hopper() {
    NativeList list;
    for_each_latent_instance([&]<typename T>(const std::string& instance) {
        for_each_tile<latent_hopper_tiles>([&]<LatentHopperTile tile>() {
            list.add<&attention_latent_hopper<T, tile.block_m, tile.block_n>>("attention_latent_hopper",
                                                                              text(tile) + ' ' + instance);
        });
    });
    return std::move(list);
}

}  // namespace stele::attention::ptx
