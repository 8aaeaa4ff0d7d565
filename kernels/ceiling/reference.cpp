// ceiling: what its loops and copies must give, exactly.
#include "kernels/ceiling/problem.hpp"

namespace stele::ceiling {

std::vector<Expected> CeilingProblem::reference(std::span<const Tensor> inputs, const Arithmetic&) const {
    Expected expected;
    const std::size_t elements = tensors().back().elements();
    expected.bound.assign(elements, 0.0);
    expected.value.resize(elements);
    for (std::size_t i = 0; i < elements; ++i) {
        const auto row = static_cast<std::int64_t>(i) / block_n % block_m, col = static_cast<std::int64_t>(i) % block_n;
        expected.value[i] = is_copy() ? inputs[0].at(i)
                                      : static_cast<double>(depth * shape_.iterations) *
                                            inputs[0].at(static_cast<std::size_t>(row)) *
                                            inputs[1].at(static_cast<std::size_t>(col));
    }
    return {std::move(expected)};
}

}  // namespace stele::ceiling
