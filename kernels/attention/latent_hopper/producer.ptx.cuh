// What the producer of latent_hopper does, and the order of tiles that it shares with consumers.
#pragma once

#include "kernels/attention/latent_rows.cuh"
#include "kernels/attention/wgmma_boxes.ptx.cuh"
#include "kernels/common/ptx/cp_async.cuh"
#include "kernels/common/ptx/fence.cuh"
#include "kernels/common/ptx/mbarrier.cuh"
#include "kernels/common/ptx/shuffle.cuh"

namespace stele::attention::ptx {

using namespace stele::ptx;

/// The order in which a block takes the tiles of its part: those of which not all of its rows see all keys come first.
struct TileOrder {
    int key_first, tiles;
    int whole_begin, whole_end;  ///< tiles that all rows see
    int masked;                  ///< the others

    /// Of keys key_first to key_end, where all rows see all_see_from to all_see_to.
    __device__ __forceinline__ TileOrder(int key_first, int key_end, int all_see_from, int all_see_to, int block_n)
        : key_first(key_first), tiles((max(key_end - key_first, 0) + block_n - 1) / block_n) {
        whole_begin = min((max(all_see_from - key_first, 0) + block_n - 1) / block_n, tiles);
        whole_end = max(min(max(all_see_to - key_first, 0) / block_n, tiles), whole_begin);
        masked = tiles - (whole_end - whole_begin);
    }
    /// The first key of a step's tile.
    __device__ __forceinline__ int key_begin(int step, int block_n) const {
        const int tile = step < whole_begin ? step
                         : step < masked    ? whole_end + (step - whole_begin)
                                            : whole_begin + (step - masked);
        return key_first + tile * block_n;
    }
};

/// 16 bytes by cp.async, or zeros.
struct CopyPiece {
    __device__ __forceinline__ void operator()(void* to, const void* from, bool inside) const {
        cp_async_cg_16(to, from, inside ? 16 : 0);
    }
};

/// A warp of the producer fills boxes first_box to first_box + boxes of every `stages`th tile, from step `step` on, at
/// `tile_k`: of `keys` keys each, zeros from key_end on.
template <int keys, int stages, int first_box, int boxes, typename T>
__device__ __forceinline__ void load_boxes(unsigned char* tile_k, const T* K, const KeyRows& key_rows,
                                           const TileOrder& order, int key_end, int step, int lane, std::uint64_t* full,
                                           std::uint64_t* empty) {
    static_assert(keys == 64);
    for (std::uint32_t phase = 1; step < order.tiles; step += stages, phase ^= 1) {
        // A lane looks up two keys' rows, while the stage is still in use.
        const int key = order.key_begin(step, keys) + lane;
        const int low = key < key_end ? static_cast<int>(key_rows(key)) : -1;
        const int high = key + 32 < key_end ? static_cast<int>(key_rows(key + 32)) : -1;
        const auto row_of = [&](int n) {
            return static_cast<int>(shfl_sync_idx_b32(static_cast<std::uint32_t>(n < 32 ? low : high), n % 32));
        };
        mbarrier_wait_parity(empty, phase);
        LatentRows<T, 32>::template copy_rows<keys, first_box, boxes, 2>(tile_k, K, lane, row_of, place_in_boxes<keys>,
                                                                         CopyPiece());
        cp_async_wait_all();
        // wgmma sees what these lanes have seen to come.
        fence_proxy_async_shared();
        __syncwarp();
        if (lane == 0) mbarrier_arrive(full);
    }
}

}  // namespace stele::attention::ptx
