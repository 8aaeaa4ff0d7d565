// Formats, fragments and layouts of matrix instructions, against plain statements of the PTX manual.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <set>
#include <vector>

#include "backends/simt/ptx/arithmetic.hpp"
#include "backends/simt/ptx/layout.hpp"
#include "backends/simt/ptx/tile_rows.hpp"
#include "tests/support/simt.hpp"

namespace stele::simt::ptx_arithmetic_test {
namespace {

TEST(PtxNumbers, F16AgreesWithTheCompilerForEveryPattern) {
    for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
        const auto expected = static_cast<double>(std::bit_cast<_Float16>(static_cast<std::uint16_t>(bits)));
        const double value = decode(Element::f16, bits);
        if (std::isnan(expected)) {
            EXPECT_TRUE(std::isnan(value)) << bits;
        } else {
            ASSERT_EQ(value, expected) << bits;
            ASSERT_EQ(encode_f16(value), bits) << bits;
        }
    }
}

TEST(PtxNumbers, F16RoundsToNearestEven) {
    for (std::uint32_t bits = 0; bits < 0x7bff; ++bits) {
        const double low = decode(Element::f16, bits), high = decode(Element::f16, bits + 1), middle = (low + high) / 2;
        ASSERT_EQ(encode_f16(middle), bits % 2 == 0 ? bits : bits + 1);
        ASSERT_EQ(encode_f16(std::nextafter(middle, low)), bits);
        ASSERT_EQ(encode_f16(std::nextafter(-middle, -high)), 0x8000 | (bits + 1));
    }
    EXPECT_EQ(encode_f16(65519.99), 0x7bff);
    EXPECT_EQ(encode_f16(65520.0), 0x7c00);
    EXPECT_EQ(encode_f16(-1e300), 0xfc00);
    EXPECT_EQ(encode_f16(1e-12), 0);
}

TEST(PtxNumbers, EightBitFormatsAreThoseOfOcp) {
    EXPECT_EQ(decode(Element::e4m3, 0x7e), 448.0);
    EXPECT_TRUE(std::isnan(decode(Element::e4m3, 0x7f)));
    EXPECT_EQ(decode(Element::e4m3, 0x01), std::ldexp(1.0, -9));
    EXPECT_EQ(decode(Element::e4m3, 0xb8), -1.0);
    EXPECT_EQ(decode(Element::e5m2, 0x7b), 57344.0);
    EXPECT_EQ(decode(Element::e5m2, 0x7c), std::numeric_limits<double>::infinity());
    EXPECT_EQ(decode(Element::e5m2, 0x01), std::ldexp(1.0, -16));
    EXPECT_EQ(decode(Element::s8, 0x80), -128.0);
}

TEST(PtxNumbers, E4m3RoundsToNearestEvenAndSaturates) {
    for (std::uint32_t bits = 0; bits < 0x7f; ++bits) {
        const double low = decode(Element::e4m3, bits), high = decode(Element::e4m3, bits + 1),
                     middle = (low + high) / 2;
        ASSERT_EQ(encode_e4m3(low), bits);
        ASSERT_EQ(encode_e4m3(-low), 0x80 | bits);
        if (bits == 0x7e) break;
        ASSERT_EQ(encode_e4m3(middle), bits % 2 == 0 ? bits : bits + 1);
        ASSERT_EQ(encode_e4m3(std::nextafter(middle, low)), bits);
        ASSERT_EQ(encode_e4m3(std::nextafter(middle, high)), bits + 1);
    }
    EXPECT_EQ(encode_e4m3(1e30), 0x7e);
    EXPECT_EQ(encode_e4m3(-std::numeric_limits<double>::infinity()), 0xfe);
    EXPECT_EQ(encode_e4m3(std::nan("")) & 0x7f, 0x7f);
}

TEST(PtxNumbers, Tf32IgnoresLowBits) {
    EXPECT_EQ(decode(Element::tf32, std::bit_cast<std::uint32_t>(1.0f) | 0x1fff), 1.0);
    EXPECT_EQ(decode(Element::tf32, std::bit_cast<std::uint32_t>(-1.5f)), -1.5);
}

// The manual's formulas for .m16n8k16 with .f16: groupID = lane >> 2, threadID_in_group = lane % 4.
TEST(PtxLayout, FragmentsOfM16N8K16AreTheManuals) {
    for (int lane = 0; lane < 32; ++lane) {
        const int group = lane >> 2, in_group = lane % 4;
        for (int i = 0; i < 8; ++i) {
            const int row = (i < 2 || (i >= 4 && i < 6)) ? group : group + 8;
            const int column = in_group * 2 + (i & 1) + (i >= 4 ? 8 : 0);
            EXPECT_EQ(place_in_a(lane, i / 2, i % 2, 2), (Place{row, column}));
        }
        for (int i = 0; i < 4; ++i) {
            EXPECT_EQ(place_in_b(lane, i / 2, i % 2, 2), (Place{in_group * 2 + (i & 1) + (i >= 2 ? 8 : 0), group}));
            EXPECT_EQ(place_in_c(lane, i), (Place{i < 2 ? group : group + 8, in_group * 2 + (i & 1)}));
        }
    }
}

// .m16n8k32 with 8-bit elements, and .m16n8k8 with .tf32.
TEST(PtxLayout, FragmentsOfOtherWidthsAreTheManuals) {
    for (int lane = 0; lane < 32; ++lane) {
        const int group = lane >> 2, in_group = lane % 4;
        for (int i = 0; i < 16; ++i) {
            const int row = (i < 4 || (i >= 8 && i < 12)) ? group : group + 8;
            const int column = in_group * 4 + (i & 3) + (i >= 8 ? 16 : 0);
            EXPECT_EQ(place_in_a(lane, i / 4, i % 4, 4), (Place{row, column}));
        }
        for (int i = 0; i < 8; ++i)
            EXPECT_EQ(place_in_b(lane, i / 4, i % 4, 4), (Place{in_group * 4 + (i & 3) + (i >= 4 ? 16 : 0), group}));
        for (int i = 0; i < 4; ++i)
            EXPECT_EQ(place_in_a(lane, i, 0, 1),
                      (Place{i % 2 == 0 ? group : group + 8, i < 2 ? in_group : in_group + 4}));
        for (int i = 0; i < 2; ++i) EXPECT_EQ(place_in_b(lane, i, 0, 1), (Place{in_group + 4 * i, group}));
    }
}

// The programming guide's pictures: which 16-byte chunk of which row goes where.
TEST(PtxLayout, SwizzlesAreThoseOfTheGuide) {
    for (std::uint32_t row = 0; row < 16; ++row) {
        for (std::uint32_t chunk = 0; chunk < 8; ++chunk)
            EXPECT_EQ(swizzled(row * 128 + chunk * 16, Swizzle::bytes_128), row * 128 + (chunk ^ (row % 8)) * 16);
        for (std::uint32_t chunk = 0; chunk < 4; ++chunk)
            EXPECT_EQ(swizzled(row * 64 + chunk * 16, Swizzle::bytes_64), row * 64 + (chunk ^ (row / 2 % 4)) * 16);
        for (std::uint32_t chunk = 0; chunk < 2; ++chunk)
            EXPECT_EQ(swizzled(row * 32 + chunk * 16, Swizzle::bytes_32), row * 32 + (chunk ^ (row / 4 % 2)) * 16);
    }
    EXPECT_EQ(swizzled(0x1f0, Swizzle::none), 0x1f0u);
}

TEST(PtxLayout, DescriptorsHaveTheManualsFields) {
    const std::uint64_t bits = pack_descriptor({0x12340, 0x400, 0x800, 0, Swizzle::bytes_128});
    EXPECT_EQ(bits & 0x3fff, 0x1234u);
    EXPECT_EQ(bits >> 16 & 0x3fff, 0x40u);
    EXPECT_EQ(bits >> 32 & 0x3fff, 0x80u);
    EXPECT_EQ(bits >> 62, 1u);
    EXPECT_EQ(unpack_descriptor(bits), (MatrixDescriptor{0x12340, 0x400, 0x800, 0, Swizzle::bytes_128}));
}

// Whatever the layout, the elements of one operand lie at different places, 16-byte pieces stay whole, and a base
// offset of a pattern that begins late gives the same places, moved.
TEST(PtxLayout, OperandPlacesAreDistinct) {
    for (const Swizzle swizzle : {Swizzle::none, Swizzle::bytes_32, Swizzle::bytes_64, Swizzle::bytes_128})
        for (const bool mn_major : {false, true}) {
            const auto width = static_cast<std::uint32_t>(width_of(swizzle));
            const bool plain = swizzle == Swizzle::none;
            // 64 x 16 of 16 bits; along mn blocks of 8 rows follow, along k (or widths of mn) blocks of blocks.
            const MatrixDescriptor descriptor = !mn_major ? MatrixDescriptor{1024, 8 * 128, 8 * width, 0, swizzle}
                                                : plain   ? MatrixDescriptor{1024, 8 * 128, 128, 0, swizzle}
                                                          : MatrixDescriptor{1024, 16 * width, 8 * width, 0, swizzle};
            std::set<std::uint32_t> places;
            for (int mn = 0; mn < 64; ++mn)
                for (int k = 0; k < 16; ++k) {
                    const std::uint32_t at = operand_address(descriptor, mn_major, mn, k, 2);
                    EXPECT_TRUE(places.insert(at).second) << mn << ' ' << k;
                    const int along = mn_major ? mn : k;
                    if (along % 8 != 0) {
                        const std::uint32_t before = mn_major ? operand_address(descriptor, true, mn - 1, k, 2)
                                                              : operand_address(descriptor, false, mn, k - 1, 2);
                        EXPECT_EQ(at, before + 2);
                    }
                }
            MatrixDescriptor late = descriptor;
            late.start += 256;
            late.base_offset = 2;
            EXPECT_EQ(operand_address(late, mn_major, 9, 5, 2), operand_address(descriptor, mn_major, 9, 5, 2) + 256);
        }
}

// -- mma against a triple loop over matrices that the test scatters itself
// ---------------------------------------------

struct MmaCase {
    Element element;
    std::vector<std::uint32_t> patterns;  ///< bits to draw elements from
};

class PtxMma : public testing::TestWithParam<MmaCase> {};

TEST_P(PtxMma, AgreesWithATripleLoop) {
    const auto& [element, patterns] = GetParam();
    const int bits = bits_of(element), per_register = 32 / bits, k = 8 * per_register;
    std::uint32_t state = 12345;
    const auto draw = [&] {
        state = state * 1664525 + 1013904223;
        return patterns[(state >> 8) % patterns.size()];
    };
    std::vector<std::uint32_t> a(static_cast<std::size_t>(16 * k)), b(static_cast<std::size_t>(k * 8));
    for (auto& value : a) value = draw();
    for (auto& value : b) value = draw();
    WarpRegisters<4> registers_a{};
    WarpRegisters<2> registers_b{};
    WarpFloats<4> c{};
    WarpRegisters<4> c_int{};
    for (int lane = 0; lane < 32; ++lane) {
        for (int r = 0; r < 4; ++r)
            for (int j = 0; j < per_register; ++j) {
                const int row = lane / 4 + (r == 1 || r == 3 ? 8 : 0);
                const int column = (lane % 4) * per_register + j + (r >= 2 ? k / 2 : 0);
                registers_a[lane][r] |= a[static_cast<std::size_t>(row * k + column)] << (bits == 32 ? 0 : j * bits);
            }
        for (int r = 0; r < 2; ++r)
            for (int j = 0; j < per_register; ++j) {
                const int row = (lane % 4) * per_register + j + (r == 1 ? k / 2 : 0);
                registers_b[lane][r] |= b[static_cast<std::size_t>(row * 8 + lane / 4)] << (bits == 32 ? 0 : j * bits);
            }
        for (int i = 0; i < 4; ++i) {
            c[lane][i] = 0.25f * static_cast<float>(lane + i);
            c_int[lane][i] = static_cast<std::uint32_t>(lane * 1000 - i);
        }
    }
    const WarpFloats<4> d = mma_f32(element, registers_a, registers_b, c);
    const WarpRegisters<4> d_int = mma_s32(registers_a, registers_b, c_int);
    for (int lane = 0; lane < 32; ++lane)
        for (int i = 0; i < 4; ++i) {
            const int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
            double sum = 0;
            for (int kk = 0; kk < k; ++kk)
                sum += decode(element, a[static_cast<std::size_t>(row * k + kk)]) *
                       decode(element, b[static_cast<std::size_t>(kk * 8 + column)]);
            if (element == Element::s8) {
                EXPECT_EQ(static_cast<std::int32_t>(d_int[lane][i]), lane * 1000 - i + static_cast<int>(sum));
            } else {
                EXPECT_EQ(d[lane][i], static_cast<float>(sum + c[lane][i])) << lane << ' ' << i;
            }
        }
}

INSTANTIATE_TEST_SUITE_P(All, PtxMma,
                         testing::Values(MmaCase{Element::f16, {0x3c00, 0xbc00, 0x3800, 0x4200, 0x0001, 0xb555}},
                                         MmaCase{Element::bf16, {0x3f80, 0xbf80, 0x3f00, 0x4040, 0x3eab}},
                                         MmaCase{Element::tf32, {0x3f800000, 0xbf000000, 0x40490000, 0x3eaaa000}},
                                         MmaCase{Element::e4m3, {0x38, 0xb8, 0x01, 0x7e, 0x45, 0x91}},
                                         MmaCase{Element::e5m2, {0x3c, 0xbc, 0x01, 0x45, 0x91}},
                                         MmaCase{Element::s8, {0x00, 0x01, 0x7f, 0x80, 0xff, 0x55}}));

TEST(PtxMmaF16, RoundsTheAccumulatorOnce) {
    WarpRegisters<4> a{};
    WarpRegisters<2> b{};
    WarpRegisters<2> c{};
    // 1024 + 2 * 0.75 = 1025.5, halfway between 1025 and 1026: even is 1026.
    a[0][0] = 0x3c003c00;
    b[0][0] = 0x3a003a00;
    c[0][0] = 0x6400;
    EXPECT_EQ(mma_f16(a, b, c)[0][0] & 0xffff, encode_f16(1025.5));
    EXPECT_EQ(decode(Element::f16, mma_f16(a, b, c)[0][0] & 0xffff), 1026.0);
}

TEST(PtxLdmatrix, GivesRowsOrColumns) {
    std::array<std::array<std::uint16_t, 8>, 8> rows{};
    for (int r = 0; r < 8; ++r)
        for (int c = 0; c < 8; ++c) rows[r][c] = static_cast<std::uint16_t>(r * 8 + c);
    for (int lane = 0; lane < 32; ++lane) {
        const std::uint32_t row = lane / 4, pair = lane % 4 * 2;
        EXPECT_EQ(ldmatrix_register(rows, lane, false), (row * 8 + pair) | (row * 8 + pair + 1) << 16);
        EXPECT_EQ(ldmatrix_register(rows, lane, true), (pair * 8 + row) | ((pair + 1) * 8 + row) << 16);
    }
}

// -- Tensor maps
// -------------------------------------------------------------------------------------------------------

TEST(PtxTensorMap, RowsOfABoxAreClippedToTheTensor) {
    std::vector<float> tensor(5 * 12);
    const TensorMap map = test::matrix_map(tensor.data(), TensorMapElement::f32, 12, 5, 8, 4, TensorMapSwizzle::none);
    const TileMap tile = decode_tensor_map(map);
    EXPECT_EQ(tile.box_bytes(), 128u);
    std::vector<TileRow> rows;
    for_each_row(tile, {-3, 3}, [&](const TileRow& row) { rows.push_back(row); });
    ASSERT_EQ(rows.size(), 4u);
    for (std::uint32_t i = 0; i < 4; ++i) EXPECT_EQ(rows[i].shared_offset, i * 32);
    EXPECT_EQ(rows[0].global, reinterpret_cast<std::uintptr_t>(&tensor[3 * 12]));
    EXPECT_EQ(rows[0].skip_bytes, 12u);
    EXPECT_EQ(rows[1].bytes, 20u);
    EXPECT_EQ(rows[2].bytes, 0u);
    rows.clear();
    for_each_row(tile, {12, 0}, [&](const TileRow& row) { rows.push_back(row); });
    for (const TileRow& row : rows) EXPECT_EQ(row.bytes, 0u);
}

TEST(PtxTensorMap, WhatHardwareRefusesIsRefusedWithTheReason) {
    TensorMapSpec good;
    good.extent = {64, 64};
    good.stride = {0, 128};
    good.box = {64, 8};
    good.swizzle = TensorMapSwizzle::bytes_128;
    EXPECT_NO_THROW(check_tensor_map(good, 4096));
    const auto reason = [](TensorMapSpec spec, std::uint64_t address) -> std::string {
        try {
            check_tensor_map(spec, address);
        } catch (const TensorMapError& error) {
            return error.what();
        }
        return "accepted";
    };
    EXPECT_NE(reason(good, 4104).find("address"), std::string::npos);
    TensorMapSpec bad = good;
    bad.stride[1] = 120;
    EXPECT_NE(reason(bad, 4096).find("stride"), std::string::npos);
    bad = good;
    bad.box[1] = 257;
    EXPECT_NE(reason(bad, 4096).find("side of the box"), std::string::npos);
    bad = good;
    bad.box[0] = 32;
    EXPECT_NE(reason(bad, 4096).find("swizzle"), std::string::npos);
    bad = good;
    bad.rank = 6;
    EXPECT_NE(reason(bad, 4096).find("rank"), std::string::npos);
}

}  // namespace
}  // namespace stele::simt::ptx_arithmetic_test
