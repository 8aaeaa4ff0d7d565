#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <thread>

#include "harness/measure/checked_run.hpp"
#include "tests/support/fake_device.hpp"
#include "tests/support/twice.hpp"

namespace stele::checked_run_test {
namespace {

using test::FakeDevice;
using test::twice_variant;
using test::TwiceKernel;
using test::TwiceProblem;

class CheckedRunTest : public testing::Test {
protected:
    CheckedRun run(const Variant& variant, double timeout_seconds = 30) {
        const LoadedPlan plan(device, variant, problem);
        TensorSet tensors(device, problem);
        ScratchPool pool(device);
        const auto scratch = pool.take(plan.scratch_bytes());
        return checked_run(device, plan, tensors, scratch,
                           {&problem, variant.arithmetic_for(problem), cache.inputs(problem, 1, Fill::normal),
                            cache.expected(problem, 1, Fill::normal, variant.arithmetic), timeout_seconds});
    }
    Verdict verdict(const TwiceKernel& kernel) { return run(twice_variant("kernel", kernel)).verdict; }
    /// On given values of X, which the kernel doubles.
    Verdict verdict_on(Tensor x, const TwiceKernel& kernel) {
        const Variant variant = twice_variant("kernel", kernel);
        const LoadedPlan plan(device, variant, problem);
        TensorSet tensors(device, problem);
        const auto inputs = std::make_shared<const std::vector<Tensor>>(std::vector{std::move(x)});
        const auto expected = std::make_shared<const std::vector<Expected>>(problem.reference(*inputs, {}));
        return checked_run(device, plan, tensors, {}, {&problem, {}, inputs, expected, 30}).verdict;
    }

