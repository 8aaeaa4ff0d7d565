#include "kernels/gemm/gemm.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "kernels/gemm/reference.hpp"
#include "kernels/problem_text.hpp"

namespace stele {
namespace gemm {
namespace {

constexpr std::int64_t most_extent = std::int64_t{1} << 30;
constexpr double most_bytes = 0x1p43;
/// Beyond either, reference() samples.
constexpr double most_multiply_adds = 0x1p31, most_elements = 0x1p24;

constexpr std::string_view grammar =
    "m=M n=N k=K [f32|f16|bf16] [b=kn|nk]  (m, n at least 1, k at least 0; f32 and b=kn when not given)";

MatrixView view_a(const Shape& shape, const Tensor& a) { return {&a, shape.k, 1}; }
MatrixView view_b(const Shape& shape, const Tensor& b) {
    return shape.b == LayoutB::kn ? MatrixView{&b, shape.n, 1} : MatrixView{&b, 1, shape.k};
}

bool is_sampled(const Shape& shape) {
    const double elements = static_cast<double>(shape.m) * static_cast<double>(shape.n);
    return elements > most_elements || elements * static_cast<double>(shape.k) > most_multiply_adds;
}

/// First, last, and two between that fall on no tile's edge.
std::vector<std::int64_t> some(std::int64_t count) {
    std::set<std::int64_t> chosen{0, count - 1};
    for (double place : {0.382, 0.707}) chosen.insert(static_cast<std::int64_t>(place * static_cast<double>(count)));
    return {chosen.begin(), chosen.end()};
}

/// Error of one sum of k products, in units of Σ|a||b|: of the chunks made in the narrow accumulator, then of the sum
/// of chunks in f32.
double accumulation_error(std::int64_t k, const Arithmetic& arithmetic) {
    const double depth = static_cast<double>(k);
    const double chunk = arithmetic.promote_every > 0 ? std::min<double>(depth, arithmetic.promote_every) : depth;
    const double inside = sum_error(chunk, unit_roundoff(arithmetic.accumulate));
    return chunk < depth ? inside + sum_error(std::ceil(depth / chunk), unit_roundoff(Dtype::f32)) : inside;
}

class ExpectedBuilder {
public:
    ExpectedBuilder(const Shape& shape, const Arithmetic& arithmetic)
        : dtype_(shape.dtype), accumulation_(accumulation_error(shape.k, arithmetic)) {}

