// How a GEMM algorithm's kernels become variants, and the list of its algorithms.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernels/gemm/problem.hpp"
#include "kernels/row.hpp"

namespace stele::gemm {

/// Extents of the problem as scalars of the signature.
Operand extent(std::int64_t value);

/// One algorithm with one tile. Its siblings are kernels gemm_<algorithm>(A, B, C, M, N, K) on a line of blocks, unless
/// `operands` or `grid` say otherwise.
struct KernelRow {
    std::string algorithm;  ///< "tiled"
    std::string tile;       ///< empty where there is none to choose
    bool default_tile = true;
    std::vector<Language> languages{Language::cuda, Language::ptx, Language::opencl};
    /// That the CUDA C++ and PTX kernels assemble for.
    std::vector<std::string> architectures{"sm_80", "sm_90a", "sm_100", "sm_120"};
    Arithmetic arithmetic;
    /// In the place of `arithmetic` where it depends on the problem's types; null elsewhere.
    std::function<Arithmetic(const Problem&)> arithmetic_of;
    std::shared_ptr<const TileSpace> tile_space;  ///< of the siblings that are compiled at run time
    int threads = 0;                              ///< of a block
    /// Blocks of one product; a batch is the grid's z.
    std::function<std::int64_t(const Shape&)> blocks;
    /// In the place of `blocks`.
    std::function<Dim3(const DeviceInfo&, const Shape&)> grid;
    Dim3 cluster{};
    std::function<std::size_t(const Shape&)> shared_bytes;          ///< that the kernel declares; empty: none
    std::function<std::size_t(const Shape&)> dynamic_shared_bytes;  ///< CUDA and PTX; empty: none
    /// Does the kernel take this problem? Asked first. Empty: one product of f32, f16 or bf16, without scales.
    std::function<Support(const DeviceInfo&, const Shape&)> takes;
    std::vector<std::string> definitions;  ///< the tile as OpenCL options
    /// Part of the native instance between tile and types; empty in most rungs.
    std::string flavour;
    /// Empty: A, B, C, M, N, K.
    std::function<std::vector<Operand>(const Shape&)> operands;
    /// What comes before or beside the kernel: scratch, further steps, options. Empty: nothing.
    std::function<Plan(Plan, const DeviceInfo&, const Shape&)> completed;
    /// In the place of one kernel on one grid.
    std::function<Plan(const DeviceInfo&, const Shape&)> whole_plan;
};

/// What `takes` is where it is empty: f32, f16, bf16; no scales, batch or groups.
Support takes_plain(const Shape& shape);

/// The row's variants, one a language.
std::vector<Variant> variants_of(const KernelRow& row);

/// The rows of each algorithm, in its own folder.
std::vector<Variant> naive_variants();
std::vector<Variant> tiled_variants();
std::vector<Variant> half_variants();
std::vector<Variant> panel_variants();
std::vector<Variant> tensor_variants();
std::vector<Variant> bulk_variants();
std::vector<Variant> hopper_auto_variants();
std::vector<Variant> hopper_single_variants();
std::vector<Variant> hopper_roles_variants();
std::vector<Variant> hopper_persistent_variants();
std::vector<Variant> hopper_clusters_variants();
std::vector<Variant> hopper_lean_variants();
std::vector<Variant> hopper_split_variants();
std::vector<Variant> hopper_scaled_variants();
std::vector<Variant> tile_variants();
std::vector<Variant> vendor_variants();

/// ceil(a / b)
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace stele::gemm
