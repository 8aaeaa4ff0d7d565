// Kernels written with ptx/ run on the CPU executor and compute what a plain loop computes.
#include <bit>
#include <cmath>
#include <string>

#include "backends/simt/ptx/numbers.hpp"
#include "tests/support/simt.hpp"

namespace stele::test::ptx_executor_test {
namespace {

const SimtModule& module() {
    static const SimtModule loaded("stele_simt_ptx");
    return loaded;
}

std::uint16_t f16(float value) { return simt::encode_f16(value); }
/// Exact for the values that random_values() gives.
std::uint16_t bf16(float value) { return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16); }

template <typename Encode>
std::vector<std::uint16_t> encoded(const std::vector<float>& values, Encode encode) {
    std::vector<std::uint16_t> out;
    for (const float value : values) out.push_back(encode(value));
    return out;
}

/// C[M,N] = A[M,K] B[N,K]ᵀ.
std::vector<double> product(const std::vector<float>& a, const std::vector<float>& b, int m, int n, int k) {
    std::vector<double> c(static_cast<std::size_t>(m) * n);
    for (int row = 0; row < m; ++row)
        for (int col = 0; col < n; ++col)
            for (int kk = 0; kk < k; ++kk)
                c[static_cast<std::size_t>(row * n + col)] +=
                    static_cast<double>(a[static_cast<std::size_t>(row * k + kk)]) *
                    b[static_cast<std::size_t>(col * k + kk)];
    return c;
}

void expect_close(const float* actual, const std::vector<double>& expected, double tolerance) {
    double largest = 0, worst = 0;
    for (const double value : expected) largest = std::max(largest, std::fabs(value));
    for (std::size_t i = 0; i < expected.size(); ++i) {
        ASSERT_FALSE(std::isnan(actual[i])) << "element " << i;
        worst = std::max(worst, std::fabs(actual[i] - expected[i]));
    }
    EXPECT_LE(worst, tolerance * largest);
}

struct Shape {
    int m, n, k;
};

class PtxGemm : public testing::TestWithParam<std::tuple<Shape, int>> {};

TEST_P(PtxGemm, AmpereAgreesWithAPlainLoop) {
    const auto [shape, seed] = GetParam();
    const auto [m, n, k] = shape;
    SimtMemory memory;
    const auto a = random_values(static_cast<std::size_t>(m) * k, 1),
               b = random_values(static_cast<std::size_t>(n) * k, 2);
    const auto* at_a = memory.add(encoded(a, f16));
    const auto* at_b = memory.add(encoded(b, f16));
    float* c = memory.add(std::vector<float>(static_cast<std::size_t>(m) * n, NAN));
    const SimtShape launch{{static_cast<unsigned>(n + 63) / 64, static_cast<unsigned>(m + 63) / 64},
                           {128},
                           30720,
                           {},
                           static_cast<std::uint64_t>(seed)};
    ASSERT_EQ(module().run("ampere_gemm", "", launch, memory, at_a, at_b, c, m, n, k), "");
    expect_close(c, product(a, b, m, n, k), 1e-6);
}

TEST_P(PtxGemm, HopperAgreesWithAPlainLoop) {
    const auto [shape, seed] = GetParam();
    const auto [m, n, k] = shape;
    SimtMemory memory;
    const auto a = random_values(static_cast<std::size_t>(m) * k, 3),
               b = random_values(static_cast<std::size_t>(n) * k, 4);
    const auto box = [&](const std::vector<float>& matrix, int rows) {
        return matrix_map(memory.add(encoded(matrix, bf16)), TensorMapElement::bf16, static_cast<std::uint64_t>(k),
                          static_cast<std::uint64_t>(rows), 64, 128, TensorMapSwizzle::bytes_128);
    };
    const TensorMap map_a = box(a, m), map_b = box(b, n);
    float* c = memory.add(std::vector<float>(static_cast<std::size_t>(m) * n, NAN));
    const SimtShape launch{{static_cast<unsigned>(n + 127) / 128, static_cast<unsigned>(m + 127) / 128},
                           {384},
                           3 * 2 * 16384,
                           {},
                           static_cast<std::uint64_t>(seed)};
    ASSERT_EQ(module().run("hopper_gemm", "", launch, memory, map_a, map_b, c, m, n, k), "");
    expect_close(c, product(a, b, m, n, k), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Shapes, PtxGemm,
                         testing::Combine(testing::Values(Shape{128, 192, 512}, Shape{130, 70, 200}, Shape{1, 1, 8},
                                                          Shape{64, 128, 64}),
                                          testing::Values(1, 2)));

// -- wgmma: every layout, every type -------------------------------------------------------------------------------

struct Layout {
    const char* instance;
    int n;
    bool a_mn_major, b_mn_major;
    TensorMapSwizzle swizzle;
};

class PtxWgmmaLayout : public testing::TestWithParam<Layout> {};

TEST_P(PtxWgmmaLayout, AgreesWithAPlainLoop) {
    const Layout& layout = GetParam();
    const int n = layout.n, k = 64;
    SimtMemory memory;
    const auto a = random_values(64 * 64, 5), b = random_values(static_cast<std::size_t>(n) * 64, 6);
    const auto map = [&](const std::vector<float>& matrix, int extent, bool mn_major) {
        std::vector<std::uint16_t> stored(matrix.size());
        for (int mn = 0; mn < extent; ++mn)
            for (int kk = 0; kk < k; ++kk)
                stored[static_cast<std::size_t>(mn_major ? kk * extent + mn : mn * k + kk)] =
                    bf16(matrix[static_cast<std::size_t>(mn * k + kk)]);
        const auto width = static_cast<std::uint32_t>(bytes_of(layout.swizzle) / 2);
        const auto columns = static_cast<std::uint32_t>(mn_major ? extent : k),
                   rows = static_cast<std::uint32_t>(mn_major ? k : extent);
        return matrix_map(memory.add(stored), TensorMapElement::bf16, columns, rows, width, rows, layout.swizzle);
    };
    const TensorMap map_a = map(a, 64, layout.a_mn_major), map_b = map(b, n, layout.b_mn_major);
    float* d = memory.add(std::vector<float>(static_cast<std::size_t>(64 * n), NAN));
    const SimtShape launch{{1}, {128}, static_cast<std::size_t>(64 + n) * 128};
    ASSERT_EQ(module().run("wgmma_layout", layout.instance, launch, memory, map_a, map_b, d), "");
    expect_close(d, product(a, b, 64, n, k), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(All, PtxWgmmaLayout,
                         testing::Values(Layout{"64 k k 128", 64, false, false, TensorMapSwizzle::bytes_128},
                                         Layout{"96 k k 64", 96, false, false, TensorMapSwizzle::bytes_64},
                                         Layout{"192 k k 32", 192, false, false, TensorMapSwizzle::bytes_32},
                                         Layout{"128 k mn 128", 128, false, true, TensorMapSwizzle::bytes_128},
                                         Layout{"256 mn mn 128", 256, true, true, TensorMapSwizzle::bytes_128},
                                         Layout{"64 mn k 64", 64, true, false, TensorMapSwizzle::bytes_64},
                                         Layout{"64 mn mn 32", 64, true, true, TensorMapSwizzle::bytes_32}));

struct TypeCase {
    const char* instance;
    simt::Element element;
    std::vector<std::uint32_t> patterns;
};

class PtxWgmmaType : public testing::TestWithParam<TypeCase> {};

TEST_P(PtxWgmmaType, AgreesWithAPlainLoop) {
    const TypeCase& type = GetParam();
    const int bytes = simt::bits_of(type.element) / 8, k = 32 / bytes;
    const auto fill = [&](std::uint32_t seed, std::vector<float>& values) {
        std::vector<std::uint8_t> out(64 * 32);
        for (int i = 0; i < 64 * k; ++i) {
            seed = seed * 1664525 + 1013904223;
            const std::uint32_t bits = type.patterns[(seed >> 8) % type.patterns.size()];
            std::memcpy(out.data() + i * bytes, &bits, static_cast<std::size_t>(bytes));
            values.push_back(static_cast<float>(simt::decode(type.element, bits)));
        }
        return out;
    };
    SimtMemory memory;
    std::vector<float> a, b;
    const auto* at_a = memory.add(fill(1, a));
    const auto* at_b = memory.add(fill(2, b));
    auto* d = memory.add(std::vector<std::uint32_t>(64 * 64, 0x7fffffff));
    ASSERT_EQ(module().run("wgmma_types", type.instance, {{1}, {128}, 2048}, memory, at_a, at_b, d), "");
    const auto expected = product(a, b, 64, 64, k);
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (type.element == simt::Element::s8) {
            ASSERT_EQ(static_cast<std::int32_t>(d[i]), static_cast<std::int32_t>(expected[i]));
        } else {
            ASSERT_EQ(std::bit_cast<float>(d[i]), static_cast<float>(expected[i]));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, PtxWgmmaType,
                         testing::Values(TypeCase{"f16", simt::Element::f16, {0x3c00, 0xbc00, 0x3800, 0x4200, 0xb555}},
                                         TypeCase{"tf32", simt::Element::tf32, {0x3f800000, 0xbf000000, 0x40490000}},
                                         TypeCase{"e4m3", simt::Element::e4m3, {0x38, 0xb8, 0x01, 0x7e, 0x45, 0x91}},
                                         TypeCase{"e5m2", simt::Element::e5m2, {0x3c, 0xbc, 0x01, 0x45, 0x91}},
                                         TypeCase{"s8", simt::Element::s8, {0x00, 0x01, 0x7f, 0x80, 0xff, 0x55}}));

// -- Copies --------------------------------------------------------------------------------------------------------

TEST(PtxCopy, TensorTilesComeAndGoWithAnySwizzleAndOutsideTheTensor) {
    for (const TensorMapSwizzle swizzle : {TensorMapSwizzle::none, TensorMapSwizzle::bytes_32,
                                           TensorMapSwizzle::bytes_64, TensorMapSwizzle::bytes_128}) {
        const std::uint32_t width =
            swizzle == TensorMapSwizzle::none ? 24 : static_cast<std::uint32_t>(bytes_of(swizzle) / 4);
        constexpr std::uint32_t columns = 44, rows = 13, planes = 2, box_rows = 4;
        TensorMapSpec spec;
        spec.element = TensorMapElement::f32;
        spec.rank = 3;
        spec.extent = {columns, rows, planes};
        spec.stride = {0, columns * 4, columns * rows * 4};
        spec.box = {width, box_rows, 1};
        spec.swizzle = swizzle;
        SimtMemory memory;
        const auto content = random_values(columns * rows * planes, 7, 1024), line = random_values(32, 8);
        float* from = memory.add(content);
        float* to = memory.add(std::vector<float>(content.size(), NAN));
        const float* row = memory.add(line);
        float* row_copy = memory.add(std::vector<float>(32, NAN));
        float* sum = memory.add(std::vector<float>(32, 0));
        const TensorMap source = simt::encode_tensor_map(spec, from), target = simt::encode_tensor_map(spec, to);
        const int box_bytes = static_cast<int>(width * box_rows * 4 + 127) / 128 * 128;
        const SimtShape launch{{(columns + width - 1) / width, (rows + box_rows - 1) / box_rows, planes},
                               {32},
                               static_cast<std::size_t>(box_bytes) + 128};
        const std::string defect =
            module().run("copy_tiles", "", launch, memory, source, target, static_cast<int>(width * box_rows * 4),
                         static_cast<int>(width), static_cast<int>(box_rows), row, row_copy, sum, 128);
        ASSERT_EQ(defect, "") << static_cast<int>(swizzle);
        for (std::size_t i = 0; i < content.size(); ++i) ASSERT_EQ(to[i], content[i]) << i;
        for (std::size_t i = 0; i < line.size(); ++i) {
            ASSERT_EQ(row_copy[i], line[i]);
            ASSERT_EQ(sum[i], line[i] * static_cast<float>(launch.grid.volume()));
        }
    }
}

TEST(PtxCopy, ClustersExchangeByMulticastAndDistributedSharedMemory) {
    SimtMemory memory;
    const auto content = random_values(64, 9);
    const TensorMap map = matrix_map(memory.add(content), TensorMapElement::f32, 32, 2, 32, 1, TensorMapSwizzle::none);
    float* out = memory.add(std::vector<float>(64, NAN));
    ASSERT_EQ(module().run("cluster_exchange", "", {{2}, {128}, 384, {2}}, memory, map, out), "");
    for (std::size_t i = 0; i < 32; ++i) {
        const float own = content[i] + content[32 + i], other = 2 * content[i] + content[32 + i];
        EXPECT_EQ(out[i], own + 10 * other);
        EXPECT_EQ(out[32 + i], other + 10 * own);
    }
}

TEST(PtxCopy, ArrivalsFollowCpAsync) {
    SimtMemory memory;
    std::vector<std::array<std::uint32_t, 4>> content(512);
    for (std::size_t i = 0; i < content.size(); ++i) content[i] = {static_cast<std::uint32_t>(i), 1, 2, 3};
    auto* in = memory.add(content);
    auto* out = memory.add(std::vector<std::array<std::uint32_t, 4>>(512));
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        ASSERT_EQ(module().run("noinc_copy", "", {{1}, {128}, 2048, {}, seed}, memory, in, out, 512), "");
        for (std::size_t i = 0; i < 512; ++i) ASSERT_EQ(out[i][0], i / 64 * 64 + (i + 1) % 64);
    }
}

TEST(PtxCopy, MatricesGoThroughSharedMemoryAndBack) {
    SimtMemory memory;
    std::vector<std::uint32_t> content(512);
    for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<std::uint32_t>(i * 2 | (i * 2 + 1) << 16);
    auto* in = memory.add(content);
    auto* out = memory.add(std::vector<std::uint32_t>(512));
    ASSERT_EQ(module().run("matrices", "", {{1}, {128}, 2048}, memory, in, out), "");
    // Element (row, column) of matrix i, as lane row * 4 + column / 2 of `warp` brought it.
    const auto element = [&](const auto* words, std::size_t warp, std::size_t i, std::size_t row, std::size_t column) {
        const std::size_t lane = row * 4 + column / 2;
        return words[(warp * 32 + lane) * 4 + i] >> (16 * (column % 2)) & 0xffff;
    };
    for (std::size_t warp = 0; warp < 4; ++warp)
        for (std::size_t i = 0; i < 4; ++i)
            for (std::size_t row = 0; row < 8; ++row)
                for (std::size_t column = 0; column < 8; ++column)
                    ASSERT_EQ(element(out, warp, i, row, column), element(content.data(), warp ^ 2, i, column, row));
}

// -- Scalars and exchange ------------------------------------------------------------------------------------------

TEST(PtxScalars, ExactInstructionsAndExchangesAgreeWithPlainCode) {
    std::vector<std::uint32_t> words(32 * 16);
    const auto values = random_values(words.size(), 11, 4096);
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = std::bit_cast<std::uint32_t>(values[i]);
    SimtMemory memory;
    const auto* in = memory.add(words);
    auto* out = memory.add(std::vector<std::uint32_t>(words.size()));
    ASSERT_EQ(module().run("exact_scalars", "", {{1}, {32}}, memory, in, out), "");
    std::uint32_t ballot = 0;
    for (std::uint32_t lane = 0; lane < 32; ++lane) ballot |= (words[lane * 16 + 10] % 2 == 0 ? 1u : 0u) << lane;
    for (std::uint32_t lane = 0; lane < 32; ++lane) {
        const std::uint32_t* x = out + lane * 16;
        const float* v = values.data() + lane * 16;
        const auto word = [&](std::uint32_t of, std::uint32_t i) { return words[of * 16 + i]; };
        EXPECT_EQ(std::bit_cast<float>(x[0]), std::fma(v[0], v[1], v[2]));
        EXPECT_EQ(std::bit_cast<float>(x[1]), v[0] * v[1]);
        EXPECT_EQ(std::bit_cast<float>(x[2]), std::max(v[0], v[1]));
        EXPECT_EQ(x[4], static_cast<std::uint32_t>(f16(v[0])) << 16 | f16(v[1]));
        EXPECT_LE(std::fabs(std::bit_cast<float>(x[5] << 16) - v[2]), std::fabs(v[2]) / 256);
        EXPECT_EQ(x[6], word(lane ^ 5, 6));
        EXPECT_EQ(x[7], word(lane + 3 < 32 ? lane + 3 : lane, 7));
        EXPECT_EQ(x[8], word(lane >= 7 ? lane - 7 : lane, 8));
        EXPECT_EQ(x[9], word(words[lane * 16 + 10] % 32, 9));
        EXPECT_EQ(x[10], ballot);
    }
}

TEST(PtxScalars, ApproximationsAreWithinTheirBounds) {
    std::vector<std::uint32_t> words(32 * 16);
    const auto values = random_values(words.size(), 12, 4096);
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = std::bit_cast<std::uint32_t>(values[i] * 20);
    SimtMemory memory;
    const auto* in = memory.add(words);
    auto* out = memory.add(std::vector<std::uint32_t>(words.size()));
    ASSERT_EQ(module().run("approximate_scalars", "", {{1}, {32}}, memory, in, out), "");
    for (std::size_t lane = 0; lane < 32; ++lane) {
        const double x = std::bit_cast<float>(words[lane * 16]);
        EXPECT_NEAR(std::bit_cast<float>(out[lane * 16]), std::exp2(x), std::exp2(x) * 0x1p-22);
        EXPECT_NEAR(std::bit_cast<float>(out[lane * 16 + 1]), std::log2(std::fabs(x)), 0x1p-20);
        EXPECT_NEAR(std::bit_cast<float>(out[lane * 16 + 2]), 1 / x, std::fabs(1 / x) * 0x1p-22);
    }
}

// -- The device ----------------------------------------------------------------------------------------------------

TEST(PtxDevice, TensorMapsAreMadeAtTheLaunch) {
    SimtTestDevice device("stele_simt_ptx");
    const auto content = random_values(64, 13);
    const auto in = device.buffer(content);
    const auto out = device.buffer(std::vector<float>(64, NAN));
    TensorMapSpec spec;
    spec.element = TensorMapElement::f32;
    spec.extent = {32, 2};
    spec.stride = {0, 128};
    spec.box = {32, 1};
    device.run("cluster_exchange", "", {{2}, {128}, 384, {2}}, {TensorMapArgument{in.get(), spec}, out.get()});
    const auto result = device.content<float>(*out);
    for (std::size_t i = 0; i < 32; ++i)
        EXPECT_EQ(result[i], content[i] + content[32 + i] + 10 * (2 * content[i] + content[32 + i]));
    spec.box = {6, 1};
    EXPECT_THROW(
        device.run("cluster_exchange", "", {{2}, {128}, 384, {2}}, {TensorMapArgument{in.get(), spec}, out.get()}),
        TensorMapError);
}

}  // namespace
}  // namespace stele::test::ptx_executor_test
