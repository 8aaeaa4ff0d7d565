// What the steps that lead to hopper share.
#pragma once

#include "kernels/common/shared.cuh"
#include "kernels/gemm/hopper/store.cuh"

namespace stele::gemm::ptx {

using namespace stele::ptx;

template <gemm::HopperStepTile tile, bool has_producer>
inline constexpr int step_threads = tile.threads(has_producer);

template <Element element, gemm::HopperStepTile tile>
struct StepOperands : Operands<element, LayoutB::nk, tile.block_m, tile.block_n, tile.consumers, tile.stages()> {};

/// One tile a block, along N first.
template <typename G>
__device__ __forceinline__ TilePlace place_of_block(int M, int N) {
    const int across = (N + G::BLOCK_N - 1) / G::BLOCK_N;
    TilePlace place;
    place.row = static_cast<int>(blockIdx.x) / across * G::BLOCK_M;
    place.col = static_cast<int>(blockIdx.x) % across * G::BLOCK_N;
    place.row_end = M;
    return place;
}

/// Calls f.template operator()<element>() for the elements that the steps take.
template <typename F>
void for_each_16_bit(F&& f) {
    f.template operator()<Element::f16>();
    f.template operator()<Element::bf16>();
}

}  // namespace stele::gemm::ptx
