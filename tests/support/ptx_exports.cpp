// What the test module stele_simt_ptx holds.
#include "kernels/native_table.hpp"

namespace stele {

namespace ptx {
std::vector<NativeInstance> ptx_kernels();
std::vector<NativeInstance> ptx_flawed_kernels();
std::vector<NativeInstance> ptx_instructions();
std::vector<NativeInstance> ptx_stores();
}  // namespace ptx

const std::vector<NativeExport>& native_exports() {
    static const std::vector<NativeExport> table{{Language::ptx, "ptx_kernels", &ptx::ptx_kernels},
                                                 {Language::ptx, "ptx_flawed_kernels", &ptx::ptx_flawed_kernels},
                                                 {Language::ptx, "ptx_instructions", &ptx::ptx_instructions},
                                                 {Language::ptx, "ptx_stores", &ptx::ptx_stores}};
    return table;
}

}  // namespace stele
