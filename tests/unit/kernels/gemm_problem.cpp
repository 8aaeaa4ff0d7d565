#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <tuple>

#include "kernels/gemm/operation.hpp"
#include "kernels/gemm/problem.hpp"

namespace stele::gemm::gemm_problem_test {
namespace {

constexpr std::array dtypes{Dtype::f32, Dtype::f16, Dtype::bf16};

double element_a(const Shape& shape, const Tensor& a, std::int64_t row, std::int64_t k) {
    return a.at(static_cast<std::size_t>(row * shape.k + k));
}
double element_b(const Shape& shape, const Tensor& b, std::int64_t k, std::int64_t col) {
    return b.at(static_cast<std::size_t>(shape.b == LayoutB::kn ? k * shape.n + col : col * shape.k + k));
}

/// C as a careful f32 kernel makes it, from each product's value.
template <typename Term>
Tensor product(const Shape& shape, const Term& term) {
    Tensor c(GemmProblem(shape).tensors()[2]);
    for (std::int64_t row = 0; row < shape.m; ++row)
        for (std::int64_t col = 0; col < shape.n; ++col) {
            float acc = 0;
            for (std::int64_t k = 0; k < shape.k; ++k) acc = std::fma(1.0f, static_cast<float>(term(row, col, k)), acc);
            c.set(static_cast<std::size_t>(row * shape.n + col), acc);
        }
    return c;
}

Tensor product(const Shape& shape, const std::vector<Tensor>& in) {
    return product(shape, [&](std::int64_t row, std::int64_t col, std::int64_t k) {
        return element_a(shape, in[0], row, k) * element_b(shape, in[1], k, col);
    });
}

/// How many elements lie beyond their bound.
std::size_t beyond(const Expected& expected, const Tensor& got) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < expected.value.size(); ++i) {
        const std::size_t at = expected.sampled.empty() ? i : expected.sampled[i];
        if (!(std::abs(got.at(at) - expected.value[i]) <= expected.bound[i])) ++count;
    }
    return count;
}

TEST(GemmProblem, CountsFlopsAndBytesByFormula) {
    for (const auto& [shape, flops, bytes] :
         {std::tuple{Shape{2, 3, 5, Dtype::f32, LayoutB::kn}, 60.0, (10 + 15 + 6) * 4.0},
          std::tuple{Shape{2, 3, 5, Dtype::bf16, LayoutB::nk}, 60.0, (10 + 15 + 6) * 2.0},
          std::tuple{Shape{4, 7, 0, Dtype::f16, LayoutB::kn}, 0.0, 28 * 2.0},
          std::tuple{Shape{8192, 8192, 8192, Dtype::f32, LayoutB::kn}, 0x1p40, 3 * 0x1p28}}) {
        const GemmProblem problem(shape);
        EXPECT_EQ(problem.flops(), flops) << problem.id();
        EXPECT_EQ(problem.dense_flops(), flops) << problem.id();
        EXPECT_EQ(problem.bytes(), bytes) << problem.id();
        double sum = 0;
        for (const TensorSpec& spec : problem.tensors()) sum += static_cast<double>(spec.bytes());
        EXPECT_EQ(sum, bytes) << problem.id();
    }
}

TEST(GemmProblem, EverySuiteReadsBackAsItWasWritten) {
    const auto operation = make_operation();
    for (Suite suite : {Suite::smoke, Suite::edge, Suite::quick, Suite::full, Suite::cpu}) {
        const std::vector<std::string> list = operation->suite(suite);
        EXPECT_GE(list.size(), 3u) << name(suite);
        EXPECT_EQ(std::set<std::string>(list.begin(), list.end()).size(), list.size()) << name(suite);
        for (const std::string& text : list) EXPECT_EQ(operation->parse(text)->id(), text);
    }
}

TEST(GemmProblem, TheEdgeSuiteHasTheEdges) {
    const auto operation = make_operation();
    std::set<std::int64_t> m, k;
    std::set<std::string> kinds;
    for (const std::string& text : operation->suite(Suite::edge)) {
        const auto problem = operation->parse(text);
        const Shape& shape = as_gemm(*problem).shape();
        m.insert(shape.m);
        k.insert(shape.k);
        kinds.insert(instance(shape));
    }
    for (std::int64_t extent : {1, 127, 128, 129, 37}) EXPECT_TRUE(m.contains(extent)) << extent;
    for (std::int64_t extent : {0, 1, 15, 16, 17, 53}) EXPECT_TRUE(k.contains(extent)) << extent;
    for (const char* kind : {"f32 kn", "f32 nk", "f16 kn", "f16 nk", "bf16 kn", "bf16 nk", "tf32 kn", "tf32 nk",
                             "e4m3 nk", "e4m3 nk block", "s8 nk", "s8 nk block"})
        EXPECT_TRUE(kinds.contains(kind)) << kind;
}

