// What TMA needs to know of a tensor: 128 bytes that the host makes and a kernel takes by value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace stele {

/// Opaque to kernels, which take it as `const __grid_constant__ TensorMap`. On NVIDIA a CUtensorMap; on simt its own
/// form of the same size.
struct alignas(128) TensorMap {
    std::array<std::byte, 128> bytes{};
};

/// What the elements are: their size decides where they go, their type matters to additions only.
enum class TensorMapElement : std::uint8_t { u8, f16, bf16, f32, s32 };

constexpr std::size_t bytes_of(TensorMapElement element) {
    switch (element) {
        case TensorMapElement::u8:
            return 1;
        case TensorMapElement::f16:
        case TensorMapElement::bf16:
            return 2;
        case TensorMapElement::f32:
        case TensorMapElement::s32:
            return 4;
    }
    return 0;
}

/// How the 16-byte pieces of a box's rows are permuted in shared memory. A swizzled box is exactly that many bytes
/// wide.
enum class TensorMapSwizzle : std::uint8_t { none, bytes_32, bytes_64, bytes_128 };

constexpr std::size_t bytes_of(TensorMapSwizzle swizzle) {
    return swizzle == TensorMapSwizzle::none ? 0 : std::size_t{16} << static_cast<int>(swizzle);
}

/// A tensor of 1 to 5 dimensions, innermost first, and the box that one copy moves.
struct TensorMapSpec {
    TensorMapElement element = TensorMapElement::f16;
    int rank = 2;
    std::array<std::uint64_t, 5> extent{};  ///< in elements; 1 to 2^32
    /// Bytes from one index to the next; multiples of 16, below 2^40. stride[0] is the element's size and not read.
    std::array<std::uint64_t, 5> stride{};
    std::array<std::uint32_t, 5> box{};  ///< in elements, 1…256; box[0] elements make a multiple of 16 bytes
    TensorMapSwizzle swizzle = TensorMapSwizzle::none;
};

/// A description that no tensor map can hold: `what()` says which part and what is accepted.
class TensorMapError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Throws TensorMapError unless hardware takes `spec` for a tensor at `address` (a multiple of 16). The limits are
/// those of cuTensorMapEncodeTiled (CUDA Driver API, Tensor Map Object Management).
void check_tensor_map(const TensorMapSpec& spec, std::uint64_t address);

}  // namespace stele
