// Ceiling: what a loop that touches nothing but registers reaches, what memory does, and what a launch costs: the rates
// that other operations' are shares of.
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

enum class Form { loop, copy, triad, launch };
constexpr auto name_list(Form) {
    return name_rows<Form>(
        {{Form::loop, "loop"}, {Form::copy, "copy"}, {Form::triad, "triad"}, {Form::launch, "launch"}});
}

struct Shape {
    Form form = Form::loop;
    std::int64_t blocks = 1, iterations = 0;  ///< of a loop
    Dtype dtype = Dtype::f32;
    std::int64_t bytes = 0;     ///< of each tensor of a copy or a triad
    std::int64_t launches = 0;  ///< one after the other
    Handing handing = Handing::queue;
};

/// "blocks= iterations= dtype": a [64] and b [256], each 1 or −1, give C [blocks,64,256] in f32,
///   C[i, m, n] = Σ over iterations and 16 of a[m] b[n] = 16 · iterations · a[m] b[n],
/// a whole number, so that every arithmetic must give it exactly. flops = 2 · blocks · 64 · 256 · 16 · iterations.
/// "bytes=": from [bytes] gives to [bytes], the same.
/// "bytes= triad": b and c, whole numbers in f32, give to = b + 3 c, exactly.
/// "launches=": as many kernels of one thread, each of which stores done[i] = first + i.
class CeilingProblem final : public Problem {
public:
    explicit CeilingProblem(const Shape& shape) : shape_(shape) {}

    const Shape& shape() const { return shape_; }

    std::string_view operation() const override { return "ceiling"; }
    std::string id() const override;
    Dtype dtype() const override { return shape_.dtype; }
    double flops() const override;
    double bytes() const override;
    std::vector<TensorSpec> tensors() const override;
    std::vector<Tensor> inputs(std::uint64_t seed, Fill fill) const override;
    /// Of large copies and triads some elements; probe() compares all.
    std::vector<Expected> reference(std::span<const Tensor> inputs, const Arithmetic& arithmetic) const override;
    double reference_bytes() const override;
    ProbeResult probe(std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                      const Arithmetic& arithmetic) const override;

private:
    bool moves() const { return shape_.form == Form::copy || shape_.form == Form::triad; }
    double expected(std::span<const Tensor> inputs, std::size_t element) const;
    /// Elements that the reference speaks of.
    std::size_t sampled() const;

    Shape shape_;
};

/// What a problem text may hold, and its reading. Throws ProblemError through `words`.
extern const std::string_view grammar;
Shape take_shape(ProblemText& words);

}  // namespace stele::ceiling
