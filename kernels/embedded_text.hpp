// Texts that the build put into the binary, and the OpenCL sources among them. These are read through opencl_text().
#pragma once

#include <string_view>
#include <vector>

namespace stele {

struct EmbeddedText {
    std::string_view file;  ///< below kernels/: "gemm/tiled/tiled.cl"
    std::string_view text;
    std::string_view sha256;  ///< of the text, in hexadecimal
};

const std::vector<EmbeddedText>& embedded_texts();

}  // namespace stele
