#include "kernels/libraries.hpp"

#include "kernels/attention/vendor/cudnn.hpp"
#include "kernels/common/clblast.hpp"
#include "kernels/common/onednn.hpp"
#include "kernels/common/openblas.hpp"
#include "kernels/gemm/vendor/vendor.hpp"

namespace stele {

std::map<std::string, LibraryState> loaded_libraries() {
    std::map<std::string, LibraryState> out;
    const auto add = [&](const char* row, const std::optional<LibraryState>& state) {
        if (state) out.emplace(row, *state);
    };
    add("openblas", openblas_state());
    add("onednn", onednn_state());
    add("clblast", clblast_state());
    add("cublaslt", gemm::cublaslt_state());
    add("cudnn", attention::cudnn_state());
    return out;
}

}  // namespace stele
