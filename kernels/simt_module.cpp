#include "kernels/simt_module.hpp"

#include "backends/simt/device/module.hpp"

namespace stele {

const std::vector<NativeExport>& simt_exports() {
    static const std::vector<NativeExport> none;
    const simt::ModuleTable* table = simt::active_module().table;
    return table == nullptr ? none : *static_cast<const std::vector<NativeExport>*>(table->exports);
}

}  // namespace stele
