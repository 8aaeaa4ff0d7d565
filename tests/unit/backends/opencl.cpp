// The OpenCL backend: kernels, their arguments, build failures, and the window of nanoseconds().
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "backends/backend.hpp"
#include "backends/error.hpp"
#include "backends/opencl/opencl.hpp"

namespace stele::opencl_test {
namespace {

class BackendsOpencl : public testing::Test {
protected:
    void SetUp() override {
        if (backend_->devices().empty()) GTEST_SKIP() << backend_->why_none();
        device_ = backend_->open(0);
    }

    std::unique_ptr<Kernel> load(const std::string& text, const std::string& entry,
                                 std::vector<std::string> options = {}) {
        KernelSource source;
        source.language = Language::opencl;
        source.file = "test.cl";
        source.entry = entry;
        source.instance = "8x8";
        source.text = text;
        source.options = std::move(options);
        return device_->load(source);
    }

    template <typename T>
    std::unique_ptr<Buffer> buffer(const std::vector<T>& values) {
        auto out = device_->allocate(values.size() * sizeof(T));
        device_->upload(*out, 0, std::as_bytes(std::span(values)));
        return out;
    }

    template <typename T>
    std::vector<T> values(const Buffer& from) {
        std::vector<T> out(from.bytes() / sizeof(T));
        device_->download(from, 0, std::as_writable_bytes(std::span(out)));
        return out;
    }

    std::unique_ptr<Backend> backend_ = opencl_backend();
    std::unique_ptr<Device> device_;
};

constexpr const char* every_argument = R"(
kernel void every_argument(global float* out, global const float* in, const int i, const uint u, const long l,
                           const float f) {
    out[0] = in ? 1.0f : -1.0f;
    out[1] = i;
    out[2] = u;
    out[3] = l >> 32;
    out[4] = f;
}
)";

TEST_F(BackendsOpencl, EveryKindOfArgumentArrives) {
    const auto kernel = load(every_argument, "every_argument");
    const auto out = buffer(std::vector<float>(5, 0.0f));
    const auto in = buffer(std::vector<float>{2.0f});
    for (Buffer* given : {in.get(), static_cast<Buffer*>(nullptr)}) {
        const Launch launch{
            kernel.get(),
            {},
            {},
            0,
            {out.get(), given, std::int32_t{-7}, std::uint32_t{3000000000u}, std::int64_t{3} << 32, 0.5f}};
        device_->run({&launch, 1});
        EXPECT_EQ(values<float>(*out), (std::vector<float>{given ? 1.0f : -1.0f, -7.0f, 3e9f, 3.0f, 0.5f}));
    }
}

TEST_F(BackendsOpencl, GridIsInBlocksAndBlockInThreads) {
    const auto kernel = load(R"(
kernel void place(global int* out) {
    const size_t block = (get_group_id(2) * get_num_groups(1) + get_group_id(1)) * get_num_groups(0) + get_group_id(0);
    const size_t thread =
        (get_local_id(2) * get_local_size(1) + get_local_id(1)) * get_local_size(0) + get_local_id(0);
    const size_t threads = get_local_size(0) * get_local_size(1) * get_local_size(2);
    out[block * threads + thread] = (int)(block * threads + thread);
}
)",
                             "place");
    const Dim3 grid{3, 2, 2}, block{4, 3, 2};
    const auto out = buffer(std::vector<int>(grid.volume() * block.volume(), -1));
    const Launch launch{kernel.get(), grid, block, 0, {out.get()}};
    device_->run({&launch, 1});
    std::vector<int> expected(grid.volume() * block.volume());
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(values<int>(*out), expected);
}

