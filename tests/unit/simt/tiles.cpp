// CUDA Tile C++ on the CPU executor: each operation against a plain loop, in both modules.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "backends/error.hpp"
#include "kernels/tensor.hpp"
#include "tests/support/simt.hpp"

namespace stele::test {
namespace {

constexpr std::size_t rows = 16, cols = 32, count = rows * cols;

class SimtTiles : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        if (!SimtModule::is_built(GetParam()))
            GTEST_SKIP() << GetParam() << " is not in this build: a sanitizer's build has no checked module";
        simt_ = std::make_unique<SimtTestDevice>(GetParam());
    }

    template <typename T>
    Buffer* buffer(const std::vector<T>& content) {
        return buffers_.emplace_back(simt_->buffer(content)).get();
    }
    Buffer* floats(std::size_t size, float value = -7) { return buffer(std::vector<float>(size, value)); }
    std::vector<float> content(const Buffer* of) { return simt_->content<float>(*of); }
    void run(const std::string& entry, const std::string& instance, std::vector<Argument> arguments, Dim3 grid = {}) {
        simt_->run(entry, instance, {grid, {1}}, std::move(arguments));
    }
    /// What the device says of it.
    std::string defect(const std::string& entry, std::vector<Argument> arguments) {
        try {
            run(entry, "", std::move(arguments));
        } catch (const DeviceError& error) {
            return error.what();
        }
        return {};
    }

    std::unique_ptr<SimtTestDevice> simt_;
    std::vector<std::unique_ptr<Buffer>> buffers_;
};

std::vector<float> matrix() { return random_values(count, 1); }

TEST_P(SimtTiles, ElementsMeetRowsColumnsAndNumbers) {
    const auto a = matrix(), row = random_values(cols, 2), column = random_values(rows, 3);
    Buffer* out = floats(7 * count);
    run("elements", "", {buffer(a), buffer(row), buffer(column), out});
    const auto got = content(out);
    for (std::size_t i = 0; i < count; ++i) {
        const float x = a[i], r = row[i % cols], c = column[i / cols];
        const std::array<float, 7> want{x + r,
                                        x * c - 2,
                                        x < r ? x : -c,
                                        std::max(x, r) / 4 + std::min(x, c),
                                        std::exp2(x) + std::exp(r),
                                        x > 0 && x != r ? std::sqrt(std::abs(x)) : 0,
                                        std::log(std::abs(x) + 1) + std::log2(std::abs(c) + 1)};
        for (std::size_t op = 0; op < want.size(); ++op)
            ASSERT_FLOAT_EQ(got[op * count + i], want[op]) << op << ", " << i;
    }
}

TEST_P(SimtTiles, ReductionsKeepTheirDimension) {
    auto a = matrix();
    a[5] = -std::numeric_limits<float>::infinity();
    Buffer *row_sums = floats(rows), *column_sums = floats(cols), *most = floats(rows);
    run("reductions", "", {buffer(a), row_sums, column_sums, most});
    for (std::size_t i = 0; i < rows; ++i) {
        const auto begin = a.begin() + static_cast<std::ptrdiff_t>(i * cols), end = begin + cols;
        ASSERT_EQ(content(row_sums)[i], static_cast<float>(std::accumulate(begin, end, 0.0)));
        ASSERT_EQ(content(most)[i], *std::max_element(begin, end));
    }
    for (std::size_t j = 0; j < cols; ++j) {
        double sum = 0;
        for (std::size_t i = 0; i < rows; ++i) sum += a[i * cols + j];
        ASSERT_EQ(content(column_sums)[j], static_cast<float>(sum));
    }
}

TEST_P(SimtTiles, ShapesChangeAndElementsStay) {
    const auto a = matrix();
    Buffer *transposed = floats(count), *permuted = floats(count), *counted = buffer(std::vector<int>(count, -1));
    run("shapes", "", {buffer(a), transposed, permuted, counted});
    const auto t = content(transposed), p = content(permuted);
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j < cols; ++j) {
            ASSERT_EQ(t[j * rows + i], a[i * cols + j]);
            ASSERT_EQ(p[j * rows + i], a[i * cols + j]) << "[j, i / 4, i % 4]";
            ASSERT_EQ(simt_->content<int>(*counted)[i * cols + j], static_cast<int>(i * cols + j));
        }
}

