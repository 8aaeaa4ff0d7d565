// The part of cuBLASLt's C ABI that is used (NVIDIA cuBLAS documentation, "Using the cuBLASLt API"; the same in 12 and
// 13). Declared here because the header is not on every machine that builds; tests/unit/kernels/gemm_cublaslt_api.cpp
// holds it against the header where there is one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stele::cublaslt {

using Handle = struct OpaqueHandle*;
using Description = struct OpaqueDescription*;
using Layout = struct OpaqueLayout*;
using Preference = struct OpaquePreference*;
using Status = int;
using Stream = void*;

inline constexpr int type_f32 = 0, type_f16 = 2, type_bf16 = 14, type_e4m3 = 28;
/// f32 arithmetic without tf32: products of f32 operands keep all their bits.
inline constexpr int compute_f32 = 68;
/// f32 operands rounded to tf32, which changes nothing where they are tf32 numbers already.
inline constexpr int compute_tf32 = 77;
inline constexpr std::int32_t no_transpose = 0, transpose = 1;
inline constexpr int description_transpose_a = 3, description_transpose_b = 4;
/// Device addresses of one f32 each, by which 8-bit operands are multiplied.
inline constexpr int description_scale_a = 17, description_scale_b = 18;
/// int8: 8-bit products may stay in the matrix unit's narrow accumulator.
inline constexpr int description_fast_accumulation = 25;
inline constexpr int layout_batch_count = 5, layout_batch_stride = 6;
inline constexpr int preference_workspace_bytes = 1, preference_reduction_schemes = 3;
/// Split sums are added in f32, never in the output's type.
inline constexpr std::uint32_t reduction_in_compute_type = 2;

struct Algorithm {
    std::uint64_t data[8];
};
struct HeuristicResult {
    Algorithm algorithm;
    std::size_t workspace_bytes;
    Status status;
    float waves;
    int reserved[4];
};

using Create = Status(Handle*);
using Destroy = Status(void*);
using StatusName = const char*(Status);
using Version = std::size_t();
using DescriptionCreate = Status(Description*, int compute_type, int scale_type);
using SetAttribute = Status(void*, int attribute, const void* value, std::size_t bytes);
using LayoutCreate = Status(Layout*, int type, std::uint64_t rows, std::uint64_t columns, std::int64_t leading);
using PreferenceCreate = Status(Preference*);
using GetHeuristic = Status(Handle, Description, Layout a, Layout b, Layout c, Layout d, Preference, int requested,
                            HeuristicResult*, int* found);
using Matmul = Status(Handle, Description, const void* alpha, const void* a, Layout, const void* b, Layout,
                      const void* beta, const void* c, Layout, void* d, Layout, const Algorithm*, void* workspace,
                      std::size_t workspace_bytes, Stream);

}  // namespace stele::cublaslt
