// Where the elements of a matrix instruction lie: in registers of a warp, and in shared memory behind a descriptor.
// Pure functions, so that a test can hold them against the manual's pictures.
//
// Source: PTX ISA, "Matrix Fragments for mma.m16n8k16" and its siblings, "Register Fragments for wgmma.mma_async",
// "Shared Memory Matrix Layout" and "Matrix Descriptor Format".
#pragma once

#include <cstddef>
#include <cstdint>

namespace stele::simt {

/// Row and column of one element.
struct Place {
    int row = 0, column = 0;
    bool operator==(const Place&) const = default;
};

/// A[16, K] of mma.sync, and a warp's 16 rows of A of wgmma: element `j` of 32-bit register `r` of `lane`.
/// `per_register` is 32 / bits of an element; K is 8 * per_register.
constexpr Place place_in_a(int lane, int r, int j, int per_register) {
    return {lane / 4 + 8 * (r % 2), (lane % 4 + 4 * (r / 2)) * per_register + j};
}

/// B[K, 8] of mma.sync: element `j` of register `r`. Row is k.
constexpr Place place_in_b(int lane, int r, int j, int per_register) {
    return {(lane % 4 + 4 * r) * per_register + j, lane / 4};
}

/// C[16, N] of mma.sync (N = 8) and a warp's 16 rows of D of wgmma: accumulator `i` of `lane`.
constexpr Place place_in_c(int lane, int i) {
    return {lane / 4 + 8 * (i / 2 % 2), 8 * (i / 4) + 2 * (lane % 4) + i % 2};
}

/// How 16-byte pieces are permuted in shared memory. The values are the descriptor's bits 62 and 63.
enum class Swizzle : std::uint8_t { none = 0, bytes_128 = 1, bytes_64 = 2, bytes_32 = 3 };

/// Width of a swizzled row in bytes; 16 without a swizzle.
constexpr int width_of(Swizzle swizzle) {
    switch (swizzle) {
        case Swizzle::bytes_128:
            return 128;
        case Swizzle::bytes_64:
            return 64;
        case Swizzle::bytes_32:
            return 32;
        case Swizzle::none:
            break;
    }
    return 16;
}

/// Bytes after which the pattern repeats, and to which its start is aligned.
constexpr int period_of(Swizzle swizzle) { return swizzle == Swizzle::none ? 16 : 8 * width_of(swizzle); }

/// The shared address at which the byte of linear address `address` lies: bits 4… are exclusive-ored with bits 7….
constexpr std::uint32_t swizzled(std::uint32_t address, Swizzle swizzle) {
    const std::uint32_t mask = static_cast<std::uint32_t>(width_of(swizzle)) / 16 - 1;
    return address ^ (((address >> 7) & mask) << 4);
}

/// wgmma's 64-bit matrix descriptor, taken apart. Addresses and offsets in bytes.
struct MatrixDescriptor {
    std::uint32_t start = 0;           ///< shared address, 18 bits, multiple of 16
    std::uint32_t leading_offset = 0;  ///< LBO
    std::uint32_t stride_offset = 0;   ///< SBO
    std::uint32_t base_offset = 0;     ///< 0…7: where in the 8-row pattern the matrix starts
    Swizzle swizzle = Swizzle::none;
    bool operator==(const MatrixDescriptor&) const = default;
};

constexpr MatrixDescriptor unpack_descriptor(std::uint64_t bits) {
    const auto field = [bits](int at, int width) {
        return static_cast<std::uint32_t>(bits >> at & ((std::uint64_t{1} << width) - 1));
    };
    return {field(0, 14) << 4, field(16, 14) << 4, field(32, 14) << 4, field(49, 3),
            static_cast<Swizzle>(field(62, 2))};
}

constexpr std::uint64_t pack_descriptor(const MatrixDescriptor& descriptor) {
    const auto field = [](std::uint64_t value, int at, int width) {
        return (value & ((std::uint64_t{1} << width) - 1)) << at;
    };
    return field(descriptor.start >> 4, 0, 14) | field(descriptor.leading_offset >> 4, 16, 14) |
           field(descriptor.stride_offset >> 4, 32, 14) | field(descriptor.base_offset, 49, 3) |
           field(static_cast<std::uint64_t>(descriptor.swizzle), 62, 2);
}

/// Shared address of element (mn, k) of an operand. `mn` is the row of A or the column of B.
///
/// K-major: 8 rows of one swizzle width make a block; blocks follow each other along mn at the stride offset. Without
/// a swizzle a block is 8 rows of 16 bytes, and blocks follow along k at the leading offset.
/// MN-major (16-bit elements): a block is 8 values of k, each with one swizzle width of mn; blocks follow along mn at
/// the leading offset and along k at the stride offset. Without a swizzle the two offsets change places.
/// The permutation works on the bits of the address itself; the base offset corrects for a pattern that does not
/// start at a multiple of its period.
constexpr std::uint32_t operand_address(const MatrixDescriptor& descriptor, bool mn_major, int mn, int k,
                                        int element_bytes) {
    const auto width = static_cast<std::uint32_t>(width_of(descriptor.swizzle));
    const bool plain = descriptor.swizzle == Swizzle::none;
    const std::uint32_t along =
        static_cast<std::uint32_t>(mn_major ? mn : k) * static_cast<std::uint32_t>(element_bytes);
    const auto across = static_cast<std::uint32_t>(mn_major ? k : mn);
    const bool along_by_stride = mn_major && plain;
    const std::uint32_t along_step = along_by_stride ? descriptor.stride_offset : descriptor.leading_offset;
    const std::uint32_t across_step = along_by_stride ? descriptor.leading_offset : descriptor.stride_offset;
    // A swizzled K-major operand of one instruction never leaves its row, so that no leading offset is needed.
    const bool within_row = !mn_major && !plain;
    const std::uint32_t offset = (within_row ? along : along / width * along_step + along % width) +
                                 across / 8 * across_step + across % 8 * width;
    const std::uint32_t address = descriptor.start + offset;
    const std::uint32_t pattern = address - (descriptor.base_offset << 7);
    return plain ? address : address ^ (pattern ^ swizzled(pattern, descriptor.swizzle));
}

}  // namespace stele::simt