TEST(GemmProblem, RefusesWhatCannotBe) {
    const auto operation = make_operation();
    for (const char* text :
         {"", "m=0 n=1 k=1", "m=1 n=0 k=1", "m=1 n=1 k=-1", "m=1 n=1", "m=1 n=1 k=1 f64", "m=1 n=1 k=1 b=tn",
          "m=1 n=1 k=1 causal", "m=1073741824 n=1073741824 k=1", "m=1 n=1 k=1 e4m3 b=kn", "m=1 n=1 k=1 f16 scale=block",
          "groups= n=1 k=1", "groups=1,x n=1 k=1", "groups=0,0 n=1 k=1", "groups=1,-1 n=1 k=1", "m=1 groups=1 n=1 k=1",
          "groups=1,2 n=1 k=1 batch=2", "m=1 n=1 k=1 batch=0"})
        EXPECT_THROW(operation->parse(text), ProblemError) << text;
    EXPECT_EQ(operation->parse("k=0 n=2 m=1")->id(), "m=1 n=2 k=0 f32");
}

TEST(GemmProblem, ReferenceIsBruteForce) {
    for (Dtype dtype : dtypes)
        for (LayoutB layout : {LayoutB::kn, LayoutB::nk}) {
            // Sizes on, beside and beyond the reference's own blocks.
            for (const auto& [m, n, k] : {std::array{5, 7, 3}, std::array{97, 129, 257}, std::array{1, 130, 300}}) {
                const Shape shape{m, n, k, dtype, layout};
                const GemmProblem problem(shape);
                const std::vector<Tensor> in = problem.inputs(3, Fill::normal);
                const Expected expected = problem.reference(in, Arithmetic{}).front();
                ASSERT_EQ(expected.value.size(), static_cast<std::size_t>(m * n));
                ASSERT_TRUE(expected.sampled.empty());
                for (std::int64_t row = 0; row < m; ++row)
                    for (std::int64_t col = 0; col < n; ++col) {
                        long double sum = 0, magnitude = 0;
                        for (std::int64_t i = 0; i < k; ++i) {
                            const long double term = static_cast<long double>(element_a(shape, in[0], row, i)) *
                                                     element_b(shape, in[1], i, col);
                            sum += term;
                            magnitude += std::abs(term);
                        }
                        const auto at = static_cast<std::size_t>(row * n + col);
                        ASSERT_NEAR(expected.value[at], static_cast<double>(sum),
                                    1e-13 * static_cast<double>(magnitude));
                        const double accumulated = 4 * std::sqrt(k) * 0x1p-24 * static_cast<double>(magnitude);
                        ASSERT_NEAR(
                            expected.bound[at],
                            accumulated + unit_roundoff(dtype) * (std::abs(static_cast<double>(sum)) + accumulated),
                            1e-9 * expected.bound[at] + 0x1p-24);
                    }
            }
        }
}

TEST(GemmProblem, NoProductsMeanZeroAndNothingElse) {
    const GemmProblem problem({3, 4, 0, Dtype::f32, LayoutB::kn});
    const Expected expected = problem.reference(problem.inputs(1, Fill::normal), Arithmetic{}).front();
    Tensor c(problem.tensors()[2]);
    EXPECT_EQ(beyond(expected, c), 0u);
    c.set(5, 0x1p-149);
    EXPECT_EQ(beyond(expected, c), 1u);
}

TEST(GemmProblem, NarrowerArithmeticWidensTheBound) {
    const GemmProblem problem({4, 4, 1024, Dtype::f16, LayoutB::kn});
    const std::vector<Tensor> in = problem.inputs(1, Fill::normal);
    const auto bound = [&](Dtype accumulate, int promote_every) {
        return problem.reference(in, {accumulate, Dtype::f32, promote_every}).front().bound.front();
    };
    EXPECT_LT(bound(Dtype::f32, 0), bound(Dtype::f16, 32));
    EXPECT_LT(bound(Dtype::f16, 32), bound(Dtype::f16, 0));
    EXPECT_EQ(bound(Dtype::f16, 1024), bound(Dtype::f16, 0));
}

