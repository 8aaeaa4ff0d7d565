// Rows of sparse_attention/masked: dense attention that masks what it has computed.
#include "kernels/sparse_attention/rows.hpp"

namespace stele::sparse_attention {

std::vector<Variant> masked_variants() { return tile_rows("masked"); }

}  // namespace stele::sparse_attention
