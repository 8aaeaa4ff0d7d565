// Defects of CUDA C++ kernels, each planted in a kernel of tests/negative/simt_kernels.cu and reported by its name.
#include <gtest/gtest.h>

#include <filesystem>

#include "backends/error.hpp"
#include "tests/support/simt.hpp"

namespace stele::test {
namespace {

using Shape = SimtShape;

/// What the device says, with every pointer argument a buffer of 64 floats.
std::string defect(const std::string& module, const std::string& entry, const Shape& shape,
                   const std::vector<std::string>& arguments, std::uint64_t seed = 1,
                   const std::string& instance = "") {
    SimtTestDevice simt(module, seed);
    std::vector<std::unique_ptr<Buffer>> buffers;
    std::vector<Argument> values;
    for (const std::string& argument : arguments) {
        if (argument == "buffer") {
            buffers.push_back(simt.buffer(std::vector<float>(64)));
            values.emplace_back(buffers.back().get());
        } else if (argument == "null") {
            values.emplace_back(static_cast<Buffer*>(nullptr));
        } else {
            values.emplace_back(std::stoi(argument));
        }
    }
    try {
        simt.run(entry, instance, shape, values);
    } catch (const DeviceError& error) {
        return error.what();
    }
    return {};
}

void expect_begins(const std::string& got, const std::string& name) {
    EXPECT_TRUE(got.starts_with(name + ": ")) << "wanted " << name << ", got: " << got;
}
void expect_names(const std::string& got, const std::string& part) {
    EXPECT_NE(got.find(part), std::string::npos) << "no '" << part << "' in: " << got;
}

class SimtDefects : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        if (!SimtModule::is_built(GetParam()))
            GTEST_SKIP() << GetParam() << " is not in this build: a sanitizer's build has no checked module";
    }
};

TEST_P(SimtDefects, ABarrierThatAThreadSkips) {
    const std::string got = defect(GetParam(), "skipped_barrier", {{1}, {64}}, {"buffer"});
    expect_begins(got, "divergent barrier");
    expect_names(got, "kernel skipped_barrier");
    expect_names(got, "block (0,0,0)");
    expect_names(got, "simt_kernels.cu:");
    expect_names(got, "1 thread(s) have left the kernel");
    expect_names(got, "STELE_SIMT_SEED=1");
}

TEST_P(SimtDefects, TwoBarriersThatAreNotTheSame) {
    const std::string got = defect(GetParam(), "two_barriers", {{1}, {64}}, {"buffer"});
    expect_begins(got, "divergent barrier");
    expect_names(got, "came to __syncthreads while");
}

TEST_P(SimtDefects, AShuffleThatHalfOfItsMaskDoesNotComeTo) {
    const std::string got = defect(GetParam(), "lonely_shuffle", {{1}, {32}}, {"buffer"});
    expect_begins(got, "divergent barrier");
    expect_names(got, "16 thread(s) (0–15) wait in __shfl_xor_sync");
}

TEST_P(SimtDefects, AFlagThatNobodySets) {
    const std::string got = defect(GetParam(), "lost_flag", {{1}, {32}}, {"buffer"});
    expect_begins(got, "deadlock");
    expect_names(got, "atomicAdd");
    expect_names(got, "thread (0,0,0)");
}

/// Beyond the guards of a buffer no memory is mapped, so that the plain module sees this too, by the processor's fault.
TEST_P(SimtDefects, WildAndNullPointers) {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "AddressSanitizer itself reports such faults, and ends the process";
#endif
    const std::string far = defect(GetParam(), "far_past_buffer", {{1}, {64}}, {"buffer"});
    expect_begins(far, "out of bounds");
    expect_names(far, "bytes into a buffer of 256");
    expect_names(far, "simt_kernels.cu:");
    const std::string null = defect(GetParam(), "null_pointer", {{1}, {64}}, {"buffer", "null"});
    expect_begins(null, "out of bounds");
    expect_names(null, "null pointer");
}

