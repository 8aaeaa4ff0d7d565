// The CUDA backend on a machine with an NVIDIA GPU: the runtime's own paths, by a kernel given as PTX text.
#include <gtest/gtest.h>

#include <vector>

#include "backends/backend.hpp"
#include "backends/error.hpp"

namespace stele::cuda_test {
namespace {

// out[thread] = in ? in[thread] + add : add, over one block of dynamic or no shared memory.
constexpr const char* add_ptx = R"(//
.version 7.8
.target sm_80
.address_size 64
.visible .entry add(.param .u64 out, .param .u64 in, .param .s32 value)
{
    .reg .pred %p<2>;
    .reg .b32 %r<6>;
    .reg .b64 %rd<8>;
    ld.param.u64 %rd1, [out];
    ld.param.u64 %rd2, [in];
    ld.param.s32 %r1, [value];
    cvta.to.global.u64 %rd3, %rd1;
    mov.u32 %r2, %tid.x;
    mul.wide.u32 %rd4, %r2, 4;
    add.s64 %rd5, %rd3, %rd4;
    setp.eq.s64 %p1, %rd2, 0;
    @%p1 bra STORE;
    cvta.to.global.u64 %rd6, %rd2;
    add.s64 %rd7, %rd6, %rd4;
    ld.global.s32 %r3, [%rd7];
    add.s32 %r1, %r1, %r3;
STORE:
    st.global.s32 [%rd5], %r1;
    ret;
}
)";

class BackendsCuda : public testing::Test {
protected:
    void SetUp() override {
        for (auto& backend : all_backends()) {
            if (backend->name() != "cuda") continue;
            if (backend->devices().empty()) GTEST_SKIP() << backend->why_none();
            device_ = backend->open(0);
        }
    }

    KernelSource source(std::string text) const {
        KernelSource out;
        out.language = Language::opencl;
        out.file = "add.ptx";
        out.entry = "add";
        out.text = std::move(text);
        return out;
    }

    std::unique_ptr<Device> device_;
};

TEST_F(BackendsCuda, PtxTextIsLoadedRunAndTimed) {
    const auto kernel = device_->load(source(add_ptx));
    EXPECT_GT(kernel->build_nanoseconds(), 0);
    const std::vector<int> in{1, 2, 3, 4};
    std::vector<int> out(4);
    const auto in_buffer = device_->allocate(16), out_buffer = device_->allocate(16);
    device_->upload(*in_buffer, 0, std::as_bytes(std::span(in)));
    for (Buffer* given : {in_buffer.get(), static_cast<Buffer*>(nullptr)}) {
        const Launch launch{kernel.get(), {}, {4}, 0, {out_buffer.get(), given, std::int32_t{10}}};
        device_->run({&launch, 1});
        device_->download(*out_buffer, 0, std::as_writable_bytes(std::span(out)));
        EXPECT_EQ(out, given ? (std::vector<int>{11, 12, 13, 14}) : (std::vector<int>(4, 10)));
        EXPECT_GT(device_->nanoseconds({&launch, 1}), 0);
    }
    // More than a stream holds behind a shut gate.
    const std::vector<Launch> many(
        3000, Launch{kernel.get(), {}, {4}, 0, {out_buffer.get(), out_buffer.get(), std::int32_t{1}}});
    EXPECT_GT(device_->nanoseconds(many), 0);
    device_->download(*out_buffer, 0, std::as_writable_bytes(std::span(out)));
    EXPECT_EQ(out, std::vector<int>(4, 3010));
}

TEST_F(BackendsCuda, WrongPtxSaysWhatTheAssemblerSaid) {
    std::string text = add_ptx;
    text.replace(text.find("setp.eq.s64"), 11, "setp.no.s64");
    try {
        device_->load(source(text));
        FAIL() << "it was assembled";
    } catch (const DeviceError& error) {
        EXPECT_NE(std::string(error.what()).find("setp"), std::string::npos) << error.what();
    }
    EXPECT_NO_THROW(device_->load(source(add_ptx)));
}

TEST_F(BackendsCuda, OpenclTextIsRefusedWithTheLanguage) {
    try {
        device_->load(source("kernel void add(global int* out) { out[0] = 1; }"));
        FAIL() << "CUDA compiled OpenCL C";
    } catch (const DeviceError& error) {
        EXPECT_NE(std::string(error.what()).find("takes no opencl"), std::string::npos) << error.what();
    }
}

TEST_F(BackendsCuda, ACallThatWaitsForTheStreamDoesNotHangTheWindow) {
    KernelSource waiting;
    waiting.language = Language::vendor;
    waiting.entry = "waits";
    Device* device = device_.get();
    const auto buffer = device_->allocate(4);
    // A download waits for the stream, and so for the gate in front of the window.
    waiting.call = [&](const HostCallContext&) {
        int value = 0;
        device->download(*buffer, 0, std::as_writable_bytes(std::span(&value, 1)));
    };
    const auto kernel = device_->load(waiting);
    const Launch launch{kernel.get(), {}, {}, 0, {}};
    EXPECT_LT(device_->nanoseconds({&launch, 1}), 5e9);
}

TEST_F(BackendsCuda, TheManagementLibraryTellsClocks) {
    const ClockState state = device_->clock();
    if (!state.sm_mhz) GTEST_SKIP() << "libnvidia-ml.so.1 tells nothing about this device";
    EXPECT_GT(*state.sm_mhz, 0);
}

}  // namespace
}  // namespace stele::cuda_test
