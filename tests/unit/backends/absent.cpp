// A machine without a driver: no devices, and a reason that says what to do. Each look is in a process of its own,
// as the loaders read their environment once.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "backends/backend.hpp"

namespace stele::absent_test {
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

TEST_F(BackendsDeathTest, AVariableThatLeadsElsewhereIsTheReason) {
    for (const char* variable : {"OCL_ICD_VENDORS", "OPENCL_VENDOR_PATH"})
        EXPECT_EXIT(look(variable, "/nonexistent", "opencl"), testing::ExitedWithCode(0),
                    std::string(variable) + "=/nonexistent leads it to a place without drivers");
    EXPECT_EXIT(look("POCL_DEVICES", "nonsense", "opencl"), testing::ExitedWithCode(0),
                "has no device \\(POCL_DEVICES=nonsense\\)");
}

TEST_F(BackendsDeathTest, ADriverThatDoesNotLoadIsTheReasonInTheLoadersWords) {
    const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "stele_vendors";
    std::filesystem::create_directories(folder);
    const std::string library = folder / "damaged.so";
    std::ofstream(library) << std::string(100, 'x');
    std::ofstream(folder / "damaged.icd") << library << "\n";
    EXPECT_EXIT(look("OCL_ICD_VENDORS", folder.c_str(), "opencl"), testing::ExitedWithCode(0),
                "damaged.so \\(named by .*damaged.icd\\) does not load: .*(invalid ELF header|file too short)");
    std::filesystem::remove_all(folder);
}

// Where there is a driver it now sees no device (100), where there is none the runtime says so (35); a build without
// CUDA says that.
TEST_F(BackendsDeathTest, WithoutAGpuCudaSaysWhichOfThemIsMissing) {
    EXPECT_EXIT(look("CUDA_VISIBLE_DEVICES", "-1", "cuda"), testing::ExitedWithCode(0),
                "why: (no NVIDIA driver|the driver sees no NVIDIA GPU with CUDA_VISIBLE_DEVICES=-1|no nvcc|"
                "built with -DSTELE_CUDA=OFF)");
}

}  // namespace
}  // namespace stele::absent_test
