// gemm / hopper / roles: its rows.
#include "kernels/gemm/hopper/roles/roles.hpp"

#include "kernels/gemm/hopper/plans.hpp"
#include "kernels/gemm/rows.hpp"

namespace stele::gemm {

std::vector<Variant> hopper_roles_variants() {
    constexpr bool has_producer = true, persistent = false;
    return hopper_step_variants("roles", hopper_roles_tiles, has_producer, persistent);
}

}  // namespace stele::gemm