INSTANTIATE_TEST_SUITE_P(Modules, SimtDefects, testing::Values("stele_simt_test", "stele_simt_test_checked"),
                         [](const auto& tested) { return std::string(tested.param).substr(6); });

/// What only the checked module sees.
class SimtChecks : public testing::Test {
protected:
    static constexpr const char* module = "stele_simt_test_checked";
    void SetUp() override {
        const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
        if (!std::filesystem::exists(folder / ("lib" + std::string(module) + ".so")))
            GTEST_SKIP() << "a sanitizer's build has no checked module";
    }
};

TEST_F(SimtChecks, AMissingBarrierIsARaceUnderEverySchedule) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        expect_begins(defect(module, "missing_barrier", {{1}, {64}}, {"buffer", "buffer"}, seed), "race");
        EXPECT_EQ(defect(module, "missing_barrier", {{1}, {64}}, {"buffer", "buffer"}, seed, "mended"), "");
    }
    const std::string second = defect(module, "missing_second_barrier", {{1}, {64}, 256}, {"buffer", "buffer"});
    expect_begins(second, "race");
    expect_names(second, "of dynamic shared memory");
    expect_names(second, "simt_kernels.cu:");
    expect_names(second, "thread (");
    expect_begins(defect(module, "missing_warp_barrier", {{1}, {32}}, {"buffer"}), "race");
}

TEST_F(SimtChecks, EachKindOfRaceIsFoundAndNamed) {
    struct Kind {
        const char *instance, *does, *did;
    };
    for (const Kind& kind : {Kind{"read_after_write", " reads a byte of a __shared__ variable", " wrote"},
                             Kind{"write_after_read", " writes a byte of a __shared__ variable", " read"},
                             Kind{"write_after_write", " writes a byte of a __shared__ variable", " wrote"}})
        for (std::uint64_t seed = 1; seed <= 5; ++seed) {
            const std::string got = defect(module, "pure_race", {{1}, {64}}, {"buffer", "buffer"}, seed, kind.instance);
            expect_begins(got, "race");
            expect_names(got, kind.does);
            expect_names(got, std::string(kind.did) + " without a barrier between");
        }
    EXPECT_EQ(defect(module, "pure_race", {{1}, {64}}, {"buffer", "buffer"}, 1, "none"), "");
}

TEST_F(SimtChecks, TheSameSeedFindsTheSameDefectAtTheSamePlace) {
    const auto once = [&] { return defect(module, "missing_barrier", {{4}, {64}}, {"buffer", "buffer"}, 3); };
    EXPECT_EQ(once(), once());
}

TEST_F(SimtChecks, AccessesPastTheEnd) {
    const std::string past = defect(module, "past_buffer", {{1}, {64}}, {"buffer", "64"});
    expect_begins(past, "out of bounds");
    expect_names(past, "256 bytes into a buffer of 256");
    expect_names(past, "simt_kernels.cu:");
    expect_names(past, "thread (63,0,0)");
    const std::string before = defect(module, "before_buffer", {{1}, {64}}, {"buffer", "buffer"});
    expect_begins(before, "out of bounds");
    expect_names(before, "4 bytes before a buffer of 256");
    const std::string array = defect(module, "past_array", {{1}, {64}}, {"buffer"});
    expect_begins(array, "out of bounds");
    expect_names(array, "index 63");
    const std::string dynamic = defect(module, "past_dynamic", {{1}, {64}, 256}, {"buffer"});
    expect_begins(dynamic, "out of bounds");
    expect_names(dynamic, "offset 256 of dynamic shared memory");
}

TEST_F(SimtChecks, SharedMemoryThatNobodyWrote) {
    const std::string got = defect(module, "uninitialised_tile", {{1}, {64}, 256}, {"buffer"});
    expect_begins(got, "uninitialised");
    expect_names(got, "simt_kernels.cu:");
}

}  // namespace
}  // namespace stele::test
