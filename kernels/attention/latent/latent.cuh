// What latent's CUDA siblings share: a block's shared memory.
#pragma once

#include "kernels/attention/latent/latent.hpp"
#include "kernels/attention/phases.cuh"

namespace stele::attention {

template <LatentTile tile>
inline constexpr int latent_threads = tile.plain().num_threads();

/// Queries, then the stages of keys, which are the values too. `A` is the kernel's Phases.
template <typename A, typename T>
__device__ typename A::Shared place_latent(unsigned char* memory) {
    typename A::Shared shared;
    shared.tile_q = reinterpret_cast<float*>(memory);
    shared.tile_k = shared.tile_v = reinterpret_cast<T*>(shared.tile_q + A::BLOCK_M * A::QUERY_STRIDE);
    shared.tile_p = reinterpret_cast<float*>(shared.tile_k + A::STAGES * A::KEY_TILE);
    shared.query_row = reinterpret_cast<int*>(shared.tile_p + A::BLOCK_M * A::P_STRIDE);
    shared.visible = shared.query_row + A::BLOCK_M;
    return shared;
}

}  // namespace stele::attention
