// ceiling: what its loops, copies, triads and launches must give, exactly.
#include <fmt/format.h>

#include <algorithm>

#include "kernels/ceiling/problem.hpp"

namespace stele::ceiling {
namespace {

// Beyond this a copy is compared as it is, as a double for each byte would take sixteen times its size.
constexpr std::size_t most_sampled = std::size_t{1} << 20;

}  // namespace

double CeilingProblem::expected(std::span<const Tensor> inputs, std::size_t element) const {
    switch (shape_.form) {
        case Form::copy:
            return inputs[0].at(element);
        case Form::triad:
            return inputs[0].at(element) + 3 * inputs[1].at(element);
        case Form::launch:
            return inputs[0].at(0) + static_cast<double>(element);
        case Form::loop:
            break;
    }
    const auto at = static_cast<std::int64_t>(element);
    return static_cast<double>(depth * shape_.iterations) *
           inputs[0].at(static_cast<std::size_t>(at / block_n % block_m)) *
           inputs[1].at(static_cast<std::size_t>(at % block_n));
}

std::size_t CeilingProblem::sampled() const {
    const std::size_t elements = tensors().back().elements();
    return moves() ? std::min(elements, most_sampled) : elements;
}

double CeilingProblem::reference_bytes() const { return 3.0 * sizeof(double) * static_cast<double>(sampled()); }

std::vector<Expected> CeilingProblem::reference(std::span<const Tensor> inputs, const Arithmetic&) const {
    const std::size_t elements = tensors().back().elements(), count = sampled();
    Expected out;
    out.bound.assign(count, 0.0);
    out.value.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t element = count == elements ? i : i * (elements / count);
        if (count != elements) out.sampled.push_back(element);
        out.value[i] = expected(inputs, element);
    }
    return {std::move(out)};
}

ProbeResult CeilingProblem::probe(std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                                  const Arithmetic&) const {
    const Tensor& to = outputs.front();
    if (shape_.form == Form::copy) {
        const auto wrong = std::ranges::mismatch(to.data, inputs[0].data);
        if (wrong.in1 == to.data.end()) return {};
        return {false, fmt::format("byte {} of the copy is another", wrong.in1 - to.data.begin())};
    }
    if (shape_.form == Form::triad) {
        const auto b = inputs[0].as<float>(), c = inputs[1].as<float>(), sum = to.as<float>();
        for (std::size_t i = 0; i < sum.size(); ++i)
            if (sum[i] != b[i] + 3 * c[i])
                return {false,
                        fmt::format("element {} of the triad is {} in the place of {}", i, sum[i], b[i] + 3 * c[i])};
    }
    return {};
}

}  // namespace stele::ceiling
