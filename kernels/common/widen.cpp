#include "kernels/common/widen.hpp"

#include <bit>
#include <stdexcept>

#include "kernels/common/parallel.hpp"

namespace stele {
namespace {

constexpr std::int64_t piece = 1 << 16;  // below, starting a thread takes longer

/// Without a branch, so that a loop over it becomes vector code: the product moves the exponent's bias from 15 to 127,
/// which makes numbers of subnormal ones, and the largest exponent stays the largest.
inline float wide_f16(std::uint16_t bits) {
    const std::uint32_t magnitude = static_cast<std::uint32_t>(bits & 0x7fffu) << 13;
    const std::uint32_t number = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) * 0x1p112f);
    const std::uint32_t unbounded = magnitude >= 0x0f800000u ? 0x7f800000u : 0u;
    return std::bit_cast<float>(number | unbounded | static_cast<std::uint32_t>(bits & 0x8000u) << 16);
}

inline float wide_bf16(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

template <typename To, typename From, typename Convert>
void convert(const void* from, std::int64_t count, void* to, const Convert& converted) {
    const auto* const source = static_cast<const From*>(from);
    auto* const target = static_cast<To*>(to);
    in_pieces(count, piece, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) target[i] = converted(source[i]);
    });
}

void check(Dtype dtype) {
    if (dtype != Dtype::f16 && dtype != Dtype::bf16) throw std::logic_error("only f16 and bf16 are widened");
}

}  // namespace

void widen(Dtype dtype, const void* from, std::int64_t count, float* to) {
    check(dtype);
    if (dtype == Dtype::f16) return convert<float, std::uint16_t>(from, count, to, wide_f16);
    convert<float, std::uint16_t>(from, count, to, wide_bf16);
}

void narrow(Dtype dtype, const float* from, std::int64_t count, void* to) {
    check(dtype);
    convert<std::uint16_t, float>(from, count, to, dtype == Dtype::f16 ? f16_bits : bf16_bits);
}

}  // namespace stele
