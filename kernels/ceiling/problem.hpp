// Ceiling: what a loop that touches nothing but registers reaches, and what a copy does: the rates that other
// operations' are shares of.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/ceiling/tile.hpp"
#include "kernels/operation.hpp"
#include "kernels/problem_text.hpp"

namespace stele::ceiling {

/// Beyond it f32 no longer holds every sum, 16 · iterations, exactly.
inline constexpr std::int64_t most_iterations = std::int64_t{1} << 20;

struct Shape {
    std::int64_t blocks = 1, iterations = 0;
    Dtype dtype = Dtype::f32;
    std::int64_t copied_bytes = 0;  ///< a copy, and none of the above
};

/// "blocks= iterations= dtype": a [64] and b [256], each 1 or −1, give C [blocks,64,256] in f32,
///   C[i, m, n] = Σ over iterations and 16 of a[m] b[n] = 16 · iterations · a[m] b[n],
/// a whole number, so that every arithmetic must give it exactly. flops = 2 · blocks · 64 · 256 · 16 · iterations.
/// "bytes=": from [bytes] gives to [bytes], the same.
class CeilingProblem final : public Problem {
public:
    explicit CeilingProblem(const Shape& shape) : shape_(shape) {}

    const Shape& shape() const { return shape_; }
    bool is_copy() const { return shape_.copied_bytes > 0; }

    std::string_view operation() const override { return "ceiling"; }
    std::string id() const override;
    Dtype dtype() const override { return is_copy() ? Dtype::u8 : shape_.dtype; }
    double flops() const override;
    double bytes() const override;
    std::vector<TensorSpec> tensors() const override;
    std::vector<Tensor> inputs(std::uint64_t seed, Fill fill) const override;
    std::vector<Expected> reference(std::span<const Tensor> inputs, const Arithmetic& arithmetic) const override;

private:
    Shape shape_;
};

/// What a problem text may hold, and its reading. Throws ProblemError through `words`.
extern const std::string_view grammar;
Shape take_shape(ProblemText& words);

}  // namespace stele::ceiling