TEST_P(SimtTiles, RowsAndColumnsRepeat) {
    const auto row = random_values(cols, 2), column = random_values(rows, 3);
    Buffer *by_row = floats(count), *by_column = floats(count);
    run("repeats", "", {buffer(row), buffer(column), by_row, by_column});
    for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(content(by_row)[i], row[i % cols]);
        ASSERT_EQ(content(by_column)[i], column[i / cols]);
    }
}

TEST_P(SimtTiles, ARangeHasItsStep) {
    Buffer* counted = buffer(std::vector<int>(12, 0));
    run("every_third", "", {counted, 1, 8});
    run("every_third", "", {counted, 9, 9});
    run("every_third", "", {counted, 11, 10});
    EXPECT_EQ(simt_->content<int>(*counted), (std::vector<int>{0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0}));
}

/// What products() makes, of whole numbers that every type here holds.
template <typename T, typename Sum>
std::vector<Sum> multiplied(const std::vector<T>& a, const std::vector<T>& b, Sum start) {
    std::vector<Sum> out(2 * 16 * 8, start);
    for (std::size_t product = 0; product < 2; ++product)
        for (std::size_t i = 0; i < 16; ++i)
            for (std::size_t j = 0; j < 8; ++j)
                for (std::size_t k = 0; k < 32; ++k)
                    out[(product * 16 + i) * 8 + j] += static_cast<Sum>(a[(product * 16 + i) * 32 + k]) *
                                                       static_cast<Sum>(b[(product * 32 + k) * 8 + j]);
    return out;
}

std::vector<float> whole_numbers(std::size_t size, std::uint32_t seed) {
    auto out = random_values(size, seed);
    for (float& value : out) value *= 8;
    return out;
}

TEST_P(SimtTiles, ProductsOfEachType) {
    const auto a = whole_numbers(2 * 16 * 32, 4), b = whole_numbers(2 * 32 * 8, 5);
    const auto want = multiplied<float, float>(a, b, 3);
    Buffer* out = floats(2 * 16 * 8, 3);
    run("products", "f32", {buffer(a), buffer(b), out});
    EXPECT_EQ(content(out), want);

    const auto as_bf16 = [](const std::vector<float>& values) {
        std::vector<std::uint16_t> bits;
        for (float value : values) bits.push_back(bf16_bits(value));
        return bits;
    };
    out = floats(2 * 16 * 8, 3);
    run("products", "bf16", {buffer(as_bf16(a)), buffer(as_bf16(b)), out});
    EXPECT_EQ(content(out), want);

    const auto as_e4m3 = [](const std::vector<float>& values) {
        std::vector<std::uint8_t> bits;
        for (float value : values) bits.push_back(e4m3_bits(value));
        return bits;
    };
    const auto rounded = [](std::vector<float> values) {
        for (float& value : values) value = e4m3_value(e4m3_bits(value));
        return values;
    };
    out = floats(2 * 16 * 8, 3);
    run("products", "e4m3", {buffer(as_e4m3(a)), buffer(as_e4m3(b)), out});
    EXPECT_EQ(content(out), (multiplied<float, float>(rounded(a), rounded(b), 3)));

    const std::vector<std::int8_t> narrow_a(a.begin(), a.end()), narrow_b(b.begin(), b.end());
    out = buffer(std::vector<int>(2 * 16 * 8, 3));
    run("products", "s8", {buffer(narrow_a), buffer(narrow_b), out});
    EXPECT_EQ(simt_->content<int>(*out), (multiplied<std::int8_t, int>(narrow_a, narrow_b, 3)));
}

