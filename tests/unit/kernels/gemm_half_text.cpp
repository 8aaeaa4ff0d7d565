// gemm/half in OpenCL C where no device compiles `half`: the same text with its half numbers in float, so that indices,
// tiles and edges are tried. Its products and sums are exact where half's are rounded, and pass the same bounds.
#include <gtest/gtest.h>

#include "harness/catalog/registry.hpp"
#include "harness/measure/runner.hpp"
#include "tests/support/first_device.hpp"
#include "tests/support/run_on.hpp"

namespace stele::gemm_half_text_test {
namespace {

/// Before the text: what the extension would declare.
constexpr std::string_view half_in_float = R"cl(
static inline float2 two_halves(uint word) { return vload_half2(0, (const half*)&word); }
#define half float
#define half2 float2
#define as_half2 two_halves
)cl";

/// The listed tile with the least of everything, without the rule that asks for the extension.
Variant half_as_float(const Registry& registry) {
    Variant variant = registry.variant("gemm/half.opencl");
    variant.supports_problem = [](const DeviceInfo&, const Problem&) { return Support{}; };
    variant.make_plan = [plan = variant.make_plan](const DeviceInfo& device, const Problem& problem) {
        Plan out = plan(device, problem);
        for (KernelSource& source : out.kernels) source.text.insert(0, half_in_float);
        return out;
    };
    return variant;
}

class GemmHalfText : public testing::TestWithParam<const char*> {};

TEST_P(GemmHalfText, IsRightAtItsEdges) {
    const test::FirstDevice opencl = test::first_device("opencl");
    if (!opencl.device) GTEST_SKIP() << "no OpenCL device: " << opencl.why_not;
    const Registry registry;
    const Variant variant = half_as_float(registry);
    const auto problem = registry.operation("gemm").parse(GetParam());
    const Measurement cell = test::verify_on({{&variant, problem.get(), opencl.device.get()}}, {}, {}).at(0);
    EXPECT_EQ(cell.verdict.outcome, Outcome::passed) << cell.verdict.reason;
}

// Both layouts of B, each with rows that 16 bytes divide and rows that they do not; a tail along every extent.
INSTANTIATE_TEST_SUITE_P(Edges, GemmHalfText,
                         testing::Values("m=131 n=136 k=72 f16", "m=131 n=133 k=75 f16", "m=131 n=136 k=72 f16 b=nk",
                                         "m=131 n=133 k=75 f16 b=nk"),
                         [](const auto& tested) {
                             std::string name = tested.param;
                             for (char& c : name)
                                 if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
                             return name;
                         });

}  // namespace
}  // namespace stele::gemm_half_text_test
