// GEMM: C[M,N] = A[M,K] B[K,N], row-major, B as [K,N] or given transposed as [N,K]; batched, and grouped as experts
// are.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/gemm/layout.hpp"
#include "kernels/operation.hpp"
#include "kernels/problem_text.hpp"

namespace stele::gemm {

/// What the products of 8-bit types are multiplied with: one number for A and one for B, or one for each 128 of a row
/// of A and one for each 128 × 128 of B.
enum class Scale { none, tensor, block };

inline constexpr std::int64_t scale_block = 128;

struct Shape {
    std::int64_t m = 1, n = 1, k = 0;
    Dtype dtype = Dtype::f32;
    LayoutB b = LayoutB::kn;
    /// `none` exactly where the dtype has more than 8 bits.
    Scale scale = Scale::none;
    /// That many products of one shape, one behind the other.
    std::int64_t batch = 1;
    /// Rows of A that each of as many matrices B multiplies, in order; some may be 0, and m is their sum. Empty: one B.
    std::vector<std::int64_t> groups{};

    /// One product without scales.
    bool plain() const { return scale == Scale::none && batch == 1 && groups.empty(); }
    /// How many matrices B there are.
    std::int64_t products() const { return groups.empty() ? batch : static_cast<std::int64_t>(groups.size()); }
    /// Rows of one product, or of the largest group.
    std::int64_t most_rows() const;
};

/// f32, tf32: as they are; f16, bf16: as they are; 8-bit types give bf16.
Dtype output_dtype(Dtype operands);

/// "m= n= k= dtype [b=nk] [scale=block] [batch=]", or "groups=" in the place of m=. Tensors, in the order of every
/// kernel's signature:
///   A [M,K] or [batch,M,K]      B [K,N] or [N,K], behind batch or the number of groups where there are several
///   scale_a, scale_b            8-bit types, f32: [1] each; or [M,⌈K/128⌉] and [⌈N/128⌉,⌈K/128⌉] (batch, groups
///   before) row_begin                   groups, i32 [groups + 1]: the rows of A and C where each group begins; the
///   last is M C [M,N] or [batch,M,N]
/// k = 0 makes C zero. Storage f32, tf32 (f32 of which 19 bits count), f16, bf16; e4m3 and s8 with B as [N,K].
class GemmProblem final : public Problem {
public:
    explicit GemmProblem(const Shape& shape) : shape_(shape) {}

    const Shape& shape() const { return shape_; }

    std::string_view operation() const override { return "gemm"; }
    std::string id() const override;
    Dtype dtype() const override { return shape_.dtype; }
    /// The linear layer of a model, where the weights [N,K] are one's.
    std::string_view known_as() const override;
    double flops() const override;
    double bytes() const override;
    std::vector<TensorSpec> tensors() const override;
    std::vector<Tensor> inputs(std::uint64_t seed, Fill fill) const override;
    void check_inputs(std::span<const Tensor> inputs) const override;
    /// Every element up to 2^31 multiply-adds and 2^24 elements of C; beyond that a few whole rows and columns.
    std::vector<Expected> reference(std::span<const Tensor> inputs, const Arithmetic& arithmetic) const override;
    double reference_bytes() const override;
    /// Freivalds' check of the whole C where reference() only sampled it; passes at once elsewhere.
    ProbeResult probe(std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                      const Arithmetic& arithmetic) const override;

private:
    Shape shape_;
};

/// What a problem text may hold, and its reading. Throws ProblemError through `words`.
extern const std::string_view grammar;
Shape take_shape(ProblemText& words);

const GemmProblem& as_gemm(const Problem& problem);

/// "f16 nk": dtype and layout, the part of a kernel's instance that the problem chooses; "e4m3 nk block" with its
/// scales.
std::string instance(const Shape& shape);

/// row_begin among the problem's tensors, or null where there are no groups.
Operand row_begin_operand(const Shape& shape);

/// Index of C among the problem's tensors: 2, and more where scales or groups come before it.
std::size_t index_of_c(const Shape& shape);

}  // namespace stele::gemm
