// What a report says of where it was made: effects, and of variables those that a list names.
#include "harness/record/environment.hpp"

#include <gtest/gtest.h>

#include <sys/utsname.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

#include "backends/host/limits.hpp"
#include "kernels/common/openblas.hpp"

namespace stele::environment_test {
namespace {

TEST(Environment, HoldsOnlyVariablesThatAreListedWhole) {
    for (const char* name : {"OPENBLAS_SECRET", "NVIDIA_REQUIRE_CUDA", "POCL_CACHE_DIR", "OMP_TOKEN", "CUDA_HOME",
                             "CUDA_VISIBLE_DEVICES_KEY"})
        setenv(name, "secret", 1);
    setenv("OMP_DYNAMIC", "false", 1);
    const Environment environment = read_environment({});
    EXPECT_EQ(environment.variables.at("OMP_DYNAMIC"), "false");
    for (const auto& [name, value] : environment.variables) EXPECT_NE(value, "secret") << name;
    unsetenv("OMP_DYNAMIC");
    EXPECT_FALSE(read_environment({}).variables.contains("OMP_DYNAMIC"));
}

TEST(Environment, NamesTheSystemAndItsKernel) {
    utsname kernel{};
    ASSERT_EQ(uname(&kernel), 0);
    const std::string built = std::string(kernel.sysname) + ' ' + kernel.release + ' ' + kernel.machine;
    std::stringstream release;
    release << std::ifstream("/etc/os-release").rdbuf();
    const std::string text = '\n' + release.str();
    std::smatch pretty;
    const bool told = std::regex_search(text, pretty, std::regex("\nPRETTY_NAME=\"?([^\"\n]+)\"?\n"));
    EXPECT_EQ(read_environment({}).os, told ? pretty[1].str() + ", " + built : built);
}

TEST(Environment, HoldsTheCommandAndWhenItBegan) {
    const Environment environment = read_environment({"bench", "gemm"});
    EXPECT_EQ(environment.command_line, (std::vector<std::string>{"bench", "gemm"}));
    EXPECT_TRUE(std::regex_match(environment.started, std::regex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z")))
        << environment.started;
    EXPECT_GE(environment.cpu_threads, 1);
    EXPECT_NE(environment.governor, "");
    EXPECT_EQ(environment.revision, build_revision());
    EXPECT_TRUE(version_text().starts_with("stele " + environment.version + " (" + environment.revision + ")\n"));
}

TEST(Environment, HoldsEffects) {
    const Environment environment = read_environment({});
    EXPECT_EQ(environment.allowed_cpus, cpu_list_text(allowed_cpus()));
    EXPECT_EQ(environment.cpu_quota, cpu_quota());
    EXPECT_FALSE(environment.cpu_family.empty());
    ASSERT_TRUE(environment.libraries.has_value());
    if (!openblas_why_not().empty()) GTEST_SKIP() << openblas_why_not();
    const LibraryState openblas = read_environment({}).libraries->at("openblas");
    EXPECT_GE(openblas.threads, 1);
    EXPECT_NE(openblas.version.find("OpenBLAS"), std::string::npos) << openblas.version;
}

}  // namespace
}  // namespace stele::environment_test
