// C++ kernels that are wrong on purpose, on the host: each must be caught, and by its name.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>

#include "backends/host/host.hpp"
#include "harness/measure/runner.hpp"
#include "tests/negative/gemm_defects.hpp"
#include "tests/support/run_on.hpp"

namespace stele {
namespace {

using test::host_variant;
using test::HostGemm;
using test::right_host;

class HostKernels : public testing::Test {
protected:
    Verdict verify(const std::function<void(const HostGemm&)>& kernel) {
        const Variant variant = host_variant("host", kernel);
        return test::verify_on({{&variant, &problem, device.get()}}, {}, {}).at(0).verdict;
    }
    /// The right result, spoiled.
    Verdict spoiled(const std::function<void(const HostGemm&)>& spoil) {
        return verify([spoil](const HostGemm& g) {
            right_host(g);
            spoil(g);
        });
    }

    std::unique_ptr<Device> device = host_backend()->open(0);
    gemm::GemmProblem problem{{48, 40, 40, Dtype::f32, gemm::LayoutB::kn}};
};

void expect_wrong(const Verdict& verdict, std::string_view said) {
    EXPECT_EQ(verdict.outcome, Outcome::wrong) << verdict.reason;
    EXPECT_NE(verdict.reason.find(said), std::string::npos) << verdict.reason;
}

TEST_F(HostKernels, WithoutADefectItPasses) {
    const Verdict verdict = verify(right_host);
    EXPECT_EQ(verdict.outcome, Outcome::passed) << verdict.reason;
}

TEST_F(HostKernels, AllZeros) {
    expect_wrong(verify([](const HostGemm& g) { std::fill_n(g.c, g.m * g.n, 0.0f); }), "every element of C is zero");
}

TEST_F(HostKernels, Nan) {
    expect_wrong(spoiled([](const HostGemm& g) { g.at(7, 9) = std::numeric_limits<float>::quiet_NaN(); }),
                 "C[7,9] is nan");
}

TEST_F(HostKernels, Infinity) {
    expect_wrong(spoiled([](const HostGemm& g) { g.at(7, 9) = std::numeric_limits<float>::infinity(); }),
                 "C[7,9] is inf");
}

TEST_F(HostKernels, TransposedOperand) {
    expect_wrong(verify([](const HostGemm& g) {
                     for (std::int64_t row = 0; row < g.m; ++row)
                         for (std::int64_t col = 0; col < g.n; ++col) {
                             float acc = 0;
                             for (std::int64_t i = 0; i < g.k; ++i) acc += g.a[row * g.k + i] * g.b[col * g.k + i];
                             g.at(row, col) = acc;
                         }
                 }),
                 "outside their bound");
}

TEST_F(HostKernels, DroppedRow) {
    expect_wrong(verify([](const HostGemm& g) { right_host({g.a, g.b, g.c, g.m - 1, g.n, g.k}); }),
                 "never written (all with M = 47)");
}

TEST_F(HostKernels, FirstTileTwice) {
    expect_wrong(spoiled([](const HostGemm& g) {
                     for (std::int64_t row = 0; row < 16; ++row)
                         for (std::int64_t col = 0; col < 16; ++col) g.at(16 + row, col) = g.at(row, col);
                 }),
                 "(all with M from 16 to 31, N from 0 to 15)");
}

TEST_F(HostKernels, ForgottenScale) {
    expect_wrong(spoiled([](const HostGemm& g) { std::for_each_n(g.c, g.m * g.n, [](float& c) { c *= 8; }); }),
                 "C is 8 times what it should be");
}

TEST_F(HostKernels, MaskOffByOne) {
    expect_wrong(verify([](const HostGemm& g) {
                     for (std::int64_t row = 0; row < g.m; ++row)
                         for (std::int64_t col = 0; col < g.n; ++col) {
                             float acc = 0;
                             for (std::int64_t i = 0; i < g.k - 1; ++i) acc += g.a[row * g.k + i] * g.b[i * g.n + col];
                             g.at(row, col) = acc;
                         }
                 }),
                 "outside their bound");
}

TEST_F(HostKernels, OneReadPastTheEndThatIsUsed) {
    expect_wrong(spoiled([](const HostGemm& g) { g.at(47, 39) += 0 * g.a[g.m * g.k]; }), "C[47,39] is nan");
}

TEST_F(HostKernels, OneWritePastTheEnd) {
    expect_wrong(spoiled([](const HostGemm& g) { g.c[g.m * g.n] = 0; }), "wrote past the end of C");
}

TEST_F(HostKernels, InputOverwritten) {
    expect_wrong(spoiled([](const HostGemm& g) { std::swap(g.b[0], g.b[1]); }), "changed its input B");
}

TEST_F(HostKernels, TruncatedInsteadOfRounded) {
    // bf16 output, the lower half of the f32 sum cut off.
    problem = gemm::GemmProblem({48, 40, 40, Dtype::bf16, gemm::LayoutB::kn});
    const Variant variant = host_variant("truncated", [](const HostGemm& g) {
        const auto value = [](const float* data, std::int64_t i) {
            return bf16_value(reinterpret_cast<const std::uint16_t*>(data)[i]);
        };
        for (std::int64_t row = 0; row < g.m; ++row)
            for (std::int64_t col = 0; col < g.n; ++col) {
                float acc = 0;
                for (std::int64_t i = 0; i < g.k; ++i) acc += value(g.a, row * g.k + i) * value(g.b, i * g.n + col);
                reinterpret_cast<std::uint16_t*>(g.c)[row * g.n + col] =
                    static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(acc) >> 16);
            }
    });
    expect_wrong(test::verify_on({{&variant, &problem, device.get()}}, {}, {}).at(0).verdict, "outside their bound");
}

TEST_F(HostKernels, BiasedRounding) {
    // Each element pushed the same way by 0.8 of what a sum of K products may be off.
    expect_wrong(spoiled([](const HostGemm& g) {
                     for (std::int64_t row = 0; row < g.m; ++row)
                         for (std::int64_t col = 0; col < g.n; ++col) {
                             double magnitude = 0;
                             for (std::int64_t i = 0; i < g.k; ++i)
                                 magnitude += std::abs(double{g.a[row * g.k + i]} * g.b[i * g.n + col]);
                             g.at(row, col) +=
                                 static_cast<float>(0.8 * sum_error(static_cast<double>(g.k), 0x1p-24) * magnitude);
                         }
                 }),
                 "systematic bias");
}

TEST_F(HostKernels, CachedOutputOfAnEarlierRun) {
    auto kept = std::make_shared<std::vector<float>>();
    const Variant variant = host_variant("cached", [kept](const HostGemm& g) {
        if (kept->empty()) {
            right_host(g);
            kept->assign(g.c, g.c + g.m * g.n);
        }
        std::copy(kept->begin(), kept->end(), g.c);
    });
    SamplerOptions options;
    options.cell_seconds = 0.01;
    const Measurement cached = test::bench_on({{&variant, &problem, device.get()}}, options, {}).at(0);
    expect_wrong(cached.verdict, "the output is that of an earlier run, bit for bit");
    EXPECT_FALSE(cached.timing) << "a wrong variant has no time";
}

TEST_F(HostKernels, OutputNeverWrittenAfterTheFirstRun) {
    auto written = std::make_shared<bool>(false);
    const Variant variant = host_variant("stale", [written](const HostGemm& g) {
        if (!*written) right_host(g);
        *written = true;
    });
    SamplerOptions options;
    options.cell_seconds = 0.01;
    const Measurement stale = test::bench_on({{&variant, &problem, device.get()}}, options, {}).at(0);
    expect_wrong(stale.verdict, "never written");
    EXPECT_FALSE(stale.timing);
}

TEST_F(HostKernels, AKernelThatThrowsIsAnError) {
    const Verdict verdict = verify([](const HostGemm&) { throw std::runtime_error("library call failed"); });
    EXPECT_EQ(verdict.outcome, Outcome::error);
    EXPECT_NE(verdict.reason.find("library call failed"), std::string::npos) << verdict.reason;
}

TEST_F(HostKernels, EveryOneOfTheseFailsTheRun) {
    for (Outcome outcome : {Outcome::wrong, Outcome::impossible, Outcome::error, Outcome::timeout})
        EXPECT_TRUE(is_failure(outcome)) << name(outcome);
}

}  // namespace
}  // namespace stele
