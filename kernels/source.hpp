// Finds what the build compiled in: embedded OpenCL text and native CUDA, PTX and simt entries.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/backend.hpp"
#include "kernels/native_instance.hpp"

namespace stele {

/// OpenCL C for `file` ("gemm/tiled/tiled.cl", a path below kernels/), each `#include "…"` of a path below kernels/
/// expanded once, with #line marks so that a compiler's message names the real file. Throws std::logic_error if the
/// build does not have the file.
std::string opencl_text(std::string_view file);
/// The same of another tree: `read` gives the text of a path below its kernels/.
std::string opencl_text(std::string_view file, const std::function<std::string(std::string_view)>& read);

/// The instance of `entry` that the file `kernels/<algorithm>.cu` (cuda) or `.ptx.cu` (ptx) exports, for each runtime
/// in this build. `algorithm` is "gemm/tiled". Members are null where this build has no such compiler.
NativeKernel native_kernel(Language language, std::string_view algorithm, std::string_view entry,
                           std::string_view instance);

/// True if this build compiled CUDA C++ for the GPU.
bool built_with_cuda();

/// True if this build compiled the file `kernels/<algorithm>.cu` (or `.ptx.cu`) for the GPU, or has `.tile.cu`, which a
/// compiler of its own does. A row that chooses among others has none.
bool has_native_file(Language language, std::string_view algorithm);

/// The sibling of `kernels/<algorithm>` in the language: filled from native_kernel(), or text with its options, which
/// native ones have no use for.
KernelSource kernel_source(Language language, std::string_view algorithm, std::string entry, std::string instance,
                           std::vector<std::string> options = {});

}  // namespace stele
