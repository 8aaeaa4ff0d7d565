// What the module of stele_faults holds.
#include "kernels/native_table.hpp"

namespace stele {

namespace cuda {
std::vector<NativeInstance> contained_kernels();
}  // namespace cuda

const std::vector<NativeExport>& native_exports() {
    static const std::vector<NativeExport> table{{Language::cuda, "contained", &cuda::contained_kernels}};
    return table;
}

}  // namespace stele
