// The one list of operations.
#include "kernels/attention/operation.hpp"
#include "kernels/ceiling/operation.hpp"
#include "kernels/gemm/operation.hpp"
#include "kernels/operation.hpp"
#include "kernels/sparse_attention/operation.hpp"

namespace stele {

const std::vector<std::unique_ptr<Operation>>& all_operations() {
    static const std::vector<std::unique_ptr<Operation>> operations = [] {
        std::vector<std::unique_ptr<Operation>> list;
        list.push_back(gemm::make_operation());
        list.push_back(attention::make_operation());
        list.push_back(sparse_attention::make_operation());
        list.push_back(ceiling::make_operation());
        return list;
    }();
    return operations;
}

}  // namespace stele
