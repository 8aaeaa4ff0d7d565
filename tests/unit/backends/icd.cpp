// Why the OpenCL loader found nothing: from folders and variables of our own.
#include "backends/opencl/icd.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "backends/opencl/pocl.hpp"
#include "harness/base/folder.hpp"
#include "tests/support/variable.hpp"

namespace stele::icd_test {
namespace {

using opencl::why_no_platform;
using test::Variable;

class IcdTest : public testing::Test {
protected:
    void driver(const std::string& name, const std::string& text) { std::ofstream(folder_.path() / name) << text; }
    std::string path(const std::string& name = "") const { return (folder_.path() / name).string(); }

private:
    TemporaryFolder folder_;
    // Only what a test names is looked at.
    Variable files_{"OCL_ICD_FILENAMES", ""}, khronos_{"OPENCL_VENDOR_PATH", ""};
};

TEST_F(IcdTest, AFolderWithoutDriversIsNamedWithItsVariable) {
    const std::string place = "leads it to a place without drivers (*.icd); unset it, or let it name the place of one";
    {
        const Variable vendors("OCL_ICD_VENDORS", path());
        driver("not-a-driver.txt", "libc.so.6\n");
        EXPECT_EQ(why_no_platform(), "the OpenCL loader found no platform: OCL_ICD_VENDORS=" + path() + " " + place);
    }
    const Variable none("OCL_ICD_VENDORS", ""), khronos("OPENCL_VENDOR_PATH", "/nonexistent");
    EXPECT_EQ(why_no_platform(), "the OpenCL loader found no platform: OPENCL_VENDOR_PATH=/nonexistent " + place);
}

TEST_F(IcdTest, EachDriverOfAFolderHasItsReasonInOrder) {
    const Variable vendors("OCL_ICD_VENDORS", path());
    driver("2.icd", "libc.so.6 \t\r\n");
    driver("1.icd", "/nonexistent/libdriver.so\n");
    driver("3.icd", "\n");
    const std::string found = why_no_platform();
    EXPECT_EQ(found.find("the OpenCL loader found no platform: /nonexistent/libdriver.so (named by " + path("1.icd") +
                         ") does not load: /nonexistent/libdriver.so: cannot open shared object file"),
              0u)
        << found;
    EXPECT_NE(found.find("; libc.so.6 (named by " + path("2.icd") + ") loads, but gives no platform; " + path("3.icd") +
                         " names no library"),
              std::string::npos)
        << found;
}

TEST_F(IcdTest, AVariableMayNameOneFile) {
    driver("own.icd", "libc.so.6");
    const Variable vendors("OCL_ICD_VENDORS", path("own.icd"));
    EXPECT_EQ(why_no_platform(), "the OpenCL loader found no platform: libc.so.6 (named by " + path("own.icd") +
                                     ") loads, but gives no platform");
}

TEST_F(IcdTest, LibrariesOfAVariableComeFirst) {
    const Variable vendors("OCL_ICD_VENDORS", path()), files("OCL_ICD_FILENAMES", "libc.so.6::libm.so.6");
    EXPECT_EQ(
        why_no_platform(),
        "the OpenCL loader found no platform: libc.so.6 (named by OCL_ICD_FILENAMES) loads, but gives no platform; "
        "libm.so.6 (named by OCL_ICD_FILENAMES) loads, but gives no platform");
}

TEST_F(IcdTest, PoclsChoiceOfDevicesIsTold) {
    {
        const Variable devices("POCL_DEVICES", "basic");
        EXPECT_EQ(opencl::device_variable(), " (POCL_DEVICES=basic)");
    }
    const Variable none("POCL_DEVICES", "");
    EXPECT_EQ(opencl::device_variable(), "");
}

TEST(PoclThreads, ArePinnedUnlessSomebodyChose) {
    const Variable before("POCL_AFFINITY", "0");
    opencl::pin_pocl_threads();
    EXPECT_STREQ(std::getenv("POCL_AFFINITY"), "0") << "what is set stays";
    {
        const Variable count("POCL_MAX_PTHREAD_COUNT", "1");
        unsetenv("POCL_AFFINITY");
        opencl::pin_pocl_threads();
        EXPECT_EQ(std::getenv("POCL_AFFINITY"), nullptr)
            << "fewer threads than CPUs have places of their own to choose";
    }
}

}  // namespace
}  // namespace stele::icd_test
