// A machine without a driver: no devices, and a reason that says what to do. Each look is in a process of its own,
// as the loaders read their environment once.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "backends/backend.hpp"

namespace stele {
namespace {

// Ends the process: 0 and the reason on stderr if the backend has no device.
[[noreturn]] void look(const char* variable, const char* value, std::string_view backend_name) {
    setenv(variable, value, 1);
    for (const auto& backend : all_backends()) {
        if (backend->name() != backend_name) continue;
        std::fprintf(stderr, "why: %s\n", backend->why_none().c_str());
        std::exit(backend->devices().empty() ? 0 : 1);
    }
    std::exit(2);
}

class BackendsDeathTest : public testing::Test {
protected:
    void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(BackendsDeathTest, WithoutAnOpenclDriverTheReasonNamesThePackage) {
    EXPECT_EXIT(look("OCL_ICD_VENDORS", "/nonexistent", "opencl"), testing::ExitedWithCode(0),
                "apt install pocl-opencl-icd");
}

// Where there is a driver it now sees no device (100), where there is none the runtime says so (35); a build without
// CUDA says that.
TEST_F(BackendsDeathTest, WithoutAGpuCudaSaysWhichOfThemIsMissing) {
    EXPECT_EXIT(look("CUDA_VISIBLE_DEVICES", "-1", "cuda"), testing::ExitedWithCode(0),
                "why: (no NVIDIA driver|the driver sees no NVIDIA GPU|no nvcc|built with -DSTELE_CUDA=OFF)");
}

}  // namespace
}  // namespace stele
