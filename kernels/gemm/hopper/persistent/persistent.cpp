// gemm / hopper / persistent: its rows.
#include "kernels/gemm/hopper/persistent/persistent.hpp"

#include "kernels/gemm/hopper/plans.hpp"
#include "kernels/gemm/rows.hpp"

namespace stele::gemm {

std::vector<Variant> hopper_persistent_variants() {
    constexpr bool has_producer = true, persistent = true;
    return hopper_step_variants("persistent", hopper_persistent_tiles, has_producer, persistent);
}

}  // namespace stele::gemm