TEST_P(SimtTiles, MasksAtEveryEdge) {
    for (const auto& [m, n] : {std::pair{8, 4}, {9, 5}, {7, 3}, {17, 4}, {8, 13}, {1, 1}})
        for (const bool by_columns : {false, true}) {
            const auto in = random_values(static_cast<std::size_t>(m * n), 6);
            const int blocks_m = (m + 7) / 8, blocks_n = (n + 3) / 4;
            const auto tiles = static_cast<std::size_t>(blocks_m * blocks_n * 32);
            Buffer *out = floats(tiles), *nans = floats(tiles), *copy = floats(in.size());
            run("masks", "", {buffer(in), out, nans, copy, m, n, by_columns ? 1 : 0},
                {static_cast<unsigned>(blocks_n), static_cast<unsigned>(blocks_m)});
            const auto got = content(out), with_nan = content(nans), back = content(copy);
            for (int place = 0; place < static_cast<int>(tiles); ++place) {
                const int tile = place / 32, i = tile / blocks_n * 8 + place % 32 / 4,
                          j = tile % blocks_n * 4 + place % 4;
                const auto at = static_cast<std::size_t>(place);
                if (i >= m || j >= n) {
                    ASSERT_EQ(got[at], 0);
                    ASSERT_TRUE(std::isnan(with_nan[at]));
                    continue;
                }
                const float want = in[static_cast<std::size_t>(by_columns ? j * m + i : i * n + j)];
                ASSERT_EQ(got[at], want);
                ASSERT_EQ(with_nan[at], want);
                ASSERT_EQ(back[static_cast<std::size_t>(i * n + j)], want);
            }
        }
}

TEST_P(SimtTiles, StridesOfAnArray) {
    const auto in = random_values(16 * 24, 7);
    Buffer* out = floats(64);
    run("strides", "", {buffer(in), out});
    for (std::size_t i = 0; i < 8; ++i)
        for (std::size_t j = 0; j < 8; ++j) ASSERT_EQ(content(out)[i * 8 + j], in[2 * i * 24 + 3 * j]);
}

TEST_P(SimtTiles, AddressesThatAreMasked) {
    std::vector<int> index(64);
    for (int i = 0; i < 64; ++i) index[static_cast<std::size_t>(i)] = i % 5 == 0 ? -1 : (i * 37) % 100;
    const auto in = random_values(100, 8);
    Buffer* out = floats(64);
    run("gathers", "", {buffer(in), buffer(index), out});
    for (std::size_t i = 0; i < 64; ++i)
        ASSERT_EQ(content(out)[i], index[i] < 0 ? -1.0f : in[static_cast<std::size_t>(index[i])]);
}

TEST_P(SimtTiles, CastsRoundToNearestEven) {
    auto a = random_values(count, 9, 1024);
    a[0] = 1 + 0x1p-11f, a[1] = 1 + 3 * 0x1p-11f, a[2] = 1 + 0x1p-8f, a[3] = 1e6f, a[4] = -0.0f;
    Buffer *f16 = floats(count), *bf16 = floats(count);
    run("casts", "f16", {buffer(a), f16});
    run("casts", "bf16", {buffer(a), bf16});
    for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(content(f16)[i], f16_value(f16_bits(a[i])));
        ASSERT_EQ(content(bf16)[i], bf16_value(bf16_bits(a[i])));
    }
}

TEST_P(SimtTiles, ATileBeyondItsArrayIsNamed) {
    Buffer *in = floats(40), *out = floats(16);
    EXPECT_EQ(defect("loads_tile", {in, out, 40, 1}), "");
    const std::string partial = defect("loads_tile", {in, out, 40, 2});
    EXPECT_TRUE(
        partial.starts_with("out of bounds: partition_view::load of tile 2 of dimension 0, elements 32 to 47 of 40"))
        << partial;
    EXPECT_NE(partial.find("tile_kernels.cu:"), std::string::npos) << partial;
    EXPECT_EQ(defect("loads_masked", {in, out, 40, 2}), "");
    EXPECT_TRUE(defect("loads_masked", {in, out, 40, 3}).starts_with("out of bounds: partition_view::load_masked"));
    // The array is what the kernel says; the buffer is what there is.
    EXPECT_TRUE(defect("loads_masked", {in, out, 48, 2}).starts_with("out of bounds: "));
}

TEST_P(SimtTiles, APromiseThatIsNotKeptIsNamed) {
    Buffer* out = floats(64);
    EXPECT_EQ(defect("promises", {out, 4, 24}), "");
    EXPECT_TRUE(defect("promises", {out, 5, 24}).starts_with("misaligned: "));
    EXPECT_TRUE(defect("promises", {out, 4, 25}).starts_with("broken promise: 25 is not a multiple of 8"));
}

INSTANTIATE_TEST_SUITE_P(Modules, SimtTiles, testing::Values("stele_simt_test", "stele_simt_test_checked"),
                         [](const auto& tested) { return std::string(tested.param); });

}  // namespace
}  // namespace stele::test
