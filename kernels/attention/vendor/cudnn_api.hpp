// The part of cuDNN 9's backend API that attention is described with (NVIDIA cuDNN backend API reference, cudnn_graph.h
// of 9.0 to 9.28). Declared here because the header is not on every machine that builds;
// tests/unit/kernels/attention_cudnn_api.cpp holds it against the header where there is one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stele::cudnn {

using Handle = struct OpaqueContext*;
using RawDescriptor = struct OpaqueDescriptor*;
using Status = int;
using Stream = void*;

enum class DescriptorType : int {
    pointwise = 0,
    engine_config = 3,
    heuristics = 4,
    execution_plan = 5,
    pointwise_operation = 13,
    operation_graph = 15,
    variant_pack = 16,
    tensor = 17,
    matmul = 18,
    matmul_operation = 19,
    reduction = 21,
    reduction_operation = 22,
    paged_load_operation = 35,  ///< since 9.5
    device_properties = 38,     ///< since 9.8
};

enum class Attribute : int {
    pointwise_mode = 0,
    pointwise_precision = 1,
    pointwise_axis = 9,
    heuristics_mode = 200,
    heuristics_graph = 201,
    heuristics_results = 202,
    heuristics_device = 204,
    plan_handle = 400,
    plan_config = 401,
    plan_workspace = 402,
    plan_device = 407,
    pointwise_of_operation = 750,
    pointwise_x = 751,
    pointwise_b = 752,
    pointwise_y = 753,
    pointwise_t = 758,
    graph_handle = 800,
    graph_operations = 801,
    tensor_alignment = 900,
    tensor_type = 901,
    tensor_extents = 902,
    tensor_strides = 903,
    tensor_id = 906,
    tensor_is_virtual = 907,
    tensor_is_by_value = 908,
    tensor_ragged_offset = 913,
    pack_ids = 1000,
    pack_pointers = 1001,
    pack_workspace = 1003,
    matmul_precision = 1500,
    matmul_padding = 1503,
    matmul_a = 1520,
    matmul_b = 1521,
    matmul_c = 1522,
    matmul_of_operation = 1523,
    matmul_m_override = 1525,
    matmul_n_override = 1526,
    matmul_k_override = 1527,
    reduction_operator = 1600,
    reduction_precision = 1601,
    reduction_x = 1610,
    reduction_y = 1611,
    reduction_of_operation = 1612,
    paged_container = 1950,
    paged_y = 1951,
    paged_sequence = 1952,
    paged_table = 1953,
    device_text = 2702,
};

/// What an attribute's value is.
enum class ValueType : int {
    handle = 0,
    data_type = 1,
    boolean = 2,
    int64 = 3,
    float64 = 5,
    pointer = 6,
    heuristics_mode = 8,
    pointwise_mode = 14,
    descriptor = 15,
    reduction_operator = 18,
    character = 24,
};

enum class DataType : int { f32 = 0, f16 = 2, i32 = 4, bf16 = 9, i64 = 10, boolean = 11 };

enum class Pointwise : int {
    add = 0,
    multiply = 1,
    divide = 6,
    subtract = 9,
    exp = 13,
    log = 15,
    greater = 302,
    greater_equal = 303,
    less = 304,
    logical_and = 400,
    index = 501,   ///< of each element along an axis
    select = 601,  ///< t ? x : b
};

enum class Reduction : int { sum = 0, max = 3 };

/// `fallback` gives engines that work, `best` those that it takes for the fastest, first ones first.
enum class HeuristicsMode : int { fallback = 2, best = 3 };

using Create = Status(Handle*);
using Destroy = Status(Handle);
using SetStream = Status(Handle, Stream);
using Version = std::size_t();
using StatusName = const char*(Status);
/// Of this thread, and forgotten by asking.
using LastError = void(char* message, std::size_t bytes);
using CreateDescriptor = Status(DescriptorType, RawDescriptor*);
using DestroyDescriptor = Status(RawDescriptor);
using SetAttribute = Status(RawDescriptor, Attribute, ValueType, std::int64_t count, const void* values);
/// Null `values`: how many there are.
using GetAttribute = Status(RawDescriptor, Attribute, ValueType, std::int64_t wanted, std::int64_t* count,
                            void* values);
using Finalize = Status(RawDescriptor);
using Execute = Status(Handle, RawDescriptor plan, RawDescriptor pack);

}  // namespace stele::cudnn
