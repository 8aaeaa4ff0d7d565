// OpenCL C as PTX: the block size that is stated, what is kept on disk, and how it reaches a CUDA device.
#include <gtest/gtest.h>

#include <filesystem>

#include "harness/base/folder.hpp"
#include "harness/catalog/registry.hpp"
#include "harness/explain/compiler.hpp"
#include "harness/explain/figures.hpp"
#include "harness/measure/checked_run.hpp"
#include "harness/toolchain/opencl_ptx.hpp"
#include "tests/support/fake_device.hpp"
#include "tests/support/variable.hpp"

namespace stele::opencl_ptx_test {
namespace {

constexpr const char* two_kernels = R"(//
.version 7.8
.target sm_90
.visible .entry first(
	.param .u64 first_param_0
)
{
	ret;
}
.visible .entry second(
	.param .u64 second_param_0
)
.reqntid 64, 1, 1
{
	ret;
}
)";

using test::Variable;

std::string why_no_clang() {
    try {
        Toolchain toolchain;
        toolchain.tool("clang-19");
        toolchain.tool("libclc");
        return "";
    } catch (const MissingTool& missing) {
        return missing.what();
    }
}

KernelSource doubling() {
    KernelSource source;
    source.language = Language::opencl;
    source.file = "test.cl";
    source.entry = "twice";
    source.text = "kernel void twice(global float* x) { x[get_global_id(0)] *= FACTOR; }\n";
    source.options = {"-DFACTOR=2.0f"};
    return source;
}

TEST(OpenclPtx, StatesTheBlockSizeOfTheKernelThatIsMeant) {
    const std::string text = with_block_size(two_kernels, "first", 256);
    const std::size_t at = text.find(".maxntid 256, 1, 1");
    ASSERT_NE(at, std::string::npos);
    EXPECT_LT(at, text.find("second"));
    EXPECT_EQ(with_block_size(two_kernels, "second", 256), two_kernels) << "the kernel states its own";
    EXPECT_THROW(with_block_size(two_kernels, "third", 256), std::runtime_error);
    EXPECT_THROW(with_block_size(".entry first(", "first", 256), std::runtime_error);
}

TEST(OpenclPtx, IsKeptForAMachineWithoutClang) {
    if (const std::string why = why_no_clang(); !why.empty()) GTEST_SKIP() << why;
    const TemporaryFolder folder;
    const ContentCache cache(folder.path());
    Toolchain here;
    const std::string made = opencl_to_ptx(doubling(), 128, "sm_90a", here, cache);
    EXPECT_TRUE(made.starts_with("// clang ")) << made.substr(0, 80);
    EXPECT_NE(made.find(".target sm_90"), std::string::npos);
    EXPECT_EQ(made.find(".target sm_90a"), std::string::npos) << "clang knows no a-variants";
    EXPECT_NE(made.find(".maxntid 128, 1, 1"), std::string::npos);

    const Variable no_path("PATH", "/nowhere"), no_libclc("STELE_LIBCLC", "/nowhere");
    Toolchain nothing;
    EXPECT_EQ(opencl_to_ptx(doubling(), 128, "sm_90a", nothing, cache), made);
    KernelSource other = doubling();
    other.options = {"-DFACTOR=3.0f"};
    EXPECT_THROW(opencl_to_ptx(other, 128, "sm_90a", nothing, cache), MissingTool);
}

TEST(OpenclPtx, IsMadeAgainWhereTheFileWasCut) {
    if (const std::string why = why_no_clang(); !why.empty()) GTEST_SKIP() << why;
    const TemporaryFolder folder;
    const ContentCache cache(folder.path());
    Toolchain here;
    const std::string made = opencl_to_ptx(doubling(), 128, "sm_90a", here, cache);
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path() / "ptx")) {
        std::filesystem::resize_file(entry.path(), std::filesystem::file_size(entry.path()) / 2);
        ++files;
    }
    EXPECT_EQ(files, 1u);
    EXPECT_EQ(opencl_to_ptx(doubling(), 128, "sm_90a", here, cache), made);
    EXPECT_EQ(opencl_to_ptx(doubling(), 128, "sm_90a", here, ContentCache(std::filesystem::path())), made);
}

TEST(OpenclPtx, WhatDoesNotCompileSaysWhy) {
    if (const std::string why = why_no_clang(); !why.empty()) GTEST_SKIP() << why;
    const TemporaryFolder folder;
    const ContentCache cache(folder.path());
    Toolchain here;
    KernelSource broken = doubling();
    broken.text = "kernel void twice(global float* x) { y = 1; }\n";
    try {
        opencl_to_ptx(broken, 128, "sm_90", here, cache);
        FAIL() << "compiled";
    } catch (const BadInput& error) {
        EXPECT_NE(std::string(error.what()).find("undeclared identifier 'y'"), std::string::npos) << error.what();
    }
}