    FakeDevice device;
    TwiceProblem problem{8, 16};
    ReferenceCache cache;
};

bool says(const Verdict& verdict, std::string_view text) { return verdict.reason.find(text) != std::string::npos; }

TEST_F(CheckedRunTest, RightPasses) {
    const CheckedRun right = run(twice_variant("right"));
    EXPECT_EQ(right.verdict.outcome, Outcome::passed) << right.verdict.reason;
    ASSERT_EQ(right.outputs.size(), 1u);
    EXPECT_EQ(right.outputs[0].spec.name, "Y");
    EXPECT_GT(right.host_ns, 0);
}

TEST_F(CheckedRunTest, OneWritePastTheEnd) {
    const Verdict past = verdict([](float* x, float* y, std::int64_t count) {
        test::twice(x, y, count);
        y[count] = 0;
    });
    EXPECT_EQ(past.outcome, Outcome::wrong);
    EXPECT_TRUE(says(past, "wrote past the end of Y (512 bytes long), at byte 512")) << past.reason;
}

TEST_F(CheckedRunTest, WritesPastTheEndShowWhateverIsWritten) {
    const float payload = std::numeric_limits<float>::quiet_NaN();
    for (float value : {0.0f, 1.0f, -1.0f, payload, -payload, std::numeric_limits<float>::infinity()}) {
        const Verdict past = verdict([value](float* x, float* y, std::int64_t count) {
            test::twice(x, y, count);
            y[count + 1023] = value;  // the last word of the band
        });
        EXPECT_TRUE(says(past, "wrote past the end of Y")) << value;
    }
}

TEST_F(CheckedRunTest, OneWriteBeforeTheStart) {
    const Verdict before = verdict([](float* x, float* y, std::int64_t count) {
        test::twice(x, y, count);
        y[-1] = 0;
    });
    EXPECT_EQ(before.outcome, Outcome::wrong);
    EXPECT_TRUE(says(before, "before the start of Y")) << before.reason;
}

TEST_F(CheckedRunTest, ReadingPastTheEndSpoilsTheResult) {
    const Verdict read = verdict([](float* x, float* y, std::int64_t count) {
        for (std::int64_t i = 0; i < count; ++i) y[i] = 2 * x[i] + 0 * x[i + 1];
    });
    EXPECT_EQ(read.outcome, Outcome::wrong);
    EXPECT_EQ(read.nonfinite, 1u);
}

TEST_F(CheckedRunTest, InputOverwritten) {
    const Verdict overwritten = verdict([](float* x, float* y, std::int64_t count) {
        test::twice(x, y, count);
        x[17] = -x[17];
    });
    EXPECT_EQ(overwritten.outcome, Outcome::wrong);
    EXPECT_TRUE(says(overwritten, "changed its input X, first at element 17")) << overwritten.reason;
}

TEST_F(CheckedRunTest, InputOverwrittenWithAnEqualValueOfOtherBits) {
    cache.inputs(problem, 1, Fill::zeros);
    const Variant variant = twice_variant("negated_zero", [](float* x, float* y, std::int64_t count) {
        test::twice(x, y, count);
        x[3] = -0.0f;
    });
    const LoadedPlan plan(device, variant, problem);
    TensorSet tensors(device, problem);
    const CheckedRun zeros = checked_run(
        device, plan, tensors, {},
        {&problem, {}, cache.inputs(problem, 1, Fill::zeros), cache.expected(problem, 1, Fill::zeros, {}), 30});
    EXPECT_EQ(zeros.verdict.outcome, Outcome::wrong) << "unchanged means bit for bit";
}

TEST_F(CheckedRunTest, NothingWritten) {
    const Verdict nothing = verdict([](float*, float*, std::int64_t) {});
    EXPECT_EQ(nothing.outcome, Outcome::wrong);
    EXPECT_TRUE(says(nothing, "128 of 128 elements of Y were never written")) << nothing.reason;
}

/// A NaN of all ones goes through an addition as it is.
TEST_F(CheckedRunTest, AnInputThatEqualsTheFillIsNotTakenForNothing) {
    Tensor x = problem.inputs(1, Fill::normal).front();
    for (const std::size_t index : {0, 50}) std::fill_n(x.data.begin() + static_cast<int>(index) * 4, 4, poison);
    const auto copying = [](float* in, float* out, std::int64_t count) {
        for (std::int64_t i = 0; i < count; ++i)
            if (std::isnan(in[i]))
                std::memcpy(out + i, in + i, 4);
            else
                out[i] = 2 * in[i];
    };
    const Verdict right = verdict_on(x, copying);
    EXPECT_EQ(right.outcome, Outcome::passed) << right.reason;
    const Verdict leaves_one = verdict_on(x, [&](float* in, float* out, std::int64_t count) {
        std::vector<float> made(static_cast<std::size_t>(count));
        copying(in, made.data(), count);
        for (std::int64_t i = 0; i < count; ++i)
            if (i != 50) std::memcpy(out + i, &made[static_cast<std::size_t>(i)], 4);
    });
    EXPECT_EQ(leaves_one.outcome, Outcome::wrong);
    EXPECT_TRUE(says(leaves_one, "1 of 128 elements of Y were never written")) << leaves_one.reason;
}

TEST_F(CheckedRunTest, DamageIsLookedForInEveryBuffer) {
    const Verdict of_input = verdict([](float* x, float* y, std::int64_t count) {
        test::twice(x, y, count);
        x[count] = 0;
    });
    EXPECT_TRUE(says(of_input, "wrote past the end of X")) << of_input.reason;
    for (const std::size_t hit : {0, 1, 2}) {
        Variant variant = twice_variant("scratch");
        variant.make_plan = [hit](const DeviceInfo&, const Problem&) {
            Plan plan;
            plan.kernels.emplace_back().call = [hit](const HostCallContext& context) {
                test::twice(static_cast<float*>(context.arguments[0]), static_cast<float*>(context.arguments[1]), 128);
                static_cast<float*>(context.arguments[2 + hit])[-1] = 1;
            };
            plan.scratch = {16, 32, 48};
            plan.steps.push_back(
                {0,
                 {},
                 {},
                 0,
                 {TensorOperand{0}, TensorOperand{1}, ScratchOperand{0}, ScratchOperand{1}, ScratchOperand{2}}});
            return plan;
        };
        const Verdict damaged = run(variant).verdict;
        EXPECT_EQ(damaged.outcome, Outcome::wrong);
        EXPECT_TRUE(says(damaged, "before the start of scratch " + std::to_string(hit))) << damaged.reason;
    }
}

TEST_F(CheckedRunTest, ScratchIsNanAndGuarded) {
    Variant variant = twice_variant("scratch");
    variant.make_plan = [](const DeviceInfo&, const Problem&) {
        Plan plan;
        plan.kernels.emplace_back().call = [](const HostCallContext& context) {
            auto* scratch = static_cast<float*>(context.arguments[2]);
            for (int i = 0; i < 128; ++i)
                static_cast<float*>(context.arguments[1])[i] =
                    2 * static_cast<float*>(context.arguments[0])[i] + (i == 5 ? scratch[0] : 0);
            scratch[4] = 1;
        };
        plan.scratch = {16};
        plan.steps.push_back({0, {}, {}, 0, {TensorOperand{0}, TensorOperand{1}, ScratchOperand{0}}});
        return plan;
    };
    const Verdict used = run(variant).verdict;
    EXPECT_EQ(used.outcome, Outcome::wrong);
    EXPECT_EQ(used.nonfinite, 1u) << "what scratch held before is not to be relied on";
    EXPECT_TRUE(says(used, "wrote past the end of scratch 0 (16 bytes long), at byte 16")) << used.reason;
}

TEST_F(CheckedRunTest, TheProbeCounts) {
    problem.probe_result = {false, "Freivalds' check failed"};
    const CheckedRun probed = run(twice_variant("right"));
    EXPECT_EQ(probed.verdict.outcome, Outcome::wrong);
    EXPECT_EQ(probed.verdict.reason, "Freivalds' check failed");
}

TEST_F(CheckedRunTest, TooLongIsATimeoutWhenItIsSoAgain) {
    int runs = 0;
    const CheckedRun hung = run(twice_variant("slow",
                                              [&](float* x, float* y, std::int64_t count) {
                                                  test::twice(x, y, count);
                                                  ++runs;
                                              }),
                                1e-12);
    EXPECT_EQ(hung.verdict.outcome, Outcome::timeout);
    EXPECT_TRUE(hung.outputs.empty());
    EXPECT_EQ(runs, 2) << "what compiles within the first launch is no execution";
}

TEST_F(CheckedRunTest, WhatADriverCompilesWithinTheFirstLaunchIsNoExecution) {
    bool compiled = false;
    const CheckedRun late = run(twice_variant("late",
                                              [&](float* x, float* y, std::int64_t count) {
                                                  if (!compiled) std::this_thread::sleep_for(std::chrono::seconds(1));
                                                  compiled = true;
                                                  test::twice(x, y, count);
                                              }),
                                0.9);
    EXPECT_EQ(late.verdict.outcome, Outcome::passed) << late.verdict.reason;
    EXPECT_GE(late.host_ns, 1e9) << "the first launch is told as it was";
}

TEST_F(CheckedRunTest, EmptyTensorsRun) {
    TwiceProblem empty(0, 16);
    const LoadedPlan plan(device, twice_variant("right"), empty);
    TensorSet tensors(device, empty);
    const CheckedRun nothing =
        checked_run(device, plan, tensors, {},
                    {&empty, {}, cache.inputs(empty, 1, Fill::normal), cache.expected(empty, 1, Fill::normal, {}), 30});
    EXPECT_EQ(nothing.verdict.outcome, Outcome::passed) << nothing.verdict.reason;
}

TEST_F(CheckedRunTest, ScratchOfOneSizeIsShared) {
    ScratchPool pool(device);
    const auto first = pool.take({64, 128, 64});
    EXPECT_NE(first[0], first[2]) << "a plan's own buffers are apart";
    EXPECT_EQ(pool.take({128, 64})[1], first[0]) << "plans that run one after the other share";
}

TEST(GuardPattern, HoldsNoValueThatKernelsWrite) {
    for (Dtype dtype : {Dtype::f32, Dtype::f16, Dtype::bf16}) {
        Tensor as_tensor(TensorSpec{
            "guard", Role::input, dtype, {static_cast<std::int64_t>(Buffer::guard_bytes / size_of(dtype))}, {"i"}});
        as_tensor.data = guard_pattern(dtype, 1);
        for (std::size_t i = 0; i < as_tensor.spec.elements(); ++i) ASSERT_TRUE(std::isnan(as_tensor.at(i)));
    }
    EXPECT_NE(guard_pattern(Dtype::f32, 1), guard_pattern(Dtype::f32, 2)) << "the two sides differ";
    Tensor indices(TensorSpec{"guard", Role::input, Dtype::i32, {Buffer::guard_bytes / 4}, {"i"}});
    indices.data = guard_pattern(Dtype::i32, 1);
    for (std::int32_t index : indices.as<std::int32_t>()) ASSERT_TRUE(0 < index && index <= 1000);
}

TEST(VerdictOf, OutOfMemoryIsSkippedTheRestIsAnError) {
    DeviceError full("allocate", -4, "OUT_OF_MEMORY");
    full.set_out_of_memory(true);
    EXPECT_EQ(verdict_of(full).outcome, Outcome::skipped);
    EXPECT_EQ(verdict_of(DeviceError("build", -11, "BUILD_FAILURE", "the log")).outcome, Outcome::error);
    EXPECT_NE(verdict_of(DeviceError("build", -11, "BUILD_FAILURE", "the log")).reason.find("the log"),
              std::string::npos);
    EXPECT_EQ(verdict_of(std::bad_alloc()).outcome, Outcome::skipped);
    EXPECT_EQ(verdict_of(std::runtime_error("what")).outcome, Outcome::error);
    EXPECT_NE(verdict_of(std::runtime_error("")).reason, "") << "whoever reads a report wants one";
}

}  // namespace
}  // namespace stele::checked_run_test
