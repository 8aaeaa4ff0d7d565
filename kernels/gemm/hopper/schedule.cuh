// Which tile a cluster takes next.
//
// All products of a batch or group stand one behind the other. Within a product, tiles go down a band of rows before
// they go right, so that the blocks of a wave form a near-square of C and find each other's rows of A and B in L2.
#pragma once

#include "kernels/common/ptx/memory.cuh"
#include "kernels/gemm/hopper/load.cuh"

namespace stele::gemm::ptx {

using namespace stele::ptx;

/// What is multiplied: `products` of M × N, or where row_begin is given as many groups of rows of one A and C.
struct Products {
    const int* row_begin = nullptr;  ///< [products + 1], or null
    int M = 0, N = 0, products = 1;
};

/// A cluster's walk over the tiles of all products. Every role of a block walks by itself and finds the same. A
/// cluster takes `blocks` tiles below each other at a time; `rank` is this block's.
template <int BLOCK_M, int BLOCK_N>
class Schedule {
public:
    /// Rows of C in a band.
    static constexpr int BAND_ROWS = 2048;

    __device__ __forceinline__ Schedule(const Products& products, int first, int rank, int blocks)
        : products_(products),
          index_(first),
          rank_(rank),
          blocks_(blocks),
          across_((products.N + BLOCK_N - 1) / BLOCK_N) {
        measure();
    }

    /// Is there a tile at index()? Then where it lies. Tiles below the last row exist where a cluster reaches there.
    __device__ __forceinline__ bool find(TilePlace& place) {
        while (index_ - product_first_ >= down_ * across_) {
            product_first_ += down_ * across_;
            if (++product_ >= products_.products) return false;
            measure();
        }
        const int band = BAND_ROWS / (BLOCK_M * blocks_), in_product = index_ - product_first_;
        const int above = in_product / (band * across_) * band, height = min(band, down_ - above);
        const int in_band = in_product - above * across_;
        const int tile_row = ((above + in_band % height) * blocks_ + rank_) * BLOCK_M;
        place.row = first_row_ + tile_row;
        place.col = in_band / height * BLOCK_N;
        place.matrix_a = products_.row_begin != nullptr ? 0 : product_;
        place.matrix_b = product_;
        place.row_end = first_row_ + rows_;
        return true;
    }

    __device__ __forceinline__ void advance(int clusters) { index_ += clusters; }
    __device__ __forceinline__ int index() const { return index_; }
    /// The same for a tile of the only product.
    __device__ __forceinline__ bool at(int index, TilePlace& place) {
        index_ = index;
        return find(place);
    }
    /// Of one product.
    __device__ __forceinline__ int tiles() const { return down_ * across_; }

private:
    __device__ __forceinline__ void measure() {
        rows_ = products_.M;
        if (products_.row_begin != nullptr) {
            first_row_ = static_cast<int>(ld_global_nc_b32(products_.row_begin + product_));
            rows_ = static_cast<int>(ld_global_nc_b32(products_.row_begin + product_ + 1)) - first_row_;
        }
        const int block_rows = BLOCK_M * blocks_;
        down_ = (rows_ + block_rows - 1) / block_rows;
    }

    Products products_;
    int index_, rank_, blocks_;
    int across_;  ///< tiles of a product, and clusters of them below each other
    int down_ = 0;
    int product_ = 0, product_first_ = 0;  ///< the product at hand, and the index of its first tile
    int first_row_ = 0, rows_ = 0;
};

}  // namespace stele::gemm::ptx
