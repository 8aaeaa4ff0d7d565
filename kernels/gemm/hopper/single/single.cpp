// gemm / hopper / single: its rows.
#include "kernels/gemm/hopper/single/single.hpp"

#include "kernels/gemm/hopper/plans.hpp"
#include "kernels/gemm/rows.hpp"

namespace stele::gemm {

std::vector<Variant> hopper_single_variants() {
    constexpr bool has_producer = false, persistent = false;
    return hopper_step_variants("single", hopper_single_tiles, has_producer, persistent);
}

}  // namespace stele::gemm
