// Rows of sparse_attention/masked: dense attention that masks what it has computed.
#include "kernels/sparse_attention/rows.hpp"

namespace stele {

std::vector<Variant> sparse_masked_variants() { return sparse_tile_rows("masked"); }

}  // namespace stele
