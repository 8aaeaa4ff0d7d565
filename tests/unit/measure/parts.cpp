// The parts of a run by figures at their edges: limits, peaks, memory, operands, files between processes, messages.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "backends/error.hpp"
#include "backends/host/limits.hpp"
#include "harness/base/error.hpp"
#include "harness/measure/checked_run.hpp"
#include "harness/measure/memory.hpp"
#include "harness/measure/messages.hpp"
#include "harness/measure/references.hpp"
#include "harness/measure/roofline.hpp"
#include "harness/measure/time_limit.hpp"
#include "harness/measure/verdict.hpp"
#include "harness/measure/workspace.hpp"
#include "harness/toolchain/opencl_ptx.hpp"
#include "tests/support/fake_device.hpp"
#include "tests/support/twice.hpp"

namespace stele::parts_test {
namespace {

using nlohmann::json;

TEST(TimeLimits, ByPhase) {
    const test::TwiceProblem problem(2, 2);
    SamplerOptions options;
    options.time_limit_seconds = 5;
    const auto limit = [&](Phase phase) { return time_limit(phase, problem, {}, options); };
    EXPECT_EQ(limit(Phase::open), 60);
    EXPECT_EQ(limit(Phase::build), 600);
    EXPECT_EQ(limit(Phase::measure_energy), 17) << "two seconds and three executions";
    for (const Phase phase :
         {Phase::verify, Phase::prepare, Phase::warm_up, Phase::sample, Phase::check_again, Phase::profile})
        EXPECT_EQ(limit(phase), 5);
}

DeviceInfo device_of(std::string name, int capability, int units) {
    DeviceInfo device;
    device.name = std::move(name);
    device.compute_capability = capability;
    device.compute_units = units;
    return device;
}

TEST(PeaksByHand, OfAGpuAreUnitsTimesRateTimesClock) {
    const Peaks half = peaks(device_of("H200", 90, 100), Dtype::bf16);
    EXPECT_DOUBLE_EQ(half.flops_per_second, 2.0 * 2048 * 100 * 1.98e9);
    EXPECT_EQ(half.source,
              "4.8 TB/s by the H200 data sheet, 100 multiprocessors of 2048 multiply-adds a cycle (H100 white paper) "
              "at 1980 MHz");
    EXPECT_DOUBLE_EQ(peaks(device_of("H200", 90, 1), Dtype::f32).flops_per_second, 2.0 * 1024 * 1.98e9);
    EXPECT_DOUBLE_EQ(peaks(device_of("H200", 90, 1), Dtype::e4m3).flops_per_second, 2.0 * 4096 * 1.98e9);
    EXPECT_DOUBLE_EQ(peaks(device_of("A100", 80, 1), Dtype::f16).flops_per_second, 2.0 * 1024 * 1.41e9);
    EXPECT_DOUBLE_EQ(peaks(device_of("A100", 80, 1), Dtype::tf32).flops_per_second, 2.0 * 512 * 1.41e9);
    EXPECT_DOUBLE_EQ(peaks(device_of("A100", 80, 1), Dtype::f16).bytes_per_second, 2.039e12);
    EXPECT_DOUBLE_EQ(peaks(device_of("H100", 90, 1), Dtype::f16).bytes_per_second, 3.35e12);
    for (const DeviceInfo& silent : {device_of("H200", 0, 132), device_of("H200", 90, 0), device_of("H200", 90, -1)}) {
        const Peaks memory = peaks(silent, Dtype::f32);
        EXPECT_EQ(memory.flops_per_second, 0);
        EXPECT_EQ(memory.bytes_per_second, 4.8e12);
        EXPECT_EQ(memory.source, "4.8 TB/s by the H200 data sheet");
    }
}

TEST(PeaksByHand, OfACpuAreThreadsTimesLanesTimesClock) {
    DeviceInfo cpu = device_of("", 0, 3);
    cpu.is_cpu = true;
    const auto flops = [&](Dtype dtype, const CpuFeatures& features) {
        return peaks(cpu, dtype, features).flops_per_second;
    };
    EXPECT_DOUBLE_EQ(flops(Dtype::f32, {true, false, false}), 2.0 * 16 * 3 * 6.5e9);
    EXPECT_DOUBLE_EQ(flops(Dtype::f32, {true, true, true}), 2.0 * 32 * 3 * 6.5e9) << "no tiles of f32";
    EXPECT_DOUBLE_EQ(flops(Dtype::bf16, {true, true, false}), 2.0 * 64 * 3 * 6.5e9);
    EXPECT_DOUBLE_EQ(flops(Dtype::bf16, {true, true, true}), 2.0 * 1024 * 3 * 6.5e9);
    EXPECT_DOUBLE_EQ(flops(Dtype::s8, {true, true, true}), 2.0 * 2048 * 3 * 6.5e9);
    EXPECT_EQ(peaks(cpu, Dtype::f32, {true, true, false}).bytes_per_second, 0);
    EXPECT_EQ(peaks(cpu, Dtype::f32, {true, true, false}).source,
              "3 threads of 32 multiply-adds a cycle at 6.5 GHz, which no CPU exceeds; its memory's peak is not known");
    EXPECT_EQ(peaks(cpu, Dtype::f64, {true, true, false}).source, "no peak is known for f64 arithmetic");
    cpu.compute_units = 0;
    EXPECT_EQ(flops(Dtype::f32, {true, true, false}), 0);
    EXPECT_EQ(peaks(cpu, Dtype::f32, {false, true, false}).source, "no peak is known for this CPU");
}

TEST(FloorByHand, IsTheSlowerAndSaysOfWhat) {
    const test::TwiceProblem problem(1000, 1000);  // 1 MFLOP, 8 MB
    DeviceInfo device;
    device.cache_bytes = 2000000;
    EXPECT_EQ(floor_of(problem, device, {2e9, 0, "x"}).reason, "0.001 GFLOP at 0.002 TFLOP/s (x)");
    EXPECT_DOUBLE_EQ(floor_of(problem, device, {2e9, 0, "x"}).ns, 5e5);
    EXPECT_EQ(floor_of(problem, device, {0, 3e9, "x"}).reason, "0.006 GB beyond the cache at 0.003 TB/s (x)");
    EXPECT_DOUBLE_EQ(floor_of(problem, device, {0, 3e9, "x"}).ns, 2e6);
    EXPECT_DOUBLE_EQ(floor_of(problem, device, {1e12, 3e9, "x"}).ns, 2e6);
    EXPECT_DOUBLE_EQ(floor_of(problem, device, {1e8, 3e9, "x"}).ns, 1e7);
    EXPECT_EQ(floor_of(problem, device, {1e9, 6e9, "x"}).reason, "0.001 GFLOP at 0.001 TFLOP/s (x)") << "alike";
    device.cache_bytes = 8000000;
    const Floor fits = floor_of(problem, device, {0, 3e9, "x"});
    EXPECT_EQ(fits.ns, 0);
    EXPECT_EQ(fits.reason, "no floor: the operands fit the cache, or there is no work");
    device.cache_bytes = 9000000;
    EXPECT_EQ(floor_of(problem, device, {0, 3e9, "x"}).ns, 0) << "nothing less than nothing";
    EXPECT_EQ(floor_of(problem, device, {0, 0, "why"}).reason, "no floor: why");
    EXPECT_EQ(floor_of(problem, device, {0, 0, "why"}).ns, 0);
}

TEST(MemoryByHand, ATensorOrAllOfThemAreSaidWithTheirBytes) {
    const test::TwiceProblem problem{16, 16};
    DeviceInfo device;
    device.id = "some:0";
    device.global_bytes = 2047;
    EXPECT_TRUE(why_too_large(device, problem).starts_with("no memory: the tensors take 2 KiB, and some:0 has "));
    device.global_bytes = 0;
    device.max_allocation_bytes = 1023;
    EXPECT_TRUE(why_too_large(device, problem).starts_with("no memory: one tensor takes 1 KiB, and some:0 allocates"));
}

TEST(ReferenceBytesKept, AreOfInputsValuesBoundsAndPlaces) {
    class Sampled : public test::TwiceProblem {
    public:
        using TwiceProblem::TwiceProblem;
        std::vector<Expected> reference(std::span<const Tensor>, const Arithmetic&) const override {
            ++references;
            return {{{1, 2, 3}, {0, 0, 0}, {4, 5, 6}}, {{1}, {0}, {}}};
        }
    };
    const Sampled problem(2, 3);
    constexpr std::size_t inputs = 24, expected = (3 + 3 + 1 + 1) * 8 + 3 * 8;
    ReferenceCache cache(1 << 20);
    cache.inputs(problem, 1, Fill::normal);
    EXPECT_EQ(cache.bytes(), inputs);
    cache.expected(problem, 1, Fill::normal, {});
    EXPECT_EQ(cache.bytes(), inputs + expected);
    cache.inputs(problem, 1, Fill::normal);
    EXPECT_EQ(cache.bytes(), inputs + expected) << "found";

    ReferenceCache just_enough(inputs + expected);
    just_enough.expected(problem, 2, Fill::normal, {});
    EXPECT_EQ(just_enough.bytes(), inputs + expected) << "all of it fits";
    const auto held = just_enough.inputs(problem, 2, Fill::normal);
    just_enough.inputs(problem, 3, Fill::normal);  // the reference is now the one that was used longest ago
    EXPECT_EQ(just_enough.bytes(), 2 * inputs);
    EXPECT_EQ(just_enough.inputs(problem, 2, Fill::normal), held);
    ReferenceCache none(0);
    EXPECT_EQ(none.inputs(problem, 1, Fill::normal)->size(), 1u);
    EXPECT_EQ(none.bytes(), 0u);
}

TEST(ReferenceBytesKept, AreAQuarterOfWhatIsLeftAtMost) {
    EXPECT_LE(ReferenceCache::affordable_bytes(), std::size_t{2} << 30);
    EXPECT_GT(ReferenceCache::affordable_bytes(), 0u);
}

class Sets : public testing::Test {
protected:
    /// Sets that samples rotate over, and whether the cache is evicted too.
    std::pair<std::uint32_t, bool> prepared(CacheMode mode, std::int64_t columns = 256) {
        const test::TwiceProblem problem{64, columns};
        Workspace workspace(device, problem);
        workspace.prepare(problem.inputs(1, Fill::normal), mode);
        return {workspace.rotations(), workspace.evicts()};
    }
    test::FakeDevice device;  // with a cache of 1 MiB, eight times the operands
};

TEST_F(Sets, HoldTwiceTheCacheAndNoMore) {
    EXPECT_EQ(prepared(CacheMode::cold), (std::pair{16u, false}));
    device.description.cache_bytes += 1;
    EXPECT_EQ(prepared(CacheMode::cold), (std::pair{17u, false})) << "the last one is begun";
    device.description.cache_bytes = 1 << 10;
    EXPECT_EQ(prepared(CacheMode::cold), (std::pair{1u, false})) << "larger than twice the cache";
    EXPECT_EQ(prepared(CacheMode::warm), (std::pair{1u, false}));
    device.description.cache_bytes = 0;
    EXPECT_EQ(prepared(CacheMode::cold), (std::pair{1u, true}));
    EXPECT_EQ(prepared(CacheMode::warm), (std::pair{1u, false}));
    EXPECT_EQ(prepared(CacheMode::cold, 0).first, 1u) << "no operands";
}

TEST_F(Sets, TakeAQuarterOfTheMemory) {
    device.description.global_bytes = 4 * 8 * 128 * 1024;
    EXPECT_EQ(prepared(CacheMode::cold), (std::pair{8u, true}));
    device.description.global_bytes = 1024;
    EXPECT_EQ(prepared(CacheMode::cold), (std::pair{1u, true})) << "one at least";
    device.description.global_bytes = std::size_t{1} << 40;
    device.description.cache_bytes = 200 * 128 * 1024;
    EXPECT_EQ(prepared(CacheMode::cold), (std::pair{256u, true})) << "and 256 at most";
    device.description.is_cpu = true;
    device.description.global_bytes = 4 * 8 * 128 * 1024;
    EXPECT_EQ(prepared(CacheMode::cold), (std::pair{8u, true}));
}

TEST_F(Sets, TakeTurns) {
    const test::TwiceProblem problem{64, 256};
    device.description.cache_bytes = 3 * 64 * 1024;  // three sets of 128 KiB
    Workspace workspace(device, problem);
    const std::vector<Tensor> inputs = problem.inputs(1, Fill::normal);
    workspace.prepare(inputs, CacheMode::cold);
    ASSERT_EQ(workspace.rotations(), 3u);
    std::vector<TensorSet*> turns;
    for (int i = 0; i < 6; ++i) turns.push_back(&workspace.next());
    EXPECT_NE(turns[0], &workspace.first()) << "which the check has just left";
    EXPECT_EQ(turns[2], &workspace.first());
    EXPECT_EQ(std::set<TensorSet*>(turns.begin(), turns.end()).size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(turns[i], turns[i + 3]);
        EXPECT_EQ(turns[i]->damage(inputs), "") << "all of them have the inputs";
        EXPECT_TRUE(holds_poison(turns[i]->outputs()));
    }
}

TEST(OperandSets, SumTheirBytesAndRefuseInputsThatAreNotTheirs) {
    test::FakeDevice device;
    const test::TwiceProblem problem{2, 3};
    TensorSet set(device, problem);
    EXPECT_EQ(set.bytes(), 48u);
    EXPECT_THROW(set.reset({}), std::logic_error);
    EXPECT_THROW(set.reset(test::TwiceProblem(2, 4).inputs(1, Fill::normal)), std::logic_error);
    std::vector<Tensor> inputs = problem.inputs(1, Fill::normal);
    set.reset(inputs);
    EXPECT_EQ(set.outputs().at(0).data, std::vector<std::byte>(24, poison));
    set.reset(inputs, second_poison);
    EXPECT_EQ(set.outputs().at(0).data, std::vector<std::byte>(24, second_poison));
    EXPECT_EQ(set.damage(inputs), "");
    inputs[0].data[7] ^= std::byte{1};
    EXPECT_EQ(set.damage(inputs), "changed its input X, first at element 1");
}

TEST(OperandSets, LargeOnesAreFilledToTheirEnd) {
    test::FakeDevice device;
    constexpr std::size_t piece = std::size_t{16} << 20;
    GuardedBuffer buffer(device, "B", Dtype::u8, piece + 3);
    buffer.poison();
    std::vector<std::byte> end(5);
    device.download(buffer.buffer(), static_cast<std::ptrdiff_t>(piece - 2), end);
    EXPECT_EQ(end, std::vector<std::byte>(5, poison));
    EXPECT_EQ(buffer.guard_damage(), "");
    const std::vector<std::byte> one(1, poison);
    device.upload(buffer.buffer(), -2, one);
    device.upload(buffer.buffer(), static_cast<std::ptrdiff_t>(piece + 3 + 5), one);
    EXPECT_EQ(buffer.guard_damage(),
              "wrote 2 bytes before the start of B (16777219 bytes long); wrote past the end of B (16777219 bytes "
              "long), at byte 16777224");
    buffer.write_guards();
    EXPECT_EQ(buffer.guard_damage(), "");
}

TEST(GuardWords, AreNansOfTheirOwnOrSmallNumbers) {
    std::set<std::uint16_t> seen;
    const std::vector<std::byte> bytes = guard_pattern(Dtype::f32, 1), whole = guard_pattern(Dtype::i32, 1);
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
        std::uint16_t word = 0;
        std::memcpy(&word, bytes.data() + i, 2);
        const unsigned low = word & 0x7fffu;
        EXPECT_TRUE(0x7ff1 <= low && low <= 0x7ffe) << word;
        seen.insert(word);
    }
    EXPECT_EQ(seen.size(), 28u) << "fourteen of either sign";
    for (std::size_t i = 0; i < whole.size(); i += 4) {
        std::uint32_t word = 0;
        std::memcpy(&word, whole.data() + i, 4);
        EXPECT_TRUE(1 <= word && word <= 1000) << word;
    }
}

TEST(SharedFiles, OfOtherSizesArePartsTooManyOrTooFew) {
    const std::vector<Expected> expected{{{1, 2}, {3, 4}, {5}}};
    PartSizes sizes{77};
    const Descriptor file = shared(expected, sizes);
    EXPECT_EQ(sizes, (PartSizes{16, 16, 8}));
    EXPECT_EQ(shared_expected(file, sizes).size(), 1u);
    EXPECT_THROW(shared_expected(file, {16, 16}), std::runtime_error) << "the file is longer";
    EXPECT_THROW(shared_expected(file, {16, 16, 8, 8}), std::runtime_error) << "the file is shorter";
    EXPECT_THROW(shared_expected(file, {24, 16}), std::runtime_error) << "a part is missing";
    EXPECT_THROW(shared_expected(Descriptor(), {}), std::runtime_error) << "no file";
    TensorSpec open{"X", Role::input, Dtype::i32, {3}, {"R"}};
    EXPECT_THROW(shared_tensors(file, {40}, {open}), std::runtime_error) << "its length is not open";
    open.open_length = true;
    EXPECT_EQ(shared_tensors(file, {40}, {open}).at(0).spec.shape, std::vector<std::int64_t>{10});
    EXPECT_THROW(shared_tensors(file, {39, 1}, {open}), std::runtime_error) << "no whole number of elements";
    EXPECT_THROW(shared_tensors(file, {40}, {open, open}), std::runtime_error);
    EXPECT_THROW(shared_tensors(file, {20, 20}, {open}), std::runtime_error);
    const std::vector<Tensor> two = shared_tensors(file, {16, 24}, {open, open});
    EXPECT_EQ(two.at(1).spec.shape, std::vector<std::int64_t>{6});
    EXPECT_EQ(two[0].as<double>()[1], 2);
    EXPECT_EQ(two[1].as<double>()[1], 4);
}

TEST(Verdicts, OfErrorsAreByTheirKind) {
    EXPECT_EQ(verdict_of(MissingTool("no clang")).outcome, Outcome::skipped);
    EXPECT_EQ(verdict_of(MissingTool("no clang")).reason, "no clang");
    EXPECT_EQ(verdict_of(Interrupted("ended")).outcome, Outcome::skipped);
    EXPECT_EQ(verdict_of(DeviceError("build", -11, "BUILD_FAILURE", "log")).outcome, Outcome::error);
    EXPECT_TRUE(verdict_of(std::bad_alloc()).reason.starts_with("not enough memory: "));
    EXPECT_EQ(verdict_of(std::runtime_error("")).reason, "an error without a message");
}

/// A message, its device's own fields left out.
json said(const std::string& text) {
    json message = json::parse(text);
    if (message.contains("run"))
        for (json& cell : message["run"]["cells"]) cell["device"].erase("info");
    return message;
}

TEST(MessageFields, StandUnderTheirNames) {
    DeviceInfo device;
    device.host_queue = HostQueue::opencl_queue;
    device.opencl_as_ptx = true;
    RunRequest run{Work::profile, "gemm", "m=1", {{"v", sent(device)}}, {}, true};
    run.options = {1, 2, Fill::zeros, CacheMode::warm, Regime::sustained, 0.5, 3, 4, 5, 6, 7, 8, true, 9};
    EXPECT_EQ(said(text_of(Request{.run = run})),
              json::parse(R"({"run": {"work": "profile", "operation": "gemm",
        "problem": "m=1", "cells": [{"variant": "v", "device": {"host_queue": )" +
                          said(text_of(Request{.run = run}))["run"]["cells"][0]["device"]["host_queue"].dump() +
                          R"(, "opencl_as_ptx": true}}],
        "options": {"seed": 1, "round": 2, "fill": "zeros", "cache": "warm", "regime": "sustained", "interval": 0.5,
        "cell_seconds": 3.0, "least_samples": 4, "most_samples": 5, "longest_timed_seconds": 6.0,
        "cell_timeout_seconds": 7.0, "time_limit_seconds": 8.0, "energy": true, "warmup_seconds": 9.0},
        "given": true}})"));
    EXPECT_EQ(said(text_of(Request{.list = ListRequest{{"cuda"}}})), json::parse(R"({"list": {"skipped": ["cuda"]}})"));
    EXPECT_EQ(said(text_of(Request{.shared = SharedParts{{1, 2}}})), json::parse(R"({"shared": {"sizes": [1, 2]}})"));
    EXPECT_EQ(said(text_of(Request{.refused = Refusal{"why", true}})),
              json::parse(R"({"refused": {"why": "why", "out_of_memory": true}})"));
    EXPECT_EQ(said(text_of(Request{.stop = Nothing{}})), json::parse(R"({"stop": {}})"));
    EXPECT_TRUE(
        said(text_of(Request{.check_clock = ClockRequest{sent(device)}}))["check_clock"]["device"].contains("info"));
    EXPECT_EQ(said(text_of(Reply{.listing = "cuda"})), json::parse(R"({"listing": "cuda"})"));
    EXPECT_EQ(said(text_of(Reply{.found = FoundReply{{}, {{"simt", "why"}}}})),
              json::parse(R"({"found": {"devices": [], "absent": [{"name": "simt", "why": "why"}]}})"));
    EXPECT_EQ(said(text_of(Reply{.about_to = Intent{Phase::warm_up, 1, 2, 3, 4, 5}})),
              json::parse(R"({"about_to": {"phase": "warm_up", "cell": 1, "pass": 2, "active": 3, "seconds": 4.0,
                              "step": 5}})"));
    const json sampled = said(text_of(Reply{.sampled = SampleReply{6, Sample{1.5, 2, {}, 3}}}));
    EXPECT_EQ(sampled["sampled"]["cell"], 6);
    EXPECT_EQ(sampled["sampled"]["sample"]["ns"], 1.5);
    EXPECT_EQ(sampled["sampled"]["sample"]["pass"], 2);
    EXPECT_EQ(sampled["sampled"]["sample"]["stolen_ms"], 3);
    EXPECT_TRUE(sampled["sampled"]["sample"].contains("clock"));
    FinishedReply finished{3, {}, "ran", Timing{}, Untimed{"slow", 9}, SharedParts{{4}}};
    const json told = said(text_of(Reply{.finished = finished}))["finished"];
    EXPECT_EQ(told["cell"], 3);
    EXPECT_EQ(told["ran"], "ran");
    EXPECT_EQ(told["outputs"], json::parse(R"({"sizes": [4]})"));
    for (const char* field : {"verdict", "timing", "untimed"}) EXPECT_TRUE(told.contains(field)) << field;
    EXPECT_EQ(said(text_of(Reply{.want = Want{1, Fill::zeros, Arithmetic{Dtype::f16, Dtype::bf16, 2, 3, 0.5}}})),
              json::parse(R"({"want": {"seed": 1, "fill": "zeros", "arithmetic": {"accumulate": "f16",
                              "probabilities": "bf16", "promote_every": 2, "products_per_rounding": 3,
                              "narrower_roundoff": 0.5}}})"));
    EXPECT_EQ(said(text_of(Reply{.lost = "why"})), json::parse(R"({"lost": "why"})"));
    EXPECT_EQ(said(text_of(Reply{.failed = "why"})), json::parse(R"({"failed": "why"})"));
    EXPECT_EQ(said(text_of(Reply{.done = Nothing{}})), json::parse(R"({"done": {}})"));
    EXPECT_THROW(request_from("{}"), BadInput);
    EXPECT_THROW(request_from(R"({"stop": {}, "list": {"skipped": []}})"), BadInput);
}

TEST(MessageFields, DevicesThatWereFoundComeBackAsTheyWere) {
    DeviceInfo device;
    device.id = "opencl:1";
    device.host_queue = HostQueue::opencl_queue;
    const FoundDevices found = found_in(reply_of({{device, {}}, {{"simt", "why"}}}));
    ASSERT_EQ(found.infos.size(), 2u);
    EXPECT_EQ(found.infos[0].id, "opencl:1");
    EXPECT_EQ(found.infos[0].host_queue, HostQueue::opencl_queue);
    ASSERT_EQ(found.absent.size(), 1u);
    EXPECT_EQ(found.absent[0].why, "why");
}

}  // namespace
}  // namespace stele::parts_test
