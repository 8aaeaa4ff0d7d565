// Machine code of CUDA Tile C++, which lies beside the binary: a compiler of its own makes it (cmake/Tiles.cmake).
#pragma once

#include <filesystem>
#include <string>

#include "backends/backend.hpp"
#include "backends/cuda/handle.hpp"

namespace stele::cudart {

/// Empty, or why the device runs no kernels of CUDA Tile C++: its driver, or machine code that is not there.
/// `driver` as cudaDriverGetVersion gives it.
std::string why_no_tiles(const DeviceInfo& info, int driver);

/// The file with the kernels of "gemm/tile/tile.tile.cu" for "sm_90"; empty where there is none.
std::filesystem::path tile_code(const std::string& source_file, const std::string& architecture);

/// Loads the source's kernel. Throws DeviceError.
cudaKernel_t load_tile_kernel(const KernelSource& source, const DeviceInfo& info, Library& library);

}  // namespace stele::cudart
