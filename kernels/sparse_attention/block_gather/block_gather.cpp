// Rows of sparse_attention/block_gather: kept blocks only.
#include "kernels/sparse_attention/rows.hpp"

namespace stele {

std::vector<Variant> sparse_block_gather_variants() { return sparse_tile_rows("block_gather"); }

}  // namespace stele
