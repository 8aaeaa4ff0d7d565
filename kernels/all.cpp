// The one list of operations.
#include "kernels/attention/attention.hpp"
#include "kernels/ceiling/ceiling.hpp"
#include "kernels/gemm/gemm.hpp"
#include "kernels/operation.hpp"
#include "kernels/sparse_attention/sparse_attention.hpp"

namespace stele {

const std::vector<std::unique_ptr<Operation>>& all_operations() {
    static const std::vector<std::unique_ptr<Operation>> operations = [] {
        std::vector<std::unique_ptr<Operation>> list;
        list.push_back(gemm_operation());
        list.push_back(attention_operation());
        list.push_back(sparse_attention_operation());
        list.push_back(ceiling_operation());
        return list;
    }();
    return operations;
}

}  // namespace stele