TEST(GemmProblem, InfinityAndOverflowAreExpected) {
    const GemmProblem problem({1, 2, 1, Dtype::f16, LayoutB::kn});
    std::vector<Tensor> in = problem.inputs(1, Fill::zeros);
    in[0].set(0, 60000);
    in[1].set(0, 2);
    in[1].set(1, -1);
    const Expected expected = problem.reference(in, Arithmetic{}).front();
    EXPECT_EQ(expected.value[0], HUGE_VAL);
    EXPECT_EQ(expected.value[1], -60000);
}

/// A kernel that is right passes, and each defect is seen, in every dtype.
class GemmBound : public testing::TestWithParam<Dtype> {};
INSTANTIATE_TEST_SUITE_P(Dtypes, GemmBound, testing::ValuesIn(dtypes),
                         [](const auto& tested) { return std::string(name(tested.param)); });

TEST_P(GemmBound, IsNotVacuous) {
    const Shape shape{64, 64, 192, GetParam(), LayoutB::kn};
    const GemmProblem problem(shape);
    const std::vector<Tensor> in = problem.inputs(5, Fill::normal);
    const Expected expected = problem.reference(in, Arithmetic{}).front();
    const Tensor right = product(shape, in);
    EXPECT_EQ(beyond(expected, right), 0u);

    EXPECT_GT(beyond(expected, Tensor(right.spec)), 4000u) << "all zeros";
    EXPECT_GT(beyond(expected, product(shape,
                                       [&](std::int64_t row, std::int64_t col, std::int64_t k) {
                                           return element_a(shape, in[0], row, k) *
                                                  in[1].at(static_cast<std::size_t>((col * shape.k + k)));
                                       })),
              4000u)
        << "B read as its transpose";
    EXPECT_GT(beyond(expected, product(shape,
                                       [&](std::int64_t row, std::int64_t col, std::int64_t k) {
                                           const std::int64_t from = k < 16 ? k + 16 : k;
                                           return element_a(shape, in[0], row, from) *
                                                  element_b(shape, in[1], from, col);
                                       })),
              4000u)
        << "the second tile of K twice, the first never";
    // One product of 192 left out: about 1/14 of a typical element, which only a coarse dtype may hide in a few.
    EXPECT_GT(beyond(expected, product(shape,
                                       [&](std::int64_t row, std::int64_t col, std::int64_t k) {
                                           return k == 191 ? 0.0
                                                           : element_a(shape, in[0], row, k) *
                                                                 element_b(shape, in[1], k, col);
                                       })),
              3500u)
        << "the last product dropped";
    Tensor dropped = right;
    for (std::size_t col = 0; col < 64; ++col) dropped.set(63 * 64 + col, 0);
    EXPECT_GE(beyond(expected, dropped), 60u) << "last row dropped";
    Tensor nan = right;
    nan.set(77, std::nan(""));
    EXPECT_EQ(beyond(expected, nan), 1u) << "NaN";
}

/// Large enough that only rows and columns are sampled: what these miss, Freivalds' check must see.
class GemmProbe : public testing::TestWithParam<Dtype> {
protected:
    const Shape shape_{4200, 4100, 2, GetParam(), LayoutB::nk};
    const GemmProblem problem_{shape_};
    const std::vector<Tensor> in_ = problem_.inputs(9, Fill::normal);
    Tensor c_ = product(shape_, in_);

    std::size_t at(std::int64_t row, std::int64_t col) const { return static_cast<std::size_t>(row * shape_.n + col); }
    ProbeResult probe() const { return problem_.probe(in_, {&c_, 1}, Arithmetic{}); }
};
INSTANTIATE_TEST_SUITE_P(Dtypes, GemmProbe, testing::ValuesIn(dtypes),
                         [](const auto& tested) { return std::string(name(tested.param)); });

TEST_P(GemmProbe, OneWrongElementIsSeenAndNamed) {
    const Expected expected = problem_.reference(in_, Arithmetic{}).front();
    EXPECT_EQ(expected.sampled.size(), 4u * 4100u + 4196u * 4u);
    EXPECT_TRUE(std::is_sorted(expected.sampled.begin(), expected.sampled.end()));
    EXPECT_EQ(beyond(expected, c_), 0u);
    const ProbeResult right = probe();
    EXPECT_TRUE(right.passed) << right.reason;

    // An element is the sum of two products, so its typical size is 1.4.
    const std::size_t wrong = at(2345, 1000);
    const double was = c_.at(wrong);
    c_.set(wrong, was + 2);
    EXPECT_EQ(beyond(expected, c_), 0u) << "sampling sees what the check is to see";
    const ProbeResult one = probe();
    EXPECT_FALSE(one.passed);
    EXPECT_NE(one.reason.find("row 2345, columns 768 to 1023"), std::string::npos) << one.reason;

    c_.set(wrong, std::nan(""));
    EXPECT_FALSE(probe().passed);
    c_.set(wrong, was);

    // Two exchanged columns cancel under equal weights.
    for (std::int64_t row = 0; row < shape_.m; ++row) {
        const double first = c_.at(at(row, 1001)), second = c_.at(at(row, 1002));
        c_.set(at(row, 1001), second);
        c_.set(at(row, 1002), first);
    }
    EXPECT_FALSE(probe().passed);
}

