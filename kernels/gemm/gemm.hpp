// GEMM: C[M,N] = A[M,K] B[K,N], row-major, B as [K,N] or given transposed as [N,K].
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/gemm/layout.hpp"
#include "kernels/operation.hpp"

namespace stele {

namespace gemm {

struct Shape {
    std::int64_t m = 1, n = 1, k = 0;
    Dtype dtype = Dtype::f32;
    LayoutB b = LayoutB::kn;
};

/// "m= n= k= dtype [b=nk]". Tensors A [M,K], B [K,N] or [N,K], C [M,N]; k = 0 makes C zero. Storage f32, f16 or bf16.
class GemmProblem final : public Problem {
public:
    explicit GemmProblem(const Shape& shape) : shape_(shape) {}

    const Shape& shape() const { return shape_; }

    std::string_view operation() const override { return "gemm"; }
    std::string id() const override;
    Dtype dtype() const override { return shape_.dtype; }
    double flops() const override;
    double bytes() const override;
    std::vector<TensorSpec> tensors() const override;
    std::vector<Tensor> inputs(std::uint64_t seed, Fill fill) const override;
    /// Every element up to 2^31 multiply-adds and 2^24 elements of C; beyond that a few whole rows and columns.
    std::vector<Expected> reference(std::span<const Tensor> inputs, const Arithmetic& arithmetic) const override;
    /// Freivalds' check of the whole C where reference() only sampled it; passes at once elsewhere.
    ProbeResult probe(std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                      const Arithmetic& arithmetic) const override;

private:
    Shape shape_;
};

const GemmProblem& as_gemm(const Problem& problem);

/// "f16 nk": dtype and layout, the part of a kernel's instance that the problem chooses.
std::string instance(const Shape& shape);

/// The rows of each algorithm, in its own folder.
std::vector<Variant> naive_variants();
std::vector<Variant> tiled_variants();
std::vector<Variant> vendor_variants();

}  // namespace gemm

std::unique_ptr<Operation> gemm_operation();

}  // namespace stele
