// The declarations of cuDNN's backend API against its own header, where this machine has one.
#include "kernels/attention/vendor/cudnn_api.hpp"

#include <gtest/gtest.h>

#if __has_include(<cudnn.h>) && __has_include(<cuda_runtime_api.h>)
#include <cudnn.h>

#include <type_traits>

namespace stele::cudnn::attention_cudnn_api_test {

template <typename Ours, typename Theirs>
constexpr bool same(Ours ours, Theirs theirs) {
    return static_cast<int>(ours) == static_cast<int>(theirs) && sizeof(Ours) == sizeof(Theirs);
}

using D = DescriptorType;
static_assert(same(D::pointwise, CUDNN_BACKEND_POINTWISE_DESCRIPTOR));
static_assert(same(D::engine_config, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR));
static_assert(same(D::heuristics, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR));
static_assert(same(D::execution_plan, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR));
static_assert(same(D::pointwise_operation, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR));
static_assert(same(D::operation_graph, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR));
static_assert(same(D::variant_pack, CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR));
static_assert(same(D::tensor, CUDNN_BACKEND_TENSOR_DESCRIPTOR));
static_assert(same(D::matmul, CUDNN_BACKEND_MATMUL_DESCRIPTOR));
static_assert(same(D::matmul_operation, CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR));
static_assert(same(D::reduction, CUDNN_BACKEND_REDUCTION_DESCRIPTOR));
static_assert(same(D::reduction_operation, CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR));
static_assert(same(D::paged_load_operation, CUDNN_BACKEND_OPERATION_PAGED_CACHE_LOAD_DESCRIPTOR));
static_assert(same(D::device_properties, CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR));

using A = Attribute;
static_assert(same(A::pointwise_mode, CUDNN_ATTR_POINTWISE_MODE));
static_assert(same(A::pointwise_precision, CUDNN_ATTR_POINTWISE_MATH_PREC));
static_assert(same(A::pointwise_axis, CUDNN_ATTR_POINTWISE_AXIS));
static_assert(same(A::heuristics_mode, CUDNN_ATTR_ENGINEHEUR_MODE));
static_assert(same(A::heuristics_graph, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH));
static_assert(same(A::heuristics_results, CUDNN_ATTR_ENGINEHEUR_RESULTS));
static_assert(same(A::heuristics_device, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP));
static_assert(same(A::plan_handle, CUDNN_ATTR_EXECUTION_PLAN_HANDLE));
static_assert(same(A::plan_config, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG));
static_assert(same(A::plan_workspace, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE));
static_assert(same(A::plan_device, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP));
static_assert(same(A::pointwise_of_operation, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR));
static_assert(same(A::pointwise_x, CUDNN_ATTR_OPERATION_POINTWISE_XDESC));
static_assert(same(A::pointwise_b, CUDNN_ATTR_OPERATION_POINTWISE_BDESC));
static_assert(same(A::pointwise_y, CUDNN_ATTR_OPERATION_POINTWISE_YDESC));
static_assert(same(A::pointwise_t, CUDNN_ATTR_OPERATION_POINTWISE_TDESC));
static_assert(same(A::graph_handle, CUDNN_ATTR_OPERATIONGRAPH_HANDLE));
static_assert(same(A::graph_operations, CUDNN_ATTR_OPERATIONGRAPH_OPS));
static_assert(same(A::tensor_alignment, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT));
static_assert(same(A::tensor_type, CUDNN_ATTR_TENSOR_DATA_TYPE));
static_assert(same(A::tensor_extents, CUDNN_ATTR_TENSOR_DIMENSIONS));
static_assert(same(A::tensor_strides, CUDNN_ATTR_TENSOR_STRIDES));
static_assert(same(A::tensor_id, CUDNN_ATTR_TENSOR_UNIQUE_ID));
static_assert(same(A::tensor_is_virtual, CUDNN_ATTR_TENSOR_IS_VIRTUAL));
static_assert(same(A::tensor_is_by_value, CUDNN_ATTR_TENSOR_IS_BY_VALUE));
static_assert(same(A::tensor_ragged_offset, CUDNN_ATTR_TENSOR_RAGGED_OFFSET_DESC));
static_assert(same(A::pack_ids, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS));
static_assert(same(A::pack_pointers, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS));
static_assert(same(A::pack_workspace, CUDNN_ATTR_VARIANT_PACK_WORKSPACE));
static_assert(same(A::matmul_precision, CUDNN_ATTR_MATMUL_COMP_TYPE));
static_assert(same(A::matmul_padding, CUDNN_ATTR_MATMUL_PADDING_VALUE));
static_assert(same(A::matmul_a, CUDNN_ATTR_OPERATION_MATMUL_ADESC));
static_assert(same(A::matmul_b, CUDNN_ATTR_OPERATION_MATMUL_BDESC));
static_assert(same(A::matmul_c, CUDNN_ATTR_OPERATION_MATMUL_CDESC));
static_assert(same(A::matmul_of_operation, CUDNN_ATTR_OPERATION_MATMUL_DESC));
static_assert(same(A::matmul_m_override, CUDNN_ATTR_OPERATION_MATMUL_GEMM_M_OVERRIDE_DESC));
static_assert(same(A::matmul_n_override, CUDNN_ATTR_OPERATION_MATMUL_GEMM_N_OVERRIDE_DESC));
static_assert(same(A::matmul_k_override, CUDNN_ATTR_OPERATION_MATMUL_GEMM_K_OVERRIDE_DESC));
static_assert(same(A::reduction_operator, CUDNN_ATTR_REDUCTION_OPERATOR));
static_assert(same(A::reduction_precision, CUDNN_ATTR_REDUCTION_COMP_TYPE));
static_assert(same(A::reduction_x, CUDNN_ATTR_OPERATION_REDUCTION_XDESC));
static_assert(same(A::reduction_y, CUDNN_ATTR_OPERATION_REDUCTION_YDESC));
static_assert(same(A::reduction_of_operation, CUDNN_ATTR_OPERATION_REDUCTION_DESC));
static_assert(same(A::paged_container, CUDNN_ATTR_OPERATION_PAGED_CACHE_LOAD_CONTAINER_DESC));
static_assert(same(A::paged_y, CUDNN_ATTR_OPERATION_PAGED_CACHE_LOAD_YDESC));
static_assert(same(A::paged_sequence, CUDNN_ATTR_OPERATION_PAGED_CACHE_LOAD_SEQUENCE_DESC));
static_assert(same(A::paged_table, CUDNN_ATTR_OPERATION_PAGED_CACHE_LOAD_PAGE_TABLE_DESC));
static_assert(same(A::device_text, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION));

static_assert(same(ValueType::handle, CUDNN_TYPE_HANDLE) && same(ValueType::data_type, CUDNN_TYPE_DATA_TYPE));
static_assert(same(ValueType::boolean, CUDNN_TYPE_BOOLEAN) && same(ValueType::int64, CUDNN_TYPE_INT64));
static_assert(same(ValueType::float64, CUDNN_TYPE_DOUBLE) && same(ValueType::pointer, CUDNN_TYPE_VOID_PTR));
static_assert(same(ValueType::heuristics_mode, CUDNN_TYPE_HEUR_MODE));
static_assert(same(ValueType::pointwise_mode, CUDNN_TYPE_POINTWISE_MODE));
static_assert(same(ValueType::descriptor, CUDNN_TYPE_BACKEND_DESCRIPTOR));
static_assert(same(ValueType::reduction_operator, CUDNN_TYPE_REDUCTION_OPERATOR_TYPE));
static_assert(same(ValueType::character, CUDNN_TYPE_CHAR));

static_assert(same(DataType::f32, CUDNN_DATA_FLOAT) && same(DataType::f16, CUDNN_DATA_HALF));
static_assert(same(DataType::i32, CUDNN_DATA_INT32) && same(DataType::bf16, CUDNN_DATA_BFLOAT16));
static_assert(same(DataType::i64, CUDNN_DATA_INT64) && same(DataType::boolean, CUDNN_DATA_BOOLEAN));
static_assert(same(Pointwise::add, CUDNN_POINTWISE_ADD) && same(Pointwise::multiply, CUDNN_POINTWISE_MUL));
static_assert(same(Pointwise::divide, CUDNN_POINTWISE_DIV) && same(Pointwise::subtract, CUDNN_POINTWISE_SUB));
static_assert(same(Pointwise::exp, CUDNN_POINTWISE_EXP) && same(Pointwise::log, CUDNN_POINTWISE_LOG));
static_assert(same(Pointwise::greater, CUDNN_POINTWISE_CMP_GT));
static_assert(same(Pointwise::greater_equal, CUDNN_POINTWISE_CMP_GE) && same(Pointwise::less, CUDNN_POINTWISE_CMP_LT));
static_assert(same(Pointwise::logical_and, CUDNN_POINTWISE_LOGICAL_AND));
static_assert(same(Pointwise::index, CUDNN_POINTWISE_GEN_INDEX));
static_assert(same(Pointwise::select, CUDNN_POINTWISE_BINARY_SELECT));
static_assert(same(Reduction::sum, CUDNN_REDUCE_TENSOR_ADD) && same(Reduction::max, CUDNN_REDUCE_TENSOR_MAX));
static_assert(same(HeuristicsMode::fallback, CUDNN_HEUR_MODE_FALLBACK));
static_assert(same(HeuristicsMode::best, CUDNN_HEUR_MODE_A));
static_assert(CUDNN_STATUS_SUCCESS == 0 && sizeof(cudnnStatus_t) == sizeof(Status));

/// The same results and as many parameters of the same sizes.
template <typename Ours, typename Theirs>
constexpr bool alike = false;
template <typename Result, typename... Ours, typename Other, typename... Theirs>
    requires(sizeof...(Ours) == sizeof...(Theirs))
constexpr bool alike<Result(Ours...), Other(Theirs...)> =
    (std::is_void_v<Result> || sizeof(std::conditional_t<std::is_void_v<Result>, int, Result>) ==
                                   sizeof(std::conditional_t<std::is_void_v<Other>, int, Other>)) &&
    ((sizeof(Ours) == sizeof(Theirs)) && ...);

static_assert(alike<Create, decltype(cudnnCreate)> && alike<Destroy, decltype(cudnnDestroy)>);
static_assert(alike<SetStream, decltype(cudnnSetStream)> && alike<Version, decltype(cudnnGetVersion)>);
static_assert(alike<StatusName, decltype(cudnnGetErrorString)> && alike<LastError, decltype(cudnnGetLastErrorString)>);
static_assert(alike<CreateDescriptor, decltype(cudnnBackendCreateDescriptor)>);
static_assert(alike<DestroyDescriptor, decltype(cudnnBackendDestroyDescriptor)>);
static_assert(alike<SetAttribute, decltype(cudnnBackendSetAttribute)>);
static_assert(alike<GetAttribute, decltype(cudnnBackendGetAttribute)>);
static_assert(alike<Finalize, decltype(cudnnBackendFinalize)> && alike<Execute, decltype(cudnnBackendExecute)>);

TEST(AttentionCudnnApi, DeclarationsAgreeWithTheHeader) { SUCCEED() << "held at compile time"; }

}  // namespace stele::cudnn::attention_cudnn_api_test
#else
TEST(AttentionCudnnApi, DeclarationsAgreeWithTheHeader) { GTEST_SKIP() << "cudnn.h was not found at build"; }
#endif