TEST(GemmVariants, AreListedOnceWithTheirIds) {
    const auto operation = make_operation();
    std::set<std::string> ids;
    for (const Variant& variant : operation->variants()) EXPECT_TRUE(ids.insert(variant.id()).second) << variant.id();
    for (const char* id : {"gemm/naive.cuda", "gemm/naive.ptx", "gemm/naive.opencl", "gemm/tiled.opencl@128x256x8x8x16",
                           "gemm/tiled.ptx@64x64x16x8x4", "gemm/hopper/auto.ptx", "gemm/vendor.openblas",
                           "gemm/vendor.onednn", "gemm/vendor.cublaslt", "gemm/vendor.clblast"})
        EXPECT_TRUE(ids.contains(id)) << id;
}

TEST(GemmVariants, SayWhyNot) {
    const auto operation = make_operation();
    const auto problem = operation->parse("m=64 n=64 k=0 bf16");
    DeviceInfo host;
    host.id = "host:0";
    host.backend = "host";
    host.languages = {Language::host, Language::vendor};
    DeviceInfo small = host;
    small.id = "opencl:7";
    small.backend = "opencl";
    small.languages = {Language::opencl};
    small.max_threads_per_block = 64;
    small.shared_bytes_per_block = 1 << 20;
    for (const Variant& variant : operation->variants()) {
        EXPECT_FALSE(variant.supports(host, *problem)) << variant.id();
        EXPECT_FALSE(variant.supports(host, *problem).why_not.empty()) << variant.id();
        EXPECT_FALSE(variant.supports(small, *problem)) << variant.id();
        // The others have a reason of their own before it comes to threads.
        const bool takes_bf16 = variant.algorithm == "naive" || variant.algorithm == "tiled";
        if (variant.language != Language::opencl || !takes_bf16) continue;
        EXPECT_NE(variant.supports(small, *problem).why_not.find("opencl:7 takes 64"), std::string::npos);
    }
}

TEST(GemmVariants, TheFirstOfSiblingsIsTheDefault) {
    std::set<std::string> seen;
    const auto operation = make_operation();
    for (const Variant& variant : operation->variants())
        EXPECT_EQ(variant.default_tile, seen.insert(variant.base_id()).second) << variant.id();
}

TEST(GemmVariants, ArchitecturesDecideByCapability) {
    const auto operation = make_operation();
    const auto problem = operation->parse("m=64 n=64 k=64 f32");
    Variant variant = operation->variants().front();
    ASSERT_EQ(variant.language, Language::cuda);
    DeviceInfo device;
    device.id = "cuda:0";
    device.languages = {Language::cuda};
    device.max_threads_per_block = 1024;
    device.shared_bytes_per_block = 48 << 10;
    const auto runs = [&](int capability) {
        device.compute_capability = capability;
        device.architecture = "sm_" + std::to_string(capability);
        return variant.supports(device, *problem).yes;
    };
    EXPECT_FALSE(runs(75));
    EXPECT_TRUE(runs(80));
    EXPECT_TRUE(runs(89));
    EXPECT_TRUE(runs(90));
    EXPECT_TRUE(runs(120));
    variant.architectures = {"sm_90a"};
    EXPECT_FALSE(runs(89));
    EXPECT_TRUE(runs(90));
    EXPECT_FALSE(runs(100));
}

TEST(GemmShape, IsPlainWithoutScalesBatchAndGroups) {
    const Shape plain{64, 64, 64};
    EXPECT_TRUE(plain.plain());
    Shape scaled = plain, batched = plain, grouped = plain;
    scaled.scale = Scale::block;
    batched.batch = 2;
    grouped.groups = {32, 32};
    for (const Shape& shape : {scaled, batched, grouped}) EXPECT_FALSE(shape.plain());
}

}  // namespace
}  // namespace stele::gemm::gemm_problem_test
