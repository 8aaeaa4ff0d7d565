// Each ptx/ instruction on random operands: what a GPU computes and what the CPU executor computes. Without a GPU, or
// one too old for an instruction, the test is skipped with the reason.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "backends/error.hpp"
#include "tests/gpu/both.hpp"

namespace stele {

namespace ptx {
std::vector<NativeInstance> ptx_instructions();
std::vector<NativeInstance> ptx_kernels();
}  // namespace ptx

namespace test {
namespace {

std::vector<float> floats(const Bytes& bytes) {
    std::vector<float> out(bytes.size() / 4);
    std::memcpy(out.data(), bytes.data(), bytes.size());
    return out;
}

/// |gpu - simt| at most `relative` of the largest value, and NaN in the same places.
void expect_close(const Bytes& gpu_bytes, const Bytes& simt_bytes, double relative) {
    const auto a = floats(gpu_bytes), b = floats(simt_bytes);
    double largest = 0;
    for (const float value : b)
        if (std::isfinite(value)) largest = std::max(largest, std::fabs(static_cast<double>(value)));
    for (std::size_t i = 0; i < a.size(); ++i) {
        ASSERT_EQ(std::isnan(a[i]), std::isnan(b[i])) << "word " << i;
        if (std::isfinite(b[i])) {
            ASSERT_NEAR(a[i], b[i], relative * largest) << "word " << i;
        }
    }
}

struct InstructionCase {
    const char* entry;
    std::vector<std::uint32_t> patterns;  ///< words 0…7 are drawn from these; empty: any bits of finite floats
    double relative;                      ///< 0: bit for bit
};

class PtxInstruction : public testing::TestWithParam<InstructionCase> {};

/// 16 words a lane: operands first, then floats for accumulators.
std::vector<std::uint32_t> operands(const InstructionCase& instruction, std::uint32_t seed) {
    std::vector<std::uint32_t> out(32 * 16);
    const auto values = random_values(out.size(), seed, 4096);
    std::uint32_t state = seed;
    for (std::size_t i = 0; i < out.size(); ++i) {
        state = state * 1664525 + 1013904223;
        out[i] = instruction.patterns.empty() || i % 16 >= 8
                     ? std::bit_cast<std::uint32_t>(values[i] * 8)
                     : instruction.patterns[(state >> 8) % instruction.patterns.size()];
    }
    return out;
}

TEST_P(PtxInstruction, IsTheSameOnTheGpuAndOnTheCpu) {
    if (const std::string why = no_gpu(); !why.empty()) GTEST_SKIP() << why;
    const InstructionCase& instruction = GetParam();
    for (std::uint32_t seed = 1; seed <= 8; ++seed) {
        Call call{
            instruction.entry, "", {{1}, {32}, 1024}, {bytes_of_words(operands(instruction, seed)), Bytes(2048)}, {}};
        call.parameters = {{Parameter::Kind::buffer, 0}, {Parameter::Kind::buffer, 1}};
        const Both both = run_both(ptx::ptx_instructions(), call);
        if (instruction.relative == 0) {
            ASSERT_EQ(both.gpu[1], both.simt[1]) << instruction.entry << ", seed " << seed;
        } else {
            expect_close(both.gpu[1], both.simt[1], instruction.relative);
        }
    }
}

// f32 accumulators: hardware aligns the products of one instruction and cuts bits below 2^-23 or so of the largest, so
// that 16 products and the accumulator differ by up to 17 of these. f16 accumulators differ by their last bit.
INSTANTIATE_TEST_SUITE_P(
    All, PtxInstruction,
    testing::Values(
        InstructionCase{"mma_f16_f32", {0x3c003800, 0xbc01b555, 0x38004200, 0x2e66c0a1, 0x00013555}, 0x1p-18},
        InstructionCase{"mma_bf16_f32", {0x3f803f00, 0xbf81c040, 0x3eab3dcd, 0xc0a13f55}, 0x1p-18},
        InstructionCase{"mma_tf32_f32", {0x3f800000, 0xbf012000, 0x40490fdb, 0x3eaaaaab}, 0x1p-18},
        InstructionCase{"mma_s8_s32", {0x7f80ff01, 0x55aa0102, 0x80808080, 0x7f7f7f7f, 0x00ff13e7}, 0},
        InstructionCase{"load_matrices", {}, 0}, InstructionCase{"exact_scalars", {}, 0},
        InstructionCase{"approximate_scalars", {}, 0x1p-21}),
    [](const auto& tested) { return std::string(tested.param.entry); });

TEST(PtxGpu, F16AccumulatorsDifferByAtMostTheirLastBit) {
    if (const std::string why = no_gpu(); !why.empty()) GTEST_SKIP() << why;
    const InstructionCase instruction{"mma_f16_f16", {0x3c003800, 0xbc01b555, 0x38004200, 0x2e66c0a1}, 0};
    auto words = operands(instruction, 3);
    for (std::size_t i = 0; i < words.size(); ++i)
        if (i % 16 >= 8) words[i] = 0x3c00b800;
    Call call{instruction.entry, "", {{1}, {32}, 1024}, {bytes_of_words(words), Bytes(2048)}, {}};
    call.parameters = {{Parameter::Kind::buffer, 0}, {Parameter::Kind::buffer, 1}};
    const Both both = run_both(ptx::ptx_instructions(), call);
    for (std::size_t i = 0; i < both.gpu[1].size() / 2; ++i) {
        std::int16_t a, b;
        std::memcpy(&a, both.gpu[1].data() + 2 * i, 2);
        std::memcpy(&b, both.simt[1].data() + 2 * i, 2);
        ASSERT_LE(std::abs(a - b), 1) << i;
    }
}

// -- Hopper: whole kernels -----------------------------------------------------------------------------------------

#ifdef STELE_TEST_HOPPER

TensorMapSpec spec(TensorMapElement element, std::uint64_t columns, std::uint64_t rows, std::uint32_t box_columns,
                   std::uint32_t box_rows, TensorMapSwizzle swizzle) {
    TensorMapSpec out;
    out.element = element;
    out.extent = {columns, rows};
    out.stride = {0, columns * bytes_of(element)};
    out.box = {box_columns, box_rows};
    out.swizzle = swizzle;
    return out;
}

std::vector<std::uint16_t> bf16_values(std::size_t count, std::uint32_t seed) {
    std::vector<std::uint16_t> out;
    for (const float value : random_values(count, seed))
        out.push_back(static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16));
    return out;
}

/// "64 k mn 128" as a test's name.
std::string underscored(std::string text) {
    std::ranges::replace(text, ' ', '_');
    return text;
}

struct Layout {
    const char* instance;
    std::uint32_t n;
    bool a_mn_major, b_mn_major;
    TensorMapSwizzle swizzle;
};

class WgmmaLayout : public testing::TestWithParam<Layout> {};

TEST_P(WgmmaLayout, IsReadAsTheCpuReadsIt) {
    if (const std::string why = no_hopper(); !why.empty()) GTEST_SKIP() << why;
    const Layout& layout = GetParam();
    const auto width = static_cast<std::uint32_t>(bytes_of(layout.swizzle) / 2);
    const auto map = [&](std::size_t buffer, std::uint32_t extent, bool mn_major) {
        const std::uint32_t columns = mn_major ? extent : 64, rows = mn_major ? 64 : extent;
        return Parameter{Parameter::Kind::map, buffer,
                         spec(TensorMapElement::bf16, columns, rows, width, rows, layout.swizzle)};
    };
    Call call{"wgmma_layout",
              layout.instance,
              {{1}, {128}, (64 + layout.n) * 128},
              {bytes_of_words(bf16_values(64 * 64, 1)), bytes_of_words(bf16_values(layout.n * 64, 2)),
               Bytes(64 * layout.n * 4)},
              {}};
    call.parameters = {
        map(0, 64, layout.a_mn_major), map(1, layout.n, layout.b_mn_major), {Parameter::Kind::buffer, 2}};
    const Both both = run_both(ptx::ptx_kernels(), call);
    expect_close(both.gpu[2], both.simt[2], 0x1p-18);
}

INSTANTIATE_TEST_SUITE_P(All, WgmmaLayout,
                         testing::Values(Layout{"64 k k 128", 64, false, false, TensorMapSwizzle::bytes_128},
                                         Layout{"96 k k 64", 96, false, false, TensorMapSwizzle::bytes_64},
                                         Layout{"192 k k 32", 192, false, false, TensorMapSwizzle::bytes_32},
                                         Layout{"128 k mn 128", 128, false, true, TensorMapSwizzle::bytes_128},
                                         Layout{"256 mn mn 128", 256, true, true, TensorMapSwizzle::bytes_128},
                                         Layout{"64 mn k 64", 64, true, false, TensorMapSwizzle::bytes_64},
                                         Layout{"64 mn mn 32", 64, true, true, TensorMapSwizzle::bytes_32}),
                         [](const auto& tested) { return underscored(tested.param.instance); });

struct WgmmaType {
    const char* instance;
    std::vector<std::uint32_t> patterns;
};

class WgmmaTypes : public testing::TestWithParam<WgmmaType> {};

TEST_P(WgmmaTypes, AreMultipliedAsTheCpuMultipliesThem) {
    if (const std::string why = no_hopper(); !why.empty()) GTEST_SKIP() << why;
    const auto& [instance, patterns] = GetParam();
    std::vector<std::uint32_t> words(64 * 8);
    std::uint32_t state = 7;
    for (auto& word : words) word = patterns[((state = state * 1664525 + 1013904223) >> 8) % patterns.size()];
    Call call{"wgmma_types",
              instance,
              {{1}, {128}, 2048},
              {bytes_of_words(words), bytes_of_words(words), Bytes(64 * 64 * 4)},
              {}};
    call.parameters = {{Parameter::Kind::buffer, 0}, {Parameter::Kind::buffer, 1}, {Parameter::Kind::buffer, 2}};
    const Both both = run_both(ptx::ptx_kernels(), call);
    if (call.instance == "s8") {
        EXPECT_EQ(both.gpu[2], both.simt[2]);
    } else {
        // 8-bit floats are summed with 13 bits below the largest product on this hardware.
        expect_close(both.gpu[2], both.simt[2], instance[0] == 'e' ? 0x1p-9 : 0x1p-18);
    }
}

INSTANTIATE_TEST_SUITE_P(All, WgmmaTypes,
                         testing::Values(WgmmaType{"f16", {0x3c003800, 0xbc01b555, 0x38004200}},
                                         WgmmaType{"tf32", {0x3f800000, 0xbf012000, 0x40490fdb}},
                                         WgmmaType{"e4m3", {0x38b80145, 0x91453838, 0x2040c0a0}},
                                         WgmmaType{"e5m2", {0x3cbc0145, 0x91453c3c, 0x2840c0a0}},
                                         WgmmaType{"s8", {0x7f80ff01, 0x55aa0102, 0x80808080}}),
                         [](const auto& tested) { return std::string(tested.param.instance); });

TEST(PtxGpu, APipelineOfTmaMbarriersAndWgmmaComputesTheSame) {
    if (const std::string why = no_hopper(); !why.empty()) GTEST_SKIP() << why;
    constexpr int m = 130, n = 70, k = 200;
    const auto box = [&](std::size_t buffer, std::uint64_t rows) {
        return Parameter{Parameter::Kind::map, buffer,
                         spec(TensorMapElement::bf16, k, rows, 64, 128, TensorMapSwizzle::bytes_128)};
    };
    Call call{"hopper_gemm",
              "",
              {{1, 2}, {384}, 3 * 2 * 16384},
              {bytes_of_words(bf16_values(m * k, 1)), bytes_of_words(bf16_values(n * k, 2)), Bytes(m * n * 4)},
              {}};
    call.parameters = {box(0, m),
                       box(1, n),
                       {Parameter::Kind::buffer, 2},
                       {Parameter::Kind::scalar, 0, {}, m},
                       {Parameter::Kind::scalar, 0, {}, n},
                       {Parameter::Kind::scalar, 0, {}, k}};
    const Both both = run_both(ptx::ptx_kernels(), call);
    expect_close(both.gpu[2], both.simt[2], 0x1p-16);
}

TEST(PtxGpu, ClustersExchangeTheSame) {
    if (const std::string why = no_hopper(); !why.empty()) GTEST_SKIP() << why;
    Call call{"cluster_exchange", "", {{2}, {128}, 384, {2}}, {bytes_of_words(random_values(64, 9)), Bytes(256)}, {}};
    call.parameters = {{Parameter::Kind::map, 0, spec(TensorMapElement::f32, 32, 2, 32, 1, TensorMapSwizzle::none)},
                       {Parameter::Kind::buffer, 1}};
    const Both both = run_both(ptx::ptx_kernels(), call);
    EXPECT_EQ(both.gpu[1], both.simt[1]);
}

TEST(PtxGpu, MatricesAreTheSame) {
    if (const std::string why = no_hopper(); !why.empty()) GTEST_SKIP() << why;
    std::vector<std::uint32_t> words(512 * 4);
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = static_cast<std::uint32_t>(i * 2654435761u);
    Call call{"matrices", "", {{1}, {128}, 2048}, {bytes_of_words(words), Bytes(words.size() * 4)}, {}};
    call.parameters = {{Parameter::Kind::buffer, 0}, {Parameter::Kind::buffer, 1}};
    const Both both = run_both(ptx::ptx_kernels(), call);
    EXPECT_EQ(both.gpu[1], both.simt[1]);
}

TEST(PtxGpu, ArrivalsFollowCpAsyncTheSame) {
    if (const std::string why = no_hopper(); !why.empty()) GTEST_SKIP() << why;
    std::vector<std::uint32_t> words(512 * 4);
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = static_cast<std::uint32_t>(i * 2654435761u);
    Call call{"noinc_copy", "", {{1}, {128}, 2048}, {bytes_of_words(words), Bytes(words.size() * 4)}, {}};
    call.parameters = {
        {Parameter::Kind::buffer, 0}, {Parameter::Kind::buffer, 1}, {Parameter::Kind::scalar, 0, {}, 512}};
    const Both both = run_both(ptx::ptx_kernels(), call);
    EXPECT_EQ(both.gpu[1], both.simt[1]);
}

// In a process of its own, as a device is lost to the one whose kernel trapped.
TEST(PtxGpu, AMissingArrivalIsAnErrorWithAPlace) {
    if (const std::string why = no_hopper(); !why.empty()) GTEST_SKIP() << why;
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto run_it = [] {
        try {
            const Call call{"missing_arrival", "", {{2}, {32}}, {}, {}};
            run(*gpu().device, native(ptx::ptx_kernels(), call), call);
        } catch (const DeviceError& error) {
            std::fputs(error.what(), stderr);
            std::exit(1);
        }
    };
    EXPECT_EXIT(run_it(), testing::ExitedWithCode(1),
                "block \\(1,0,0\\), thread \\(0,0,0\\) waits for parity 0 of the mbarrier at shared address 0x");
}

#endif

}  // namespace
}  // namespace test
}  // namespace stele