TEST_F(BackendsOpencl, LaunchesRunInOrderAlsoInATimedWindow) {
    const auto kernel =
        load("kernel void advance(global int* x, const int f, const int a) { x[0] = f * x[0] + a; }", "advance");
    const auto x = buffer(std::vector<int>{1});
    std::vector<Launch> launches;
    int expected = 1;
    for (std::int32_t i = 0; i < 600; ++i) {
        launches.push_back({kernel.get(), {}, {}, 0, {x.get(), i % 3 - 1, i}});
        expected = (i % 3 - 1) * expected + i;
    }
    device_->run(launches);
    EXPECT_EQ(values<int>(*x)[0], expected);
    const int one = 1;
    device_->upload(*x, 0, std::as_bytes(std::span(&one, 1)));
    EXPECT_GT(device_->nanoseconds(launches), 0);
    EXPECT_EQ(values<int>(*x)[0], expected);
}

TEST_F(BackendsOpencl, TheWindowHoldsAllLaunchesAndVendorCalls) {
    const auto chain = load(R"(
kernel void chain(global float* out, const int n) {
    float x = 1;
    for (int i = 0; i < n; ++i) x = fma(x, 0.5f, 0.25f);
    out[0] = x;
}
)",
                            "chain");
    const auto out = buffer(std::vector<float>{0});
    const Launch once{chain.get(), {}, {}, 0, {out.get(), std::int32_t{2'000'000}}};
    device_->run({&once, 1});
    KernelSource nothing;
    nothing.language = Language::vendor;
    nothing.call = [](const HostCallContext&) {};
    const auto vendor = device_->load(nothing);
    const std::vector<Launch> thrice(3, once);
    std::vector<Launch> with_vendor = thrice;
    with_vendor.insert(with_vendor.begin() + 1, Launch{vendor.get(), {}, {}, 0, {}});
    // The least of five: other processes only ever lengthen a time.
    const auto least = [&](std::span<const Launch> launches) {
        double best = device_->nanoseconds(launches);
        for (int i = 0; i < 4; ++i) best = std::min(best, device_->nanoseconds(launches));
        return best;
    };
    const double one = least({&once, 1}), three = least(thrice), fenced = least(with_vendor);
    EXPECT_GT(three, 2 * one);
    EXPECT_GT(fenced, 2 * one);
    EXPECT_LT(fenced, 2 * three);
}

TEST_F(BackendsOpencl, BuildFailureCarriesOptionsAndLog) {
    try {
        load("kernel void broken(global float* x) { x[0] = no_such_name; }", "broken", {"-DBLOCK_M=8", "-DNAME=1"});
        FAIL() << "it was built";
    } catch (const DeviceError& error) {
        const std::string what = error.what();
        EXPECT_EQ(error.code_name(), "CL_BUILD_PROGRAM_FAILURE");
        for (const char* part : {"test.cl", "broken", "8x8", "-DBLOCK_M=8 -DNAME=1", "no_such_name"})
            EXPECT_NE(what.find(part), std::string::npos) << "lacks " << part << ":\n" << what;
        EXPECT_FALSE(error.out_of_memory());
    }
}

TEST_F(BackendsOpencl, AnEntryThatIsNotThereIsNamed) {
    try {
        load("kernel void here(global float* x) { x[0] = 1; }", "there");
        FAIL() << "it was found";
    } catch (const DeviceError& error) {
        EXPECT_EQ(error.code_name(), "CL_INVALID_KERNEL_NAME");
        EXPECT_NE(std::string(error.what()).find("there"), std::string::npos) << error.what();
    }
}