    void add(double value, double magnitude) {
        const double sum_bound = accumulation_ * magnitude;
        expected_.value.push_back(overflowed(dtype_, value));
        expected_.bound.push_back(sum_bound + rounding_error(dtype_, std::abs(value) + sum_bound));
    }
    void add(std::size_t index, double value, double magnitude) {
        expected_.sampled.push_back(index);
        add(value, magnitude);
    }
    Expected take() { return std::move(expected_); }

private:
    Dtype dtype_;
    double accumulation_;
    Expected expected_;
};

Expected whole(const Shape& shape, std::span<const Tensor> inputs, const Arithmetic& arithmetic) {
    const auto elements = static_cast<std::size_t>(shape.m * shape.n);
    std::vector<double> value(elements), magnitude(elements);
    multiply(view_a(shape, inputs[0]), view_b(shape, inputs[1]), shape.k, every(shape.m), every(shape.n), value.data(),
             magnitude.data());
    ExpectedBuilder builder(shape, arithmetic);
    for (std::size_t i = 0; i < elements; ++i) builder.add(value[i], magnitude[i]);
    return builder.take();
}

Expected sampled(const Shape& shape, std::span<const Tensor> inputs, const Arithmetic& arithmetic) {
    struct Part {
        std::vector<std::int64_t> rows, columns;
        std::vector<double> value, magnitude;
    };
    const auto product = [&](std::vector<std::int64_t> rows, std::vector<std::int64_t> columns) {
        const std::size_t size = rows.size() * columns.size();
        Part part{std::move(rows), std::move(columns), std::vector<double>(size), std::vector<double>(size)};
        multiply(view_a(shape, inputs[0]), view_b(shape, inputs[1]), shape.k, part.rows, part.columns,
                 part.value.data(), part.magnitude.data());
        return part;
    };
    const Part rows = product(some(shape.m), every(shape.n));
    const Part columns = product(every(shape.m), some(shape.n));

    ExpectedBuilder builder(shape, arithmetic);
    for (std::int64_t row = 0; row < shape.m; ++row) {
        const auto found = std::ranges::find(rows.rows, row);
        const Part& part = found != rows.rows.end() ? rows : columns;
        const std::int64_t part_row = found != rows.rows.end() ? found - rows.rows.begin() : row;
        for (std::size_t j = 0; j < part.columns.size(); ++j) {
            const std::size_t at = static_cast<std::size_t>(part_row) * part.columns.size() + j;
            builder.add(static_cast<std::size_t>(row * shape.n + part.columns[j]), part.value[at], part.magnitude[at]);
        }
    }
    return builder.take();
}

constexpr std::array dtypes{Dtype::f32, Dtype::f16, Dtype::bf16};
constexpr std::array layouts{LayoutB::kn, LayoutB::nk};

std::string text(const Shape& shape) { return GemmProblem(shape).id(); }

/// Every dtype and layout of shapes that sit on, beside and far from the tiles' edges.
std::vector<std::string> edge_suite() {
    constexpr std::array<std::array<std::int64_t, 3>, 11> extents{{
        {1, 1, 1},      // one product
        {128, 64, 16},  // whole tiles
        {129, 65, 17},  // one more
        {127, 63, 15},  // one less
        {72, 136, 24},  // rows that vectors divide, tiles do not
        {37, 101, 53},  // primes
        {40, 48, 1},    // K = 1
        {5, 7, 0},      // K = 0
        {1, 200, 65},   // one row
        {260, 3, 20},   // tall
        {3, 260, 20},   // wide
    }};
    std::vector<std::string> list;
    for (const auto& [m, n, k] : extents)
        for (Dtype dtype : dtypes)
            for (LayoutB layout : layouts) list.push_back(text({m, n, k, dtype, layout}));
    return list;
}

std::vector<std::string> full_suite() {
    std::vector<std::string> list;
    for (std::int64_t size : {1024, 2048, 4096, 8192})
        list.push_back(text({size, size, size, Dtype::f32, LayoutB::kn}));
    for (Dtype dtype : {Dtype::f16, Dtype::bf16})
        for (std::int64_t size : {1024, 2048, 4096, 8192}) list.push_back(text({size, size, size, dtype, LayoutB::nk}));
    // N and K of linear layers: x [M, K] times weights [N, K].
    constexpr std::array<std::array<std::int64_t, 2>, 6> layers{{
        {6144, 4096},   // Llama-3-8B: query, key and value together
        {28672, 4096},  // Llama-3-8B: gate and up together
        {4096, 14336},  // Llama-3-8B: down
        {8192, 28672},  // Llama-3-70B: down
        {7168, 2048},   // DeepSeek-V3: one expert's down
        {4096, 7168},   // DeepSeek-V3: one expert's gate and up
    }};
    for (const auto& [n, k] : layers)
        for (std::int64_t m : {1, 16, 128, 4096}) list.push_back(text({m, n, k, Dtype::bf16, LayoutB::nk}));
    // Rows that no vector divides, tall, wide, and deep.
    list.push_back(text({4095, 4097, 4093, Dtype::bf16, LayoutB::kn}));
    list.push_back(text({65536, 256, 1024, Dtype::bf16, LayoutB::kn}));
    list.push_back(text({256, 65536, 1024, Dtype::bf16, LayoutB::kn}));
    list.push_back(text({256, 256, 65536, Dtype::bf16, LayoutB::nk}));
    return list;
}

class GemmOperation final : public Operation {
public:
    GemmOperation() {
        for (auto rows : {&naive_variants, &tiled_variants, &vendor_variants})
            for (Variant& variant : rows()) variants_.push_back(std::move(variant));
    }

    std::string_view name() const override { return "gemm"; }
    std::string_view summary() const override {
        return "C[M,N] = A[M,K] B[K,N]; b=nk gives B as [N,K], as weights are kept";
    }
    std::string_view problem_grammar() const override { return grammar; }

