// OpenCL C through clang and libclc to PTX text: what portable kernels become without the driver's OpenCL compiler.
#pragma once

#include <string>
#include <string_view>

#include "backends/backend.hpp"
#include "harness/toolchain/content_cache.hpp"
#include "harness/toolchain/toolchain.hpp"

namespace stele {

/// How rows are labelled that were made this way.
inline constexpr std::string_view clang_label = "clang → NVPTX (proxy)";

/// PTX text of `source` (OpenCL C, or with NVIDIA's inline PTX) for a GPU of `architecture` ("sm_90a"), with the
/// entry's block size stated, without which an assembler must leave registers for 1024 threads. Its first line names
/// the compiler. Kept in `cache`, so that a machine without clang can use what another has made: carry the folder.
/// Throws MissingTool, or BadInput with clang's log.
std::string opencl_to_ptx(const KernelSource& source, unsigned threads, const std::string& architecture,
                          Toolchain& toolchain, const ContentCache& cache);

/// `ptx` with `.maxntid threads` on its kernel `entry`, unless the kernel states a block size itself. Throws Failed.
std::string with_block_size(std::string ptx, std::string_view entry, unsigned threads);

}  // namespace stele
