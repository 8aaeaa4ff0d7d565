// Vendors' libraries as rows of GEMM: ceilings that the kernels are held against, not competitors.
#pragma once

#include <optional>
#include <string>

#include "kernels/gemm/problem.hpp"
#include "kernels/libraries.hpp"
#include "kernels/row.hpp"

namespace stele::gemm {

/// What a library says about a shape.
struct ShapeRow {
    std::string library;                   ///< "openblas"
    HostQueue queue = HostQueue::none;     ///< of the devices that it runs on
    std::function<std::string()> why_not;  ///< empty if it is here
    std::function<std::string()> description;
    std::function<Support(const DeviceInfo&, const Shape&)> supports;
    std::function<HostCall(const Shape&)> call;
    std::size_t scratch_bytes = 0;  ///< an argument behind those of the problem
    bool takes_all_forms = false;   ///< asked also about scales, batches and groups
    /// Where it depends on the problem's types; null: f32's.
    std::function<Arithmetic(const Shape&)> arithmetic_of;
};

ShapeRow openblas_row();
ShapeRow onednn_row();
ShapeRow cublaslt_row();
/// None where it has not been loaded.
std::optional<LibraryState> cublaslt_state();
ShapeRow clblast_row();

}  // namespace stele::gemm
