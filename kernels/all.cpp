// The one list of operations.
#include "kernels/gemm/gemm.hpp"
#include "kernels/operation.hpp"

namespace stele {

const std::vector<std::unique_ptr<Operation>>& all_operations() {
    static const std::vector<std::unique_ptr<Operation>> operations = [] {
        std::vector<std::unique_ptr<Operation>> list;
        list.push_back(gemm_operation());
        return list;
    }();
    return operations;
}

}  // namespace stele
