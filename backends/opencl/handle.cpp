#include "backends/opencl/handle.hpp"

#include <CL/cl_ext.h>

#include <array>
#include <cstdio>

#include "backends/error.hpp"

namespace stele::opencl {
namespace {

struct Name {
    cl_int code;
    std::string_view text;
};
#define STELE_NAME(code) \
    Name { code, #code }
constexpr std::array names{STELE_NAME(CL_SUCCESS),
                           STELE_NAME(CL_DEVICE_NOT_FOUND),
                           STELE_NAME(CL_DEVICE_NOT_AVAILABLE),
                           STELE_NAME(CL_COMPILER_NOT_AVAILABLE),
                           STELE_NAME(CL_MEM_OBJECT_ALLOCATION_FAILURE),
                           STELE_NAME(CL_OUT_OF_RESOURCES),
                           STELE_NAME(CL_OUT_OF_HOST_MEMORY),
                           STELE_NAME(CL_PROFILING_INFO_NOT_AVAILABLE),
                           STELE_NAME(CL_MEM_COPY_OVERLAP),
                           STELE_NAME(CL_IMAGE_FORMAT_MISMATCH),
                           STELE_NAME(CL_IMAGE_FORMAT_NOT_SUPPORTED),
                           STELE_NAME(CL_BUILD_PROGRAM_FAILURE),
                           STELE_NAME(CL_MAP_FAILURE),
                           STELE_NAME(CL_MISALIGNED_SUB_BUFFER_OFFSET),
                           STELE_NAME(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST),
                           STELE_NAME(CL_COMPILE_PROGRAM_FAILURE),
                           STELE_NAME(CL_LINKER_NOT_AVAILABLE),
                           STELE_NAME(CL_LINK_PROGRAM_FAILURE),
                           STELE_NAME(CL_DEVICE_PARTITION_FAILED),
                           STELE_NAME(CL_KERNEL_ARG_INFO_NOT_AVAILABLE),
                           STELE_NAME(CL_INVALID_VALUE),
                           STELE_NAME(CL_INVALID_DEVICE_TYPE),
                           STELE_NAME(CL_INVALID_PLATFORM),
                           STELE_NAME(CL_INVALID_DEVICE),
                           STELE_NAME(CL_INVALID_CONTEXT),
                           STELE_NAME(CL_INVALID_QUEUE_PROPERTIES),
                           STELE_NAME(CL_INVALID_COMMAND_QUEUE),
                           STELE_NAME(CL_INVALID_HOST_PTR),
                           STELE_NAME(CL_INVALID_MEM_OBJECT),
                           STELE_NAME(CL_INVALID_IMAGE_FORMAT_DESCRIPTOR),
                           STELE_NAME(CL_INVALID_IMAGE_SIZE),
                           STELE_NAME(CL_INVALID_SAMPLER),
                           STELE_NAME(CL_INVALID_BINARY),
                           STELE_NAME(CL_INVALID_BUILD_OPTIONS),
                           STELE_NAME(CL_INVALID_PROGRAM),
                           STELE_NAME(CL_INVALID_PROGRAM_EXECUTABLE),
                           STELE_NAME(CL_INVALID_KERNEL_NAME),
                           STELE_NAME(CL_INVALID_KERNEL_DEFINITION),
                           STELE_NAME(CL_INVALID_KERNEL),
                           STELE_NAME(CL_INVALID_ARG_INDEX),
                           STELE_NAME(CL_INVALID_ARG_VALUE),
                           STELE_NAME(CL_INVALID_ARG_SIZE),
                           STELE_NAME(CL_INVALID_KERNEL_ARGS),
                           STELE_NAME(CL_INVALID_WORK_DIMENSION),
                           STELE_NAME(CL_INVALID_WORK_GROUP_SIZE),
                           STELE_NAME(CL_INVALID_WORK_ITEM_SIZE),
                           STELE_NAME(CL_INVALID_GLOBAL_OFFSET),
                           STELE_NAME(CL_INVALID_EVENT_WAIT_LIST),
                           STELE_NAME(CL_INVALID_EVENT),
                           STELE_NAME(CL_INVALID_OPERATION),
                           STELE_NAME(CL_INVALID_GL_OBJECT),
                           STELE_NAME(CL_INVALID_BUFFER_SIZE),
                           STELE_NAME(CL_INVALID_MIP_LEVEL),
                           STELE_NAME(CL_INVALID_GLOBAL_WORK_SIZE),
                           STELE_NAME(CL_INVALID_PROPERTY),
                           STELE_NAME(CL_INVALID_IMAGE_DESCRIPTOR),
                           STELE_NAME(CL_INVALID_COMPILER_OPTIONS),
                           STELE_NAME(CL_INVALID_LINKER_OPTIONS),
                           STELE_NAME(CL_INVALID_DEVICE_PARTITION_COUNT),
                           STELE_NAME(CL_INVALID_PIPE_SIZE),
                           STELE_NAME(CL_INVALID_DEVICE_QUEUE),
                           STELE_NAME(CL_INVALID_SPEC_ID),
                           STELE_NAME(CL_MAX_SIZE_RESTRICTION_EXCEEDED),
                           STELE_NAME(CL_PLATFORM_NOT_FOUND_KHR)};
#undef STELE_NAME

}  // namespace

std::string_view error_name(cl_int code) {
    for (const Name& name : names)
        if (name.code == code) return name.text;
    return "unknown code";
}

void check(cl_int code, std::string call, std::source_location where) {
    if (code == CL_SUCCESS) return;
    DeviceError error(std::move(call), code, std::string(error_name(code)), {}, where);
    // CL_OUT_OF_RESOURCES also means too many registers; only an allocation may read it as memory.
    throw error.set_out_of_memory(code == CL_MEM_OBJECT_ALLOCATION_FAILURE || code == CL_OUT_OF_HOST_MEMORY);
}

void report(cl_int code, const char* call) noexcept {
    if (code == CL_SUCCESS) return;
    const std::string_view text = error_name(code);
    std::fprintf(stderr, "stele: %s failed with %.*s (%d)\n", call, static_cast<int>(text.size()), text.data(), code);
}

}  // namespace stele::opencl
