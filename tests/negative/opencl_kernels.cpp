// OpenCL kernels that are wrong on purpose, on every OpenCL device there is: each must be caught, and by its name.
#include <gtest/gtest.h>

#include "backends/opencl/opencl.hpp"
#include "harness/measure/runner.hpp"
#include "tests/negative/gemm_defects.hpp"
#include "tests/support/run_on.hpp"

namespace stele {
namespace {

using test::changed;
using test::opencl_variant;
using test::OpenclDefect;

class OpenclDefects : public testing::TestWithParam<OpenclDefect> {
protected:
    void SetUp() override {
        if (backend->devices().empty()) GTEST_SKIP() << "no OpenCL device: " << backend->why_none();
    }

    Verdict verify(std::size_t device_index, const std::string& text) {
        const std::unique_ptr<Device> device = backend->open(device_index);
        const Variant variant = opencl_variant("opencl", text);
        return test::verify_on({{&variant, &problem, device.get()}}, {}, {}).at(0).verdict;
    }

    const std::unique_ptr<Backend> backend = opencl_backend();
    const gemm::GemmProblem problem{{44, 40, 40, Dtype::f32, gemm::LayoutB::kn}};
};

TEST_P(OpenclDefects, IsCaught) {
    const OpenclDefect& defect = GetParam();
    for (std::size_t i = 0; i < backend->devices().size(); ++i) {
        // A race need not show on a device that runs a block's threads in lockstep; on a CPU it does.
        if (defect.name == "missing_barrier" && !backend->devices()[i].is_cpu) continue;
        const Verdict verdict = verify(i, changed(test::right_opencl, defect.from, defect.to));
        const std::string& id = backend->devices()[i].id;
        EXPECT_EQ(verdict.outcome, Outcome::wrong) << id << ": " << verdict.reason;
        EXPECT_NE(verdict.reason.find(defect.said), std::string::npos) << id << ": " << verdict.reason;
    }
}

INSTANTIATE_TEST_SUITE_P(Gemm, OpenclDefects, testing::ValuesIn(test::opencl_defects),
                         [](const auto& tested) { return tested.param.name; });

TEST_F(OpenclDefects, WithoutADefectItPasses) {
    for (std::size_t i = 0; i < backend->devices().size(); ++i) {
        const Verdict verdict = verify(i, test::right_opencl);
        EXPECT_EQ(verdict.outcome, Outcome::passed) << backend->devices()[i].id << ": " << verdict.reason;
    }
}

TEST_F(OpenclDefects, ABuildFailureIsAnErrorWithItsLog) {
    for (std::size_t i = 0; i < backend->devices().size(); ++i) {
        const Verdict verdict = verify(i, changed(test::right_opencl, "8.0f * acc;", "8.0f * no_such_name;"));
        EXPECT_EQ(verdict.outcome, Outcome::error);
        EXPECT_NE(verdict.reason.find("no_such_name"), std::string::npos) << verdict.reason;
    }
}

}  // namespace
}  // namespace stele
