// The OpenCL sources that the build put into the binary. Read through opencl_text().
#pragma once

#include <string_view>
#include <vector>

namespace stele {

struct EmbeddedText {
    std::string_view file;  ///< below kernels/: "gemm/tiled/tiled.cl"
    std::string_view text;
};

const std::vector<EmbeddedText>& embedded_texts();

}  // namespace stele