/// A device that keeps what it is given to load.
class CudaInName : public test::FakeDevice {
public:
    CudaInName() {
        description.id = "cuda:0";
        description.backend = "cuda";
        description.architecture = "sm_90";
        description.compute_capability = 90;
        description.max_threads_per_block = 1024;
        description.shared_bytes_per_block = 227 << 10;
        description.languages = {Language::opencl};
        description.opencl_as_ptx = true;
    }
    std::unique_ptr<Kernel> load(const KernelSource& source) override {
        loaded.push_back(source);
        return FakeDevice::load(source);
    }
    std::vector<KernelSource> loaded;
};

TEST(OpenclPtx, ReachesACudaDeviceAsPtx) {
    if (const std::string why = why_no_clang(); !why.empty()) GTEST_SKIP() << why;
    const TemporaryFolder cache;
    const Variable home("XDG_CACHE_HOME", cache.path().string());
    const Registry registry;
    const Variant& variant = registry.variant("gemm/naive.opencl");
    const auto problem = registry.operation("gemm").parse("m=8 n=8 k=8 f32");
    CudaInName device;
    ASSERT_TRUE(variant.supports(device.info(), *problem));
    const LoadedPlan plan(device, variant, *problem);
    ASSERT_EQ(device.loaded.size(), 1u);
    EXPECT_TRUE(device.loaded[0].text.starts_with("//"));
    EXPECT_NE(device.loaded[0].text.find(".entry gemm_naive("), std::string::npos);
    EXPECT_NE(device.loaded[0].text.find(".maxntid"), std::string::npos);
    EXPECT_GT(plan.build_ns(), 0);
}

TEST(OpenclPtx, WithoutClangTheCellIsSkippedWithTheReason) {
    const TemporaryFolder cache;
    const Variable home("XDG_CACHE_HOME", cache.path().string()), no_path("PATH", "/nowhere");
    const Registry registry;
    const auto problem = registry.operation("gemm").parse("m=8 n=8 k=8 f32");
    CudaInName device;
    try {
        const LoadedPlan plan(device, registry.variant("gemm/naive.opencl"), *problem);
        FAIL() << "a compiler was found where there is none";
    } catch (const std::exception& error) {
        const Verdict verdict = verdict_of(error);
        EXPECT_EQ(verdict.outcome, Outcome::skipped);
        EXPECT_NE(verdict.reason.find("clang-19 is not on this machine; apt-get install clang-19"), std::string::npos)
            << verdict.reason;
    }
}

TEST(OpenclPtx, TheDriversOwnPtxIsARowBesideTheProxy) {
    if (const std::string why = why_no_clang(); !why.empty()) GTEST_SKIP() << why;
    const Registry registry;
    const auto problem = registry.operation("gemm").parse("m=8 n=8 k=8 f32");
    const TemporaryFolder folder;
    const ContentCache cache(folder.path());
    Toolchain toolchain;
    // What a driver gives is stood in for by clang's text: only the way to the row is tested here.
    const explain::DriverCompiler driver{"driver 1.2 → PTX (opencl:0)", "sm_90", [&](const KernelSource& source) {
                                             return opencl_to_ptx(source, 32, "sm_90", toolchain, cache);
                                         }};
    explain::Compiler compiler(explain::find_source_root(""), cache);
    explain::Explanation explanation;
    explain::explain_variant(registry.variant("gemm/naive.opencl"), *problem, "sm_90a", compiler, explanation, &driver);
    if (explanation.kernels.empty()) GTEST_SKIP() << explanation.absent.at(0).reason;
    ASSERT_EQ(explanation.kernels.size(), 2u);
    EXPECT_EQ(explanation.kernels[0].compiler, clang_label);
    EXPECT_EQ(explanation.kernels[1].compiler, driver.label);
    EXPECT_GT(explanation.kernels[1].assembler.registers, 0);
    EXPECT_NE(explanation.kernels[0].key(), explanation.kernels[1].key());

    explanation = {};
    explain::explain_variant(registry.variant("gemm/naive.opencl"), *problem, "sm_80", compiler, explanation, &driver);
    EXPECT_EQ(explanation.kernels.size(), 1u) << "the driver compiles for its own device only";
}

}  // namespace
}  // namespace stele::opencl_ptx_test
