// What backends say and refuse: whole texts, and both sides of each limit.
#include <gtest/gtest.h>

#include <algorithm>

#include "backends/checks.hpp"
#include "backends/error.hpp"
#include "backends/wait_place.hpp"
#include "tests/support/fake_device.hpp"
#include "tests/support/refusal.hpp"

namespace stele::messages_test {
namespace {

template <typename Call>
std::string said(Call&& call) {
    return test::refusal_of<DeviceError>(call);
}

/// The text without the place of the call, which is a line of a source file.
std::string without_place(std::string text) {
    const std::size_t begin = text.find(" ["), end = text.find(']', begin);
    return begin == text.npos ? text : text.erase(begin, end - begin + 1);
}

TEST(DeviceErrorText, HasTheCallItsCodeItsPlaceAndTheDetail) {
    const DeviceError error("clFinish", -36, "CL_INVALID_COMMAND_QUEUE", "it was released");
    const std::string text = error.what();
    EXPECT_EQ(without_place(text), "clFinish failed with CL_INVALID_COMMAND_QUEUE (-36): it was released");
    // Below the root of the sources, wherever that is.
    EXPECT_NE(text.find(" [tests/unit/backends/messages.cpp:"), text.npos) << text;
    EXPECT_EQ(error.call(), "clFinish");
    EXPECT_EQ(error.code(), -36);
    EXPECT_EQ(error.code_name(), "CL_INVALID_COMMAND_QUEUE");
    EXPECT_FALSE(error.out_of_memory());
}

TEST(DeviceErrorText, WithoutACodeItIsTheCallAlone) {
    EXPECT_EQ(without_place(DeviceError("open fake:0", 0, "").what()), "open fake:0");
    EXPECT_EQ(without_place(DeviceError("call", 5, "").what()), "call failed with  (5)");
    EXPECT_EQ(without_place(DeviceError("call", 0, "OK").what()), "call failed with OK (0)");
}

TEST(WaitPlaceText, NamesBlockThreadParityAndBarrier) {
    WaitPlace place{{1, 2, 3}, {4, 5, 6}, 0x400, 7, true};
    EXPECT_EQ(text(place), "block (1,2,3), thread (4,5,6) waits for parity 7 of the mbarrier at shared address 0x400");
    place.gave_up = false;
    EXPECT_EQ(text(place), "");
}

TEST(KernelText, HasWhatIsKnownOfIt) {
    KernelSource source;
    EXPECT_EQ(describe(source), "");
    source.entry = "gemm_tiled";
    EXPECT_EQ(describe(source), "gemm_tiled");
    source.file = "gemm/tiled.cl";
    source.instance = "128x128x16 f32";
    EXPECT_EQ(describe(source), "gemm/tiled.cl gemm_tiled 128x128x16 f32");
}

TEST(Refusals, OfALanguageAForeignObjectAndATensorMap) {
    test::FakeDevice device;
    device.description.languages = {Language::host, Language::opencl};
    KernelSource source;
    source.language = Language::cuda;
    source.entry = "some";
    EXPECT_EQ(without_place(said([&] { throw_not_spoken(source, device.description); })),
              "load some: fake:0 takes no cuda; it takes host, opencl");
    EXPECT_EQ(without_place(said([] { throw_foreign("kernel"); })),
              "launch or copy: the kernel is null or belongs to another backend");
    EXPECT_NE(said([] { throw_no_tensor_maps(); }).find("only NVIDIA GPUs and simt"), std::string::npos);
    EXPECT_EQ(without_place(said([] { absent_backend("none", "there is no driver")->open(3); })),
              "open none:3: there is no driver");
}

TEST(Ranges, ReachToTheEndsOfBothGuardsAndNotBeyond) {
    const test::FakeBuffer buffer(64);
    constexpr auto guard = static_cast<std::ptrdiff_t>(Buffer::guard_bytes);
    const auto allowed = [&](std::ptrdiff_t offset, std::size_t size) {
        return said([&] { check_range(buffer, offset, size, "copy"); }) == "";
    };
    EXPECT_TRUE(allowed(-guard, 64 + 2 * Buffer::guard_bytes));
    EXPECT_FALSE(allowed(-guard, 64 + 2 * Buffer::guard_bytes + 1));
    EXPECT_FALSE(allowed(-guard - 1, 1));
    EXPECT_TRUE(allowed(64 + guard, 0));
    EXPECT_FALSE(allowed(64 + guard, 1));
    EXPECT_FALSE(allowed(64 + guard + 1, 0));
    EXPECT_EQ(without_place(said([&] { check_range(buffer, 5000, 1, "copy"); })),
              "copy: 1 bytes at offset 5000 leave a buffer of 64 bytes and its guards of 4096");
}

TEST(Launches, MustNotBeEmptyAndMustFitTheDevice) {
    DeviceInfo info;
    info.id = "fake:0";
    info.max_threads_per_block = 256;
    info.shared_bytes_per_block = 1000;
    const auto refused = [&](Dim3 grid, Dim3 block, std::size_t shared) {
        return without_place(said([&] { check_launch({nullptr, grid, block, shared, {}}, info, "some"); }));
    };
    EXPECT_EQ(refused({1, 1, 1}, {16, 4, 4}, 1000), "");
    EXPECT_EQ(refused({2, 3, 4}, {257, 1, 1}, 0),
              "launch of some, grid 2x3x4, block 257x1x1: fake:0 takes at most 256 threads a block");
    EXPECT_EQ(refused({1, 1, 1}, {1, 1, 1}, 1001),
              "launch of some, grid 1x1x1, block 1x1x1: 1001 bytes of shared memory were asked for; fake:0 has 1000 a "
              "block");
    EXPECT_NE(refused({1, 0, 1}, {1, 1, 1}, 0).find("the grid or the block is empty"), std::string::npos);
    EXPECT_NE(refused({1, 1, 1}, {1, 1, 0}, 0).find("the grid or the block is empty"), std::string::npos);
}

TEST(Allocations, CountBothGuards) {
    constexpr std::size_t guards = 2 * Buffer::guard_bytes;
    EXPECT_EQ(guarded_size(100, 100 + guards, "fake:0"), 100 + guards);
    EXPECT_EQ(guarded_size(0, guards, "fake:0"), guards);
    for (const std::size_t bytes : {std::size_t{101}, 100 + guards, 101 + guards, ~std::size_t{0}}) {
        try {
            guarded_size(bytes, 100 + guards, "fake:0");
            ADD_FAILURE() << bytes << " bytes fit";
        } catch (const DeviceError& error) {
            EXPECT_TRUE(error.out_of_memory()) << bytes;
        }
    }
}

TEST(LanguageTable, HasARowForEachInItsOrder) {
    for (const LanguageInfo& row : language_rows) EXPECT_EQ(&info(row.language), &row);
    ASSERT_EQ(language_columns().size(), language_rows.size() - 1);
    EXPECT_EQ(language_columns().back().language, Language::vendor);
}

}  // namespace
}  // namespace stele::messages_test
