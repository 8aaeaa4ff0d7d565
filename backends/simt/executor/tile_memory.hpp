// Memory for the tiles of a kernel of CUDA Tile C++, which are values of many kilobytes.
#pragma once

#include <cstddef>

namespace stele::simt {

/// Aligned to 64 bytes, and filled with NaN patterns. What is given back is taken again; all goes with the block,
/// however that ends.
void* take_tile_memory(std::size_t bytes);
void give_back_tile_memory(void* memory, std::size_t bytes);

}  // namespace stele::simt
