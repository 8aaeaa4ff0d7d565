// Vendors' libraries as rows of GEMM: ceilings that the kernels are held against, not competitors.
#pragma once

#include <string>

#include "kernels/gemm/gemm.hpp"

namespace stele::gemm {

/// What the rows share: the library's short name, the backend whose devices it runs on, and its two answers.
struct VendorRow {
    std::string library;  ///< "openblas"
    std::string backend;  ///< "host"
    std::function<Support(const DeviceInfo&, const Shape&)> supports;
    std::function<HostCall(const Shape&)> call;
    std::function<std::string()> description;  ///< version and threads, for messages
    std::size_t scratch_bytes = 0;             ///< an argument behind those of the problem
    bool takes_all_forms = false;              ///< asked also about scales, batches and groups
    Arithmetic arithmetic;
    /// In the place of `arithmetic` where it depends on the problem's types; null elsewhere.
    std::function<Arithmetic(const Shape&)> arithmetic_of;
};

VendorRow openblas_row();
VendorRow onednn_row();
VendorRow cublaslt_row();
VendorRow clblast_row();
VendorRow clblast_f16_row();

}  // namespace stele::gemm
