// What the test modules stele_simt_test and stele_simt_test_checked hold.
#include "kernels/native_table.hpp"

namespace stele {

namespace cuda {
std::vector<NativeInstance> simt_kernels();
std::vector<NativeInstance> simt_flawed_kernels();
}  // namespace cuda
namespace cuda_tile {
std::vector<NativeInstance> tile_kernels();
}  // namespace cuda_tile

const std::vector<NativeExport>& native_exports() {
    static const std::vector<NativeExport> table{{Language::cuda, "simt_kernels", &cuda::simt_kernels},
                                                 {Language::cuda, "simt_flawed_kernels", &cuda::simt_flawed_kernels},
                                                 {Language::cuda_tile, "tile_kernels", &cuda_tile::tile_kernels}};
    return table;
}

}  // namespace stele
