// gemm / tile — CUDA Tile C++; in other languages the same is gemm/tensor and gemm/hopper
//
// C[M,N] = A[M,K] B[K,N], row-major, B as [K,N] or [N,K]. blockIdx.z counts the products of a batch; in groups, rows
// row_begin[g] … row_begin[g + 1] − 1 of A are multiplied by B[g]. Operands of 8 bits are multiplied with scales: one
// of A and one of B, or one for each 128 of a row of A and one for each 128 × 128 of B. A block owns a tile BLOCK_M ×
// BLOCK_N of C and walks along K in steps of BLOCK_K. It has no threads: copies, stages, matrix instructions and who
// does what are the compiler's. What of a tile lies beyond its matrix is loaded as zero and is not stored.
#include "kernels/common/tiles.cuh"
#include "kernels/gemm/layout.hpp"
#include "kernels/gemm/tile/tile.hpp"

namespace stele::gemm::cuda_tile {

/// Of the product that a block is part of: its first row in A and C, how many it has, and its B. Of the block: its tile
/// of C there, counted in tiles. A block without rows has nothing to do.
struct Place {
    long long first_row;
    int rows, matrix, row, col;
};

/// Blocks go down strips of eight rows of tiles, so that blocks that run at one time share rows of A and columns of B
/// in the second cache. `row_begin` is null where there are no groups; each of them begins a new row of tiles, and the
/// grid has a row of tiles a group more than M has.
template <int BLOCK_M>
__tile__ inline Place place_of(int tiles_n, const int* row_begin, int groups, int M) {
    constexpr int STRIP = 8;
    const int block = static_cast<int>(ct::bid().x), product = static_cast<int>(ct::bid().z);
    const int tiles_m = static_cast<int>(ct::num_blocks().x) / tiles_n;
    const int first = block / (STRIP * tiles_n) * STRIP, within = block - first * tiles_n;
    const int height = tiles_m - first < STRIP ? tiles_m - first : STRIP;
    const int row = first + within % height, col = within / height;
    Place place{static_cast<long long>(product) * M, row_begin == nullptr ? M : 0, product, row, col};
    // Left by a break: a loop that goes on to the end is unrolled, and the block's state is spilled around it.
    int before = 0;
    for (int group = 0; group < groups; ++group) {
        const int begin = row_begin[group], rows = row_begin[group + 1] - begin;
        const int tiles = (rows + BLOCK_M - 1) / BLOCK_M;
        if (row < before + tiles) {
            place = {begin, rows, group, row - before, col};
            break;
        }
        before += tiles;
    }
    return place;
}

/// What the compiler wants to hear before it takes TMA: where a matrix begins, and that 16 bytes divide its rows.
template <bool ALIGNED, typename T>
__tile__ inline T* matrix(T* data) {
    if constexpr (ALIGNED)
        return ct::assume_aligned(data, 16_ic);
    else
        return data;
}
template <bool ALIGNED, typename T>
__tile__ inline int row_length(int elements) {
    if constexpr (ALIGNED)
        return ct::assume_divisible(elements, ct::integral_constant<16 / int{sizeof(T)}>{});
    else
        return elements;
}

/// C is of the operands' type, or bf16 where they have 8 bits.
template <Dtype dtype>
struct Result {
    using type = ElementOf<has_8_bits<dtype> ? Dtype::bf16 : dtype>;
};
template <Dtype dtype>
using ResultOf = typename Result<dtype>::type;

/// ALIGNED: 16 bytes divide the rows of A, B and C.
template <Dtype dtype, std::size_t TILE, LayoutB layout, bool BLOCK_SCALES, bool ALIGNED>
[[cutile::hint(0, num_worker_warps_per_cta = worker_warps<block_tile<TILE>.block_m>)]]
__tile_global__ void gemm_tile(const ElementOf<dtype>* __restrict__ A, const ElementOf<dtype>* __restrict__ B,
                               const float* __restrict__ scale_a, const float* __restrict__ scale_b,
                               const int* __restrict__ row_begin, ResultOf<dtype>* __restrict__ C, int M, int N, int K,
                               int groups) {
    using T = ElementOf<dtype>;
    constexpr BlockTile tile = block_tile<TILE>;
    constexpr int BLOCK_M = tile.block_m, BLOCK_N = tile.block_n, BLOCK_K = tile.block_k * 2 / int{sizeof(T)};
    using Products = ct::tile<std::conditional_t<dtype == Dtype::s8, int, float>, ct::shape<BLOCK_M, BLOCK_N>>;
    using Sums = std::conditional_t<BLOCK_SCALES, ct::tile<float, ct::shape<BLOCK_M, BLOCK_N>>, Products>;
    auto acc = ct::zeros<Sums>();

    // -- place
    const Place place = place_of<BLOCK_M>((N + BLOCK_N - 1) / BLOCK_N, row_begin, groups, M);
    if (place.rows == 0) return;
    const int rows = place.rows, row = place.row, col = place.col, steps = (K + BLOCK_K - 1) / BLOCK_K;
    const int n = row_length<ALIGNED, ResultOf<dtype>>(N), k = row_length<ALIGNED, T>(K);
    const auto* a = matrix<ALIGNED>(A + place.first_row * K);
    const auto* b = matrix<ALIGNED>(B + static_cast<long long>(place.matrix) * N * K);
    auto* c = matrix<ALIGNED>(C + place.first_row * N);
    const auto tiles_a = ct::partition_view{ct::tensor_span{a, ct::extents{rows, k}}, ct::shape<BLOCK_M, BLOCK_K>{}};
    const auto tiles_c = ct::partition_view{ct::tensor_span{c, ct::extents{rows, n}}, ct::shape<BLOCK_M, BLOCK_N>{}};
    const auto tiles_b = [&] {
        using TileB = ct::shape<BLOCK_K, BLOCK_N>;
        if constexpr (layout == LayoutB::kn)
            return ct::partition_view{ct::tensor_span{b, ct::extents{k, n}}, TileB{}};
        else
            return ct::partition_view{ct::tensor_span{b, ct::extents{k, n}, ct::layout_left{}}, TileB{}};
    }();
    // Scales of blocks: of A one for each of the tile's rows, of B one, in each step.
    const long long scale_rows = static_cast<long long>(place.matrix) * ((N + 127) / 128);
    const auto scales_a = ct::partition_view{
        ct::tensor_span{scale_a + place.first_row * steps, ct::extents{rows, steps}}, ct::shape<BLOCK_M, 1>{}};
    const auto scales_b = ct::partition_view{
        ct::tensor_span{scale_b + scale_rows * steps, ct::extents{(N + 127) / 128, steps}}, ct::shape<1, 1>{}};

    for (auto step : ct::irange(0, steps)) {
        // -- load
        const auto tile_a = tiles_a.load_masked(row, step);
        const auto tile_b = tiles_b.load_masked(step, col);

        // -- multiply
        if constexpr (BLOCK_SCALES) {
            const auto scale = scales_a.load_masked(row, step) * scales_b.load(col, step);
            acc = acc + ct::element_cast<float>(ct::mma(tile_a, tile_b, ct::zeros<Products>())) * scale;
        } else {
            acc = ct::mma(tile_a, tile_b, acc);
        }
    }

    // -- store
    if constexpr (has_8_bits<dtype> && !BLOCK_SCALES)
        tiles_c.store_masked(ct::element_cast<ResultOf<dtype>>(ct::element_cast<float>(acc) * (*scale_a * *scale_b)),
                             row, col);
    else
        tiles_c.store_masked(ct::element_cast<ResultOf<dtype>>(acc), row, col);
}

std::vector<NativeInstance> gemm_tile() {
    NativeList list;
    const auto add = [&]<Dtype dtype, LayoutB layout, bool BLOCK_SCALES>() {
        for_each_tile<block_tiles>([&]<BlockTile tile>() {
            constexpr std::size_t TILE = tile_index<block_tiles>(tile);
            const std::string instance = text(tile) + ' ' + std::string(stele::name(dtype)) + ' ' + gemm::name(layout) +
                                         (BLOCK_SCALES ? " block" : "");
            if constexpr (takes(tile, dtype) && (!BLOCK_SCALES || takes_block_scales(tile)))
                list.add<gemm_tile<dtype, TILE, layout, BLOCK_SCALES, true>>("gemm_tile", instance + " aligned");
            if constexpr (tile == tile_of_any_rows(dtype))
                list.add<gemm_tile<dtype, TILE, layout, BLOCK_SCALES, false>>("gemm_tile", instance);
        });
    };
    const auto add_layouts = [&]<Dtype dtype>() {
        add.template operator()<dtype, LayoutB::kn, false>();
        add.template operator()<dtype, LayoutB::nk, false>();
    };
    const auto add_scales = [&]<Dtype dtype>() {
        add.template operator()<dtype, LayoutB::nk, false>();
        add.template operator()<dtype, LayoutB::nk, true>();
    };
    add_layouts.template operator()<Dtype::f32>();
    add_layouts.template operator()<Dtype::f16>();
    add_layouts.template operator()<Dtype::bf16>();
    if constexpr (has_8_bit_floats) add_scales.template operator()<Dtype::e4m3>();
    add_scales.template operator()<Dtype::s8>();
    return std::move(list);
}

}  // namespace stele::gemm::cuda_tile
