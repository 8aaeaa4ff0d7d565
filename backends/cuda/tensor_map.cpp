#include "backends/cuda/tensor_map.hpp"

#include <cuda.h>
#include <cudaTypedefs.h>

#include <cstring>

#include "backends/cuda/handle.hpp"
#include "backends/error.hpp"

namespace stele::cudart {

namespace {

CUtensorMapDataType data_type(TensorMapElement element) {
    switch (element) {
        case TensorMapElement::u8:
            return CU_TENSOR_MAP_DATA_TYPE_UINT8;
        case TensorMapElement::f16:
            return CU_TENSOR_MAP_DATA_TYPE_FLOAT16;
        case TensorMapElement::bf16:
            return CU_TENSOR_MAP_DATA_TYPE_BFLOAT16;
        case TensorMapElement::f32:
            return CU_TENSOR_MAP_DATA_TYPE_FLOAT32;
        case TensorMapElement::s32:
            return CU_TENSOR_MAP_DATA_TYPE_INT32;
    }
    return CU_TENSOR_MAP_DATA_TYPE_UINT8;
}

CUtensorMapSwizzle swizzle(TensorMapSwizzle swizzle) {
    switch (swizzle) {
        case TensorMapSwizzle::none:
            return CU_TENSOR_MAP_SWIZZLE_NONE;
        case TensorMapSwizzle::bytes_32:
            return CU_TENSOR_MAP_SWIZZLE_32B;
        case TensorMapSwizzle::bytes_64:
            return CU_TENSOR_MAP_SWIZZLE_64B;
        case TensorMapSwizzle::bytes_128:
            return CU_TENSOR_MAP_SWIZZLE_128B;
    }
    return CU_TENSOR_MAP_SWIZZLE_NONE;
}

/// The driver's function, found through the runtime: libcuda itself is never linked.
PFN_cuTensorMapEncodeTiled_v12000 encoder() {
    void* function = nullptr;
    cudaDriverEntryPointQueryResult found{};
    check(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function, 12000, cudaEnableDefault, &found),
          "cudaGetDriverEntryPointByVersion of cuTensorMapEncodeTiled");
    if (found != cudaDriverEntryPointSuccess || function == nullptr)
        throw DeviceError("cuTensorMapEncodeTiled", 0, "", "this driver has no tensor maps; they came with CUDA 12");
    return reinterpret_cast<PFN_cuTensorMapEncodeTiled_v12000>(function);
}

}  // namespace

TensorMap encode_tensor_map(const TensorMapSpec& spec, void* address) {
    static_assert(sizeof(CUtensorMap) == sizeof(TensorMap) && alignof(CUtensorMap) <= alignof(TensorMap));
    check_tensor_map(spec, reinterpret_cast<std::uintptr_t>(address));
    const std::array<cuuint32_t, 5> steps{1, 1, 1, 1, 1};
    std::array<cuuint64_t, 5> extent{}, stride{};
    std::array<cuuint32_t, 5> box{};
    for (std::size_t i = 0; i < static_cast<std::size_t>(spec.rank); ++i) {
        extent[i] = spec.extent[i];
        box[i] = spec.box[i];
        if (i > 0) stride[i - 1] = spec.stride[i];
    }
    CUtensorMap map;
    const CUresult code =
        encoder()(&map, data_type(spec.element), static_cast<cuuint32_t>(spec.rank), address, extent.data(),
                  stride.data(), box.data(), steps.data(), CU_TENSOR_MAP_INTERLEAVE_NONE, swizzle(spec.swizzle),
                  CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
    if (code != CUDA_SUCCESS)
        throw DeviceError("cuTensorMapEncodeTiled", code, "",
                          "the driver refuses this tensor map, though it is within the limits of the documentation");
    TensorMap out;
    std::memcpy(out.bytes.data(), &map, sizeof(map));
    return out;
}

}  // namespace stele::cudart
