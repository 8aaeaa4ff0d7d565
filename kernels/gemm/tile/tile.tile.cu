// gemm / tile — CUDA Tile C++; in other languages the same is gemm/tensor and gemm/hopper
//
// C[M,N] = A[M,K] B[K,N], row-major, B as [K,N] or [N,K]; blockIdx.z counts the products of a batch. A block owns a
// tile BLOCK_M × BLOCK_N of C and walks along K in steps of BLOCK_K. It has no threads: copies, stages, matrix
// instructions and who does what are the compiler's. What of a tile lies beyond its matrix is loaded as zero and is not
// stored.
#include "kernels/common/tiles.cuh"
#include "kernels/gemm/layout.hpp"
#include "kernels/gemm/tile/tile.hpp"

namespace stele::gemm::cuda_tile {

/// Which tile of C, counted in tiles, a block owns: down strips of eight rows of tiles, so that blocks that run at one
/// time share rows of A and columns of B in the second cache.
struct TilePlace {
    int row, col;
};
__tile__ inline TilePlace tile_in_strips(int block, int tiles_m, int tiles_n) {
    constexpr int STRIP = 8;
    const int first = block / (STRIP * tiles_n) * STRIP, within = block - first * tiles_n;
    const int rows = tiles_m - first < STRIP ? tiles_m - first : STRIP;
    return {first + within % rows, within / rows};
}

/// What the compiler wants to hear before it takes TMA: where a matrix begins, and that 16 bytes divide its rows.
template <bool ALIGNED, typename T>
__tile__ inline T* matrix(T* data) {
    if constexpr (ALIGNED)
        return ct::assume_aligned(data, 16_ic);
    else
        return data;
}
template <bool ALIGNED, int BYTES>
__tile__ inline int row_length(int elements) {
    if constexpr (ALIGNED)
        return ct::assume_divisible(elements, ct::integral_constant<16 / BYTES>{});
    else
        return elements;
}

/// ALIGNED: 16 bytes divide the rows of A, B and C.
template <Dtype dtype, std::size_t TILE, LayoutB layout, bool ALIGNED>
__tile_global__ void gemm_tile(const ElementOf<dtype>* __restrict__ A, const ElementOf<dtype>* __restrict__ B,
                               ElementOf<dtype>* __restrict__ C, int M, int N, int K) {
    constexpr int BYTES = sizeof(ElementOf<dtype>);
    constexpr BlockTile tile = block_tile<TILE>;
    constexpr int BLOCK_M = tile.block_m, BLOCK_N = tile.block_n, BLOCK_K = tile.block_k * 2 / BYTES;
    auto acc = ct::zeros<ct::tile<float, ct::shape<BLOCK_M, BLOCK_N>>>();

    // -- place
    const auto [row, col] =
        tile_in_strips(static_cast<int>(ct::bid().x), (M + BLOCK_M - 1) / BLOCK_M, (N + BLOCK_N - 1) / BLOCK_N);
    const int n = row_length<ALIGNED, BYTES>(N), k = row_length<ALIGNED, BYTES>(K);
    const long long product = ct::bid().z;
    const auto* a = matrix<ALIGNED>(A + product * M * K);
    const auto* b = matrix<ALIGNED>(B + product * N * K);
    auto* c = matrix<ALIGNED>(C + product * M * N);
    const auto tiles_a = ct::partition_view{ct::tensor_span{a, ct::extents{M, k}}, ct::shape<BLOCK_M, BLOCK_K>{}};
    const auto tiles_c = ct::partition_view{ct::tensor_span{c, ct::extents{M, n}}, ct::shape<BLOCK_M, BLOCK_N>{}};
    const auto tiles_b = [&] {
        using TileB = ct::shape<BLOCK_K, BLOCK_N>;
        if constexpr (layout == LayoutB::kn)
            return ct::partition_view{ct::tensor_span{b, ct::extents{k, n}}, TileB{}};
        else
            return ct::partition_view{ct::tensor_span{b, ct::extents{k, n}, ct::layout_left{}}, TileB{}};
    }();

    for (auto step : ct::irange(0, (K + BLOCK_K - 1) / BLOCK_K)) {
        // -- load
        const auto tile_a = tiles_a.load_masked(row, step);
        const auto tile_b = tiles_b.load_masked(step, col);

        // -- multiply
        acc = ct::mma(tile_a, tile_b, acc);
    }

    // -- store
    tiles_c.store_masked(ct::element_cast<ElementOf<dtype>>(acc), row, col);
}

std::vector<NativeInstance> gemm_tile() {
    TileList list;
    const auto add = [&]<Dtype dtype, LayoutB layout>() {
        for_each_tile<block_tiles>([&]<BlockTile tile>() {
            constexpr std::size_t TILE = tile_index<block_tiles>(tile);
            const std::string instance = text(tile) + ' ' + dtype_name<ElementOf<dtype>> + ' ' + name(layout);
            if constexpr (takes(tile, dtype))
                list.add<gemm_tile<dtype, TILE, layout, true>>("gemm_tile", instance + " aligned");
            if constexpr (tile == tile_of_any_rows(dtype))
                list.add<gemm_tile<dtype, TILE, layout, false>>("gemm_tile", instance);
        });
    };
    const auto add_layouts = [&]<Dtype dtype>() {
        add.template operator()<dtype, LayoutB::kn>();
        add.template operator()<dtype, LayoutB::nk>();
    };
    add_layouts.template operator()<Dtype::f32>();
    add_layouts.template operator()<Dtype::f16>();
    add_layouts.template operator()<Dtype::bf16>();
    return std::move(list);
}

}  // namespace stele::gemm::cuda_tile
