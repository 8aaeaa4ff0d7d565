// Owners of OpenCL handles, and the two forms of check.
#pragma once

#include <CL/cl.h>

#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace stele::opencl {

/// "CL_OUT_OF_RESOURCES"; "unknown code" for one that OpenCL does not define.
std::string_view error_name(cl_int code);

/// Throws DeviceError unless `code` is CL_SUCCESS.
void check(cl_int code, std::string call, std::source_location where = std::source_location::current());

/// For destructors: says on stderr what failed, and goes on.
void report(cl_int code, const char* call) noexcept;

/// Move-only owner of one handle.
template <typename Handle, cl_int (*release)(Handle)>
class Owned {
public:
    Owned() = default;
    explicit Owned(Handle handle) : handle_(handle) {}
    Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Owned& operator=(Owned&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Owned() {
        if (handle_) report(release(handle_), "release of an OpenCL object");
    }

    Handle get() const { return handle_; }
    explicit operator bool() const { return handle_ != nullptr; }
    /// For calls that return a handle through a pointer; the owner must be empty.
    Handle* out() { return &handle_; }

private:
    Handle handle_ = nullptr;
};

using Context = Owned<cl_context, clReleaseContext>;
using Queue = Owned<cl_command_queue, clReleaseCommandQueue>;
using Memory = Owned<cl_mem, clReleaseMemObject>;
using Program = Owned<cl_program, clReleaseProgram>;
using KernelHandle = Owned<cl_kernel, clReleaseKernel>;
using Event = Owned<cl_event, clReleaseEvent>;

}  // namespace stele::opencl
