// ceiling / tile — CUDA Tile C++; in other languages the same is ceiling/mma, ceiling/wgmma and ceiling/copy
//
// ceiling_tile_loop: C[block] = 16 · iterations · a bᵀ, an iteration one product of 64 × 16 by 16 × 256 of tiles that
// nobody changes. ceiling_tile_copy: to[i] = from[i] in tiles, by all blocks side by side.
#include "kernels/ceiling/tile.hpp"
#include "kernels/ceiling/tile/tile.hpp"
#include "kernels/common/tiles.cuh"

namespace stele::ceiling::cuda_tile {

/// a [64], b [256], C [blocks,64,256].
template <Dtype dtype>
__tile_global__ void ceiling_tile_loop(const ElementOf<dtype>* __restrict__ a, const ElementOf<dtype>* __restrict__ b,
                                       float* __restrict__ C, int iterations) {
    constexpr int BLOCK_M = block_m, BLOCK_N = block_n, DEPTH = depth;
    using Sums = ct::shape<1, BLOCK_M, BLOCK_N>;
    auto acc = ct::zeros<ct::tile<float, ct::shape<BLOCK_M, BLOCK_N>>>();

    // -- place
    const int blocks = static_cast<int>(ct::num_blocks().x), block = static_cast<int>(ct::bid().x);
    const auto column = ct::partition_view{ct::tensor_span{a, ct::extents{ct::integral_constant<BLOCK_M>{}, 1_ic}},
                                           ct::shape<BLOCK_M, 1>{}};
    const auto row = ct::partition_view{ct::tensor_span{b, ct::extents{1_ic, ct::integral_constant<BLOCK_N>{}}},
                                        ct::shape<1, BLOCK_N>{}};
    const auto tiles_c = ct::partition_view{
        ct::tensor_span{ct::assume_aligned(C, 16_ic),
                        ct::extents{blocks, ct::integral_constant<BLOCK_M>{}, ct::integral_constant<BLOCK_N>{}}},
        Sums{}};

    // -- load
    const auto tile_a = ct::broadcast<ct::shape<BLOCK_M, DEPTH>>(column.load(0, 0));
    const auto tile_b = ct::broadcast<ct::shape<DEPTH, BLOCK_N>>(row.load(0, 0));

    // -- multiply
    for (auto step : ct::irange(0, iterations)) {
        static_cast<void>(step);
        acc = ct::mma(tile_a, tile_b, acc);
    }

    // -- store
    tiles_c.store(ct::reshape(acc, Sums{}), block, 0, 0);
}

/// from and to [pieces], of 16 bytes.
__tile_global__ void ceiling_tile_copy(const int* __restrict__ from, int* __restrict__ to, long long pieces) {
    // -- place
    const long long numbers = ct::assume_divisible(pieces * 4, 4_ic);
    const long long tiles = (numbers + copied_numbers - 1) / copied_numbers;
    const auto in_tiles = [&](auto* data) {
        return ct::partition_view{ct::tensor_span{ct::assume_aligned(data, 16_ic), ct::extents{numbers}},
                                  ct::shape<copied_numbers>{}};
    };
    const auto tiles_from = in_tiles(from);
    const auto tiles_to = in_tiles(to);

    // -- load, store
    for (auto tile : ct::irange(static_cast<long long>(ct::bid().x), tiles, static_cast<long long>(ct::num_blocks().x)))
        tiles_to.store_masked(tiles_from.load_masked(tile), tile);
}

std::vector<NativeInstance> ceiling_tile() {
    NativeList list;
    list.add<ceiling_tile_loop<Dtype::f16>>("ceiling_tile_loop", "f16");
    list.add<ceiling_tile_loop<Dtype::bf16>>("ceiling_tile_loop", "bf16");
    list.add<ceiling_tile_copy>("ceiling_tile_copy", "u8");
    return std::move(list);
}

}  // namespace stele::ceiling::cuda_tile