TEST_F(BackendsOpencl, WrongLaunchesAreRefusedAndTheDeviceLivesOn) {
    const auto kernel = load("kernel void one(global int* x, const int v) { x[get_global_id(0)] = v; }", "one");
    const auto x = buffer(std::vector<int>{0});
    const auto too_many = static_cast<unsigned>(device_->info().max_threads_per_block) + 1;
    const std::vector<Argument> good{x.get(), std::int32_t{4}};
    const std::vector<Launch> wrong{
        {kernel.get(), {}, {}, 0, {x.get()}},                                    // an argument is missing
        {kernel.get(), {}, {}, 0, {x.get(), std::int32_t{4}, std::int32_t{5}}},  // one too many
        {kernel.get(), {}, {}, 0, {x.get(), std::int64_t{4}}},                   // of another size
        {kernel.get(), {0, 1, 1}, {}, 0, good},
        {kernel.get(), {}, {too_many, 1, 1}, 0, good},
        {kernel.get(), {}, {}, 64, good},
        {nullptr, {}, {}, 0, good}};
    for (std::size_t i = 0; i < wrong.size(); ++i) {
        EXPECT_THROW(device_->run({&wrong[i], 1}), DeviceError) << i;
        EXPECT_THROW(device_->nanoseconds({&wrong[i], 1}), DeviceError) << i;
    }
    // A wrong launch behind a good one: the good one was already waiting at the gate.
    const Launch right{kernel.get(), {}, {}, 0, good};
    const std::vector<Launch> mixed{right, wrong[0]};
    EXPECT_THROW(device_->nanoseconds(mixed), DeviceError);
    device_->run({&right, 1});
    EXPECT_EQ(values<int>(*x)[0], 4);
}

TEST_F(BackendsOpencl, AWriteBeyondTheEndShowsInTheGuardOrNowhere) {
    if (!device_->info().is_cpu) GTEST_SKIP() << "a GPU may stop at a write beyond its sub-buffer";
    const auto kernel = load("kernel void over(global int* x, const int n) { x[n] = 77; x[-1] = 78; }", "over");
    const auto x = buffer(std::vector<int>(16, 0));
    const Launch launch{kernel.get(), {}, {}, 0, {x.get(), std::int32_t{16}}};
    device_->run({&launch, 1});
    std::vector<int> high(1), low(1);
    device_->download(*x, 64, std::as_writable_bytes(std::span(high)));
    device_->download(*x, -4, std::as_writable_bytes(std::span(low)));
    EXPECT_EQ(high[0], 77);
    EXPECT_EQ(low[0], 78);
    EXPECT_EQ(values<int>(*x), std::vector<int>(16, 0));
}

TEST_F(BackendsOpencl, BuildTimeIsCountedAndTheBinaryIsThere) {
    const auto kernel = load("kernel void fill(global int* x) { x[get_global_id(0)] = 1; }", "fill");
    const double loaded = kernel->build_nanoseconds();
    EXPECT_GT(loaded, 0);
    const auto x = buffer(std::vector<int>(8, 0));
    const Launch launch{kernel.get(), {2}, {4}, 0, {x.get()}};
    device_->run({&launch, 1});
    const double first = kernel->build_nanoseconds();
    EXPECT_GE(first, loaded);
    device_->run({&launch, 1});
    EXPECT_EQ(kernel->build_nanoseconds(), first) << "the second launch compiles nothing";
    EXPECT_FALSE(opencl_program_binary(*kernel).empty());
}

TEST_F(BackendsOpencl, InfoIsFilled) {
    const DeviceInfo& info = device_->info();
    EXPECT_TRUE(info.speaks(Language::opencl));
    EXPECT_FALSE(info.speaks(Language::cuda));
    EXPECT_FALSE(info.platform.empty());
    EXPECT_GT(info.cache_bytes, 0u);
    EXPECT_GT(info.shared_bytes_per_block, 0u);
    EXPECT_GT(info.timer_resolution_ns, 0);
    EXPECT_GT(info.max_threads_per_block, 1);
    EXPECT_EQ(info.has("f16"), info.has("cl_khr_fp16"));
    EXPECT_FALSE(info.architecture.empty());
    // PoCL ends its version with what it generates code for.
    if (info.is_cpu && info.architecture != "cpu") {
        EXPECT_NE(info.driver.find("gnu-" + info.architecture + ";"), std::string::npos) << info.driver;
    }
}

}  // namespace
}  // namespace stele::opencl_test
