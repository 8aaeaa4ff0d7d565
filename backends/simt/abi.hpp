// What crosses between the binary and a module of kernels that g++ compiled: one table, found by name with dlsym,
// and the form of a tensor map.
//
// A module holds its own executor, because a kernel's shared memory is the module's thread-local storage, and because
// the checked module is compiled against an executor that sees each access.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "backends/backend.hpp"
#include "backends/tensor_map.hpp"

namespace stele::simt {

/// Dynamic shared memory that a block may ask for, as on compute capability 9.0.
inline constexpr std::size_t max_shared_bytes = std::size_t{227} * 1024;

/// A buffer's payload, which kernels may touch; the guards around it, which they may not.
struct Extent {
    std::byte* begin = nullptr;
    std::size_t bytes = 0;
};

/// One launch, in CUDA's units.
struct LaunchRequest {
    SimtEntry entry = nullptr;
    void* const* arguments = nullptr;  ///< as cudaLaunchKernel takes them
    Dim3 grid, block, cluster;
    std::size_t shared_bytes = 0;
    std::span<const Extent> buffers;  ///< all that the device has allocated, by address
    Extent region;                    ///< addresses that only buffers lie in
    std::uint64_t seed = 0;           ///< of the order in which warps run
    unsigned workers = 2;             ///< threads of the host that run blocks
    std::string_view kernel;          ///< for messages: "gemm_tiled<128x128x16 f32>"
};

/// What TensorMap holds on simt: the device writes it, a module reads it.
struct TileMap {
    static constexpr std::uint32_t magic_value = 0x53544d31;
    std::uint32_t magic = magic_value;
    std::uint8_t rank = 0;
    TensorMapElement element = TensorMapElement::u8;
    TensorMapSwizzle swizzle = TensorMapSwizzle::none;
    std::array<std::uint16_t, 5> box{};
    std::uint64_t address = 0;
    std::array<std::uint64_t, 5> extent{};
    std::array<std::uint64_t, 5> stride{};

    /// Bytes that one box takes in shared memory.
    std::uint32_t box_bytes() const {
        auto bytes = static_cast<std::uint32_t>(bytes_of(element));
        for (int i = 0; i < rank; ++i) bytes *= box[i];
        return bytes;
    }
};
static_assert(sizeof(TileMap) <= sizeof(TensorMap));

struct ModuleTable {
    static constexpr int current_version = 2;
    int version = current_version;
    bool checked = false;  ///< sees each access: races, bounds, uninitialised shared memory
    /// Runs a launch to its end. Returns nothing if all went well, else the defect: its name, a colon, and the rest.
    std::string (*run)(const LaunchRequest&) = nullptr;
    /// `const std::vector<NativeExport>*`, which backends know nothing of.
    const void* exports = nullptr;
};

/// The one symbol that a module exports: `const ModuleTable* stele_simt_module()`.
inline constexpr const char* module_symbol = "stele_simt_module";

}  // namespace stele::simt