    std::unique_ptr<Problem> parse(std::string_view text) const override {
        ProblemText words("gemm", grammar, text);
        Shape shape;
        shape.m = words.take_extent("m", 1, most_extent);
        shape.n = words.take_extent("n", 1, most_extent);
        shape.k = words.take_extent("k", 0, most_extent);
        shape.dtype = words.take_dtype({dtypes.begin(), dtypes.end()});
        shape.b = words.take_word_or("b", "kn", {"kn", "nk"}) == "nk" ? LayoutB::nk : LayoutB::kn;
        words.finish();
        auto problem = std::make_unique<GemmProblem>(shape);
        if (problem->bytes() > most_bytes)
            words.fail(fmt::format("its matrices take {:.3g} bytes, more than the {:.3g} accepted", problem->bytes(),
                                   most_bytes));
        return problem;
    }

    std::vector<std::string> suite(Suite suite) const override {
        switch (suite) {
            case Suite::smoke:
                return {text({64, 64, 64, Dtype::f32, LayoutB::kn}), text({70, 130, 40, Dtype::f16, LayoutB::kn}),
                        text({17, 65, 72, Dtype::bf16, LayoutB::nk})};
            case Suite::edge:
                return edge_suite();
            case Suite::quick:
                return {text({512, 512, 512, Dtype::f32, LayoutB::kn}), text({384, 384, 384, Dtype::f16, LayoutB::kn}),
                        text({1024, 512, 256, Dtype::bf16, LayoutB::nk}),
                        text({1, 1024, 1024, Dtype::bf16, LayoutB::nk})};
            case Suite::full:
                return full_suite();
        }
        throw std::logic_error("unknown suite");
    }

    const std::vector<Variant>& variants() const override { return variants_; }

private:
    std::vector<Variant> variants_;
};

}  // namespace

std::string instance(const Shape& shape) { return fmt::format("{} {}", stele::name(shape.dtype), name(shape.b)); }

const GemmProblem& as_gemm(const Problem& problem) { return dynamic_cast<const GemmProblem&>(problem); }

std::string GemmProblem::id() const {
    return fmt::format("m={} n={} k={} {}{}", shape_.m, shape_.n, shape_.k, stele::name(shape_.dtype),
                       shape_.b == LayoutB::nk ? " b=nk" : "");
}

double GemmProblem::flops() const {
    return 2.0 * static_cast<double>(shape_.m) * static_cast<double>(shape_.n) * static_cast<double>(shape_.k);
}

double GemmProblem::bytes() const {
    const auto m = static_cast<double>(shape_.m), n = static_cast<double>(shape_.n), k = static_cast<double>(shape_.k);
    return (m * k + k * n + m * n) * static_cast<double>(size_of(shape_.dtype));
}

std::vector<TensorSpec> GemmProblem::tensors() const {
    const auto& [m, n, k, dtype, b] = shape_;
    TensorSpec spec_b = b == LayoutB::kn ? TensorSpec{"B", Role::input, dtype, {k, n}, {"K", "N"}}
                                         : TensorSpec{"B", Role::input, dtype, {n, k}, {"N", "K"}};
    return {{"A", Role::input, dtype, {m, k}, {"M", "K"}},
            std::move(spec_b),
            {"C", Role::output, dtype, {m, n}, {"M", "N"}}};
}

std::vector<Tensor> GemmProblem::inputs(std::uint64_t seed, Fill how) const {
    std::vector<Tensor> list;
    for (TensorSpec& spec : tensors()) {
        if (spec.role != Role::input) continue;
        Tensor& tensor = list.emplace_back(std::move(spec));
        fill(tensor, how, seed * 2 + (list.size() - 1));
    }
    return list;
}

std::vector<Expected> GemmProblem::reference(std::span<const Tensor> inputs, const Arithmetic& arithmetic) const {
    return {is_sampled(shape_) ? sampled(shape_, inputs, arithmetic) : whole(shape_, inputs, arithmetic)};
}

ProbeResult GemmProblem::probe(std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                               const Arithmetic& arithmetic) const {
    if (!is_sampled(shape_)) return {};
    return freivalds(view_a(shape_, inputs[0]), view_b(shape_, inputs[1]), {&outputs[0], shape_.n, 1}, shape_.m,
                     shape_.n, shape_.k, {accumulation_error(shape_.k, arithmetic), shape_.dtype});
}

}  // namespace gemm

std::unique_ptr<Operation> gemm_operation() { return std::make_unique<gemm::GemmOperation>(); }

}  // namespace stele
