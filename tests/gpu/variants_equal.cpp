// Every CUDA and PTX variant on the GPU and on the CPU executor, on the same operands: neither may stray from the other
// by more than both may from the reference. Without a GPU, skipped with the reason.
#include <gtest/gtest.h>

#include <cmath>

#include "harness/catalog/registry.hpp"
#include "harness/measure/runner.hpp"
#include "tests/support/first_device.hpp"
#include "tests/support/run_on.hpp"

namespace stele {
namespace {

/// Elements of two results: how many are not bit-equal, and how many further apart than twice their bound.
struct Difference {
    std::size_t elements = 0, not_equal = 0, beyond = 0;
};

void add_difference(Difference& sum, const Tensor& gpu, const Tensor& simt, const Expected& expected) {
    const bool sampled = !expected.sampled.empty();
    for (std::size_t i = 0; i < expected.value.size(); ++i) {
        const std::size_t at = sampled ? expected.sampled[i] : i;
        const double a = gpu.at(at), b = simt.at(at);
        ++sum.elements;
        if (a == b || (std::isnan(a) && std::isnan(b))) continue;
        ++sum.not_equal;
        if (!(std::abs(a - b) <= 2 * expected.bound[i])) ++sum.beyond;
    }
}

class VariantsEqual : public testing::TestWithParam<const Variant*> {};

TEST_P(VariantsEqual, GpuAndExecutor) {
    static test::FirstDevice gpu = test::first_device("cuda"), simt = test::first_device("simt");
    if (!gpu.device) GTEST_SKIP() << "cuda: " << gpu.why_not;
    if (!simt.device) GTEST_SKIP() << "simt: " << simt.why_not;
    static const Registry registry;
    const Variant& variant = *GetParam();
    const Operation& operation = registry.operation(variant.operation);
    SamplerOptions options;
    options.cell_timeout_seconds = 600;
    Difference sum;
    std::string why_not = "no problem";
    for (Suite suite : {Suite::smoke, Suite::edge})
        for (const auto& problem : problems(operation, suite)) {
            const Support on_gpu = variant.supports(gpu.device->info(), *problem);
            const Support on_simt = variant.supports(simt.device->info(), *problem);
            if (!on_gpu || !on_simt) {
                why_not = on_gpu ? on_simt.why_not : on_gpu.why_not;
                continue;
            }
            const std::vector<Tensor> inputs = problem->inputs(7, Fill::normal);
            const GivenRun a = test::run_given_on({&variant, problem.get(), gpu.device.get()}, inputs, options);
            const GivenRun b = test::run_given_on({&variant, problem.get(), simt.device.get()}, inputs, options);
            ASSERT_EQ(a.measurement.verdict.outcome, Outcome::passed)
                << problem->id() << " on the GPU: " << a.measurement.verdict.reason;
            ASSERT_EQ(b.measurement.verdict.outcome, Outcome::passed)
                << problem->id() << " on simt: " << b.measurement.verdict.reason;
            const std::vector<Expected> expected = problem->reference(inputs, variant.arithmetic_for(*problem));
            for (std::size_t i = 0; i < expected.size(); ++i)
                add_difference(sum, a.outputs.at(i), b.outputs.at(i), expected[i]);
        }
    if (sum.elements == 0) GTEST_SKIP() << why_not;
    RecordProperty("elements", std::to_string(sum.elements));
    RecordProperty("not_bit_equal", std::to_string(sum.not_equal));
    EXPECT_EQ(sum.beyond, 0u) << "of " << sum.elements << " elements, " << sum.not_equal
                              << " of which are not bit-equal";
}

std::vector<const Variant*> native_variants() {
    static const Registry registry;
    std::vector<const Variant*> out;
    for (const Variant* variant : registry.variants())
        if (variant->language == Language::cuda || variant->language == Language::ptx) out.push_back(variant);
    return out;
}

std::string test_name(const testing::TestParamInfo<const Variant*>& info) {
    std::string out = info.param->id();
    for (char& c : out)
        if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
    return out;
}

INSTANTIATE_TEST_SUITE_P(Every, VariantsEqual, testing::ValuesIn(native_variants()), test_name);

}  // namespace
}  // namespace stele
