#include "harness/measure/messages.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "harness/base/error.hpp"
#include "harness/measure/merged_timing.hpp"
#include "harness/measure/time_limit.hpp"
#include "tests/support/twice.hpp"

namespace stele::messages_test {
namespace {

TEST(Messages, ARunRequestIsReadBack) {
    RunRequest run;
    run.work = Work::bench;
    run.operation = "gemm";
    run.problem = "m=1 n=2 k=3 f32";
    DeviceInfo device;
    device.id = "opencl:3";
    device.languages = {Language::opencl, Language::vendor};
    device.host_queue = HostQueue::opencl_queue;
    device.opencl_as_ptx = true;
    run.cells = {{"gemm/naive.opencl", sent(device)}};
    run.options.seed = std::numeric_limits<std::uint64_t>::max();
    run.options.time_limit_seconds = 2.5;
    run.options.cache = CacheMode::warm;
    const Request read = request_from(text_of(Request{.run = run}));
    ASSERT_TRUE(read.run);
    EXPECT_EQ(read.run->work, Work::bench);
    EXPECT_EQ(read.run->problem, run.problem);
    EXPECT_EQ(read.run->options.seed, run.options.seed);
    EXPECT_EQ(read.run->options.time_limit_seconds, 2.5);
    EXPECT_EQ(read.run->options.cache, CacheMode::warm);
    const DeviceInfo again = received(read.run->cells.at(0).device);
    EXPECT_EQ(again.id, "opencl:3");
    EXPECT_EQ(again.host_queue, HostQueue::opencl_queue);
    EXPECT_TRUE(again.opencl_as_ptx);
    EXPECT_EQ(again.languages, device.languages);
}

TEST(Messages, EachPhaseIsReadBack) {
    for (const auto& [phase, name] : named_values<Phase>()) {
        const Reply read = reply_from(text_of(Reply{.about_to = Intent{phase, 7, 8, 9, 1.5}}));
        ASSERT_TRUE(read.about_to) << name;
        EXPECT_EQ(read.about_to->phase, phase);
        EXPECT_EQ(read.about_to->cell, 7u);
        EXPECT_EQ(read.about_to->pass, 8u);
        EXPECT_FALSE(while_in(phase).empty()) << name;
    }
}

TEST(Messages, NumbersAndTextOfAnyKindAreReadBack) {
    FinishedReply finished;
    finished.cell = 2;
    finished.verdict.outcome = Outcome::wrong;
    finished.verdict.reason = "two\nlines and \xff, which is no UTF-8";
    finished.verdict.worst_got = std::numeric_limits<double>::quiet_NaN();
    finished.verdict.max_absolute = -std::numeric_limits<double>::infinity();
    finished.verdict.rms = 0.1 + 0.2;
    const std::string text = text_of(Reply{.finished = finished});
    EXPECT_EQ(text.find('\n'), text.npos) << "a message is a line";
    const Reply read = reply_from(text);
    ASSERT_TRUE(read.finished);
    EXPECT_TRUE(std::isnan(read.finished->verdict.worst_got));
    EXPECT_EQ(read.finished->verdict.max_absolute, finished.verdict.max_absolute);
    EXPECT_EQ(read.finished->verdict.rms, 0.1 + 0.2);
}

TEST(Messages, WhatIsNoMessageIsRefused) {
    for (const char* text : {"", "garbage", "[]", "{}", R"({"done": {}, "lost": "both"})", R"({"finished": []})",
                             R"({"about_to": {"phase": "dance"}})", R"({"done": {}} trailing)", R"({"unheard": 1})"})
        EXPECT_THROW(reply_from(text), BadInput) << text;
}

TEST(SharedTensors, ComeBackBitForBit) {
    test::TwiceProblem problem(3, 5);
    const std::vector<Tensor> inputs = problem.inputs(1, Fill::normal);
    PartSizes sizes;
    const Descriptor file = shared(inputs, sizes);
    const std::vector<Tensor> read = shared_tensors(file, sizes, {problem.tensors()[0]});
    ASSERT_EQ(read.size(), 1u);
    EXPECT_EQ(read[0].data, inputs[0].data);
    EXPECT_EQ(read[0].spec.shape, inputs[0].spec.shape);
    EXPECT_THROW(shared_tensors(file, sizes, {}), std::runtime_error);
    EXPECT_THROW(shared_tensors(file, {4}, {problem.tensors()[0]}), std::runtime_error);
    std::vector<TensorSpec> other = {problem.tensors()[0]};
    other[0].shape = {3, 4};
    EXPECT_THROW(shared_tensors(file, sizes, other), std::runtime_error);
}

TEST(SharedTensors, ReferencesComeBackWithTheirBounds) {
    const std::vector<Expected> expected{{{1, 2, 3}, {0.5, 0.25, 0}, {}}, {{4}, {1e-300}, {17}}};
    PartSizes sizes;
    const Descriptor file = shared(expected, sizes);
    const std::vector<Expected> read = shared_expected(file, sizes);
    ASSERT_EQ(read.size(), 2u);
    for (std::size_t i = 0; i < read.size(); ++i) {
        EXPECT_EQ(read[i].value, expected[i].value);
        EXPECT_EQ(read[i].bound, expected[i].bound);
        EXPECT_EQ(read[i].sampled, expected[i].sampled);
    }
}

Timing taken(std::vector<double> samples) {
    Timing timing;
    timing.samples_ns = std::move(samples);
    for (std::uint32_t i = 0; i < timing.samples_ns.size(); ++i) timing.pass.push_back(i);
    timing.round.assign(timing.samples_ns.size(), 0);
    timing.clock.resize(timing.samples_ns.size());
    summarise(timing);
    return timing;
}

TEST(MergedTiming, SamplesKeepTheirProcess) {
    const Timing both = merged({taken({5, 1}), taken({3, 9, 7})});
    EXPECT_EQ(both.samples_ns, (std::vector<double>{5, 1, 3, 9, 7}));
    EXPECT_EQ(both.round, (std::vector<std::uint32_t>{0, 0, 1, 1, 1}));
    EXPECT_EQ(both.pass, (std::vector<std::uint32_t>{0, 1, 0, 1, 2}));
    EXPECT_EQ(both.rounds, 2u);
    EXPECT_EQ(both.passes, 3u);
    EXPECT_EQ(both.median_ns, 5);
    EXPECT_EQ(both.clock.size(), 5u);
    const Timing three = merged({both, taken({2})});
    EXPECT_EQ(three.round.back(), 2u);
    EXPECT_EQ(three.rounds, 3u);
}

TEST(MergedTiming, ClocksAreOneASampleOrNone) {
    Timing silent = taken({4});
    silent.clock.clear();
    EXPECT_TRUE(merged({taken({1}), silent}).clock.empty());
}

TEST(MergedTiming, OneBadRoundIsTheVerdict) {
    Measurement right, wrong;
    right.verdict.outcome = Outcome::passed;
    right.timing = taken({1, 2});
    wrong.verdict.outcome = Outcome::wrong;
    wrong.verdict.reason = "in its second round";
    EXPECT_EQ(merged({right, wrong, right}).verdict.reason, "in its second round");
    EXPECT_EQ(merged({right, right}).timing->samples_ns.size(), 4u);
}

TEST(TimeLimit, OnlyTheKernelsOwnDoingIsLimited) {
    const test::TwiceProblem small(2, 2);
    DeviceInfo cpu;
    cpu.is_cpu = true;
    SamplerOptions options;
    EXPECT_FALSE(time_limit(Phase::reference, small, cpu, options));
    EXPECT_FALSE(time_limit(Phase::judge, small, cpu, options));
    EXPECT_EQ(time_limit(Phase::verify, small, cpu, options), 30);
    EXPECT_GT(time_limit(Phase::build, small, cpu, options), 30);
    options.time_limit_seconds = 3;
    EXPECT_EQ(time_limit(Phase::sample, small, cpu, options), 3);
    EXPECT_GT(time_limit(Phase::build, small, cpu, options), 30) << "compilers have their own";
}

TEST(TimeLimit, LargeProblemsHaveWhatASlowKernelNeeds) {
    const test::TwiceProblem large(1 << 20, 1 << 14);  // 1.7e10 operations
    DeviceInfo cpu, gpu;
    cpu.is_cpu = true;
    EXPECT_NEAR(*time_limit(Phase::verify, large, cpu, {}), 171.8, 0.1);
    EXPECT_EQ(*time_limit(Phase::verify, large, gpu, {}), 30);
}

}  // namespace
}  // namespace stele::messages_test
