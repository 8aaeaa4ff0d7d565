// Rows of sparse_attention/block_gather: kept blocks only.
#include "kernels/sparse_attention/rows.hpp"

namespace stele::sparse_attention {

std::vector<Variant> block_gather_variants() { return tile_rows("block_gather"); }

}  // namespace stele::sparse_attention
