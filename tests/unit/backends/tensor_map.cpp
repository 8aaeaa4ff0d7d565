// What TMA takes, on both sides of each limit that the driver's manual gives.
#include "backends/tensor_map.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "tests/support/refusal.hpp"

namespace stele::tensor_map_test {
namespace {

constexpr std::uint64_t address = 4096;

/// 5 dimensions of f16, a box 64 bytes wide.
TensorMapSpec good() {
    TensorMapSpec spec;
    spec.rank = 5;
    spec.extent = {64, 8, 8, 8, 8};
    spec.stride = {0, 128, 1024, 8192, 65536};
    spec.box = {32, 8, 4, 2, 1};
    return spec;
}

std::string reason(const std::function<void(TensorMapSpec&)>& change, std::uint64_t at = address) {
    TensorMapSpec spec = good();
    change(spec);
    return test::refusal_of<TensorMapError>([&] { check_tensor_map(spec, at); });
}

TEST(TensorMapLimits, AGoodOneIsTaken) {
    EXPECT_EQ(reason([](TensorMapSpec&) {}), "");
}

TEST(TensorMapLimits, Rank) {
    EXPECT_EQ(reason([](TensorMapSpec& spec) { spec.rank = 1; }), "");
    EXPECT_EQ(reason([](TensorMapSpec& spec) { spec.rank = 0; }), "tensor map: the rank is 0, and must be 1 to 5");
    EXPECT_EQ(reason([](TensorMapSpec& spec) { spec.rank = 6; }), "tensor map: the rank is 6, and must be 1 to 5");
}

TEST(TensorMapLimits, Address) {
    const auto same = [](TensorMapSpec&) {};
    EXPECT_EQ(reason(same, 16), "");
    EXPECT_EQ(reason(same, 24), "tensor map: the address is 24, and must be a multiple of 16");
    EXPECT_EQ(reason(same, 4104), "tensor map: the address is 4104, and must be a multiple of 16");
}

TEST(TensorMapLimits, ExtentsOfEveryDimension) {
    for (const std::size_t i : {0, 1, 4}) {
        EXPECT_EQ(reason([&](TensorMapSpec& spec) { spec.extent[i] = 1; }), "");
        EXPECT_EQ(reason([&](TensorMapSpec& spec) { spec.extent[i] = std::uint64_t{1} << 32; }), "");
        EXPECT_NE(reason([&](TensorMapSpec& spec) { spec.extent[i] = 0; }).find("an extent is 0"), std::string::npos);
        EXPECT_NE(reason([&](TensorMapSpec& spec) { spec.extent[i] = (std::uint64_t{1} << 32) + 1; }).find("an extent"),
                  std::string::npos);
    }
    // What is beyond the rank is not read.
    EXPECT_EQ(reason([](TensorMapSpec& spec) {
                  spec.rank = 4;
                  spec.extent[4] = spec.box[4] = 0;
                  spec.stride[4] = 1;
              }),
              "");
}

TEST(TensorMapLimits, SidesOfTheBox) {
    for (const std::size_t i : {1, 4}) {
        EXPECT_EQ(reason([&](TensorMapSpec& spec) { spec.box[i] = 256; }), "");
        EXPECT_NE(reason([&](TensorMapSpec& spec) { spec.box[i] = 257; }).find("a side of the box is 257"),
                  std::string::npos);
        EXPECT_NE(reason([&](TensorMapSpec& spec) { spec.box[i] = 0; }).find("a side of the box is 0"),
                  std::string::npos);
    }
}

TEST(TensorMapLimits, StridesOfAllButTheInnermost) {
    constexpr std::uint64_t most = std::uint64_t{1} << 40;
    EXPECT_EQ(reason([](TensorMapSpec& spec) { spec.stride[0] = 3; }), "");
    for (const std::size_t i : {1, 4}) {
        EXPECT_EQ(reason([&](TensorMapSpec& spec) { spec.stride[i] = most - 16; }), "");
        EXPECT_NE(reason([&](TensorMapSpec& spec) { spec.stride[i] = most; }).find("a stride"), std::string::npos);
        EXPECT_NE(reason([&](TensorMapSpec& spec) { spec.stride[i] = 136; }).find("a stride is 136"),
                  std::string::npos);
    }
}

TEST(TensorMapLimits, TheBoxsWidthInBytes) {
    EXPECT_EQ(reason([](TensorMapSpec& spec) { spec.box[0] = 8; }), "");
    EXPECT_EQ(reason([](TensorMapSpec& spec) { spec.box[0] = 4; }),
              "tensor map: the box's width in bytes is 8, and must be a multiple of 16");
    EXPECT_EQ(reason([](TensorMapSpec& spec) {
                  spec.element = TensorMapElement::f32;
                  spec.box[0] = 4;
              }),
              "");
    EXPECT_NE(reason([](TensorMapSpec& spec) {
                  spec.element = TensorMapElement::u8;
                  spec.box[0] = 8;
              }),
              "");
}

TEST(TensorMapLimits, ASwizzledBoxIsAsWideAsItsSwizzle) {
    EXPECT_EQ(reason([](TensorMapSpec& spec) { spec.swizzle = TensorMapSwizzle::bytes_64; }), "");
    EXPECT_EQ(reason([](TensorMapSpec& spec) { spec.swizzle = TensorMapSwizzle::bytes_128; }),
              "tensor map: the box's width in bytes is 64, and must be the width of its swizzle");
    EXPECT_NE(reason([](TensorMapSpec& spec) { spec.swizzle = TensorMapSwizzle::bytes_32; }), "");
    EXPECT_EQ(bytes_of(TensorMapSwizzle::none), 0u);
    EXPECT_EQ(bytes_of(TensorMapSwizzle::bytes_32), 32u);
    EXPECT_EQ(bytes_of(TensorMapSwizzle::bytes_128), 128u);
    EXPECT_EQ(bytes_of(TensorMapElement::u8), 1u);
    EXPECT_EQ(bytes_of(TensorMapElement::bf16), 2u);
    EXPECT_EQ(bytes_of(TensorMapElement::s32), 4u);
}

}  // namespace
}  // namespace stele::tensor_map_test
