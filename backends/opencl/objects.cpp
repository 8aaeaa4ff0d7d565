#include "backends/opencl/objects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "backends/checks.hpp"
#include "backends/error.hpp"

namespace stele::opencl {

OpenclKernel::OpenclKernel(std::string name, Program program, KernelHandle kernel, double build_nanoseconds)
    : name_(std::move(name)), program_(std::move(program)), kernel_(std::move(kernel)) {
    check(clGetKernelInfo(kernel_.get(), CL_KERNEL_NUM_ARGS, sizeof(parameters_), &parameters_, nullptr),
          "clGetKernelInfo of " + name_);
    build_nanoseconds_ = build_nanoseconds;
}

void OpenclKernel::set_arguments(const Launch& launch) {
    if (launch.arguments.size() != parameters_)
        throw DeviceError("launch of " + name_, 0, "",
                          fmt::format("{} arguments for {} parameters", launch.arguments.size(), parameters_));
    for (cl_uint i = 0; i < parameters_; ++i) {
        const Argument& argument = launch.arguments[i];
        cl_int code = CL_SUCCESS;
        if (Buffer* const* buffer = std::get_if<Buffer*>(&argument)) {
            const cl_mem memory = *buffer ? own_buffer<OpenclBuffer>(**buffer).payload() : nullptr;
            code = clSetKernelArg(kernel_.get(), i, sizeof(memory), static_cast<const void*>(&memory));
        } else {
            code = clSetKernelArg(kernel_.get(), i, scalar_size(argument), scalar_address(argument));
        }
        check(code, fmt::format("clSetKernelArg of {}, argument {}", name_, i));
    }
}

void OpenclKernel::enqueue(cl_command_queue queue, const Launch& launch, const DeviceInfo& info, cl_event wait_for,
                           cl_event* done) {
    if (call_) {
        std::vector<void*> addresses;
        for (const Argument& argument : launch.arguments) {
            Buffer* const* buffer = std::get_if<Buffer*>(&argument);
            if (!buffer)
                addresses.push_back(scalar_address(argument));
            else
                addresses.push_back(*buffer ? own_buffer<OpenclBuffer>(**buffer).payload() : nullptr);
        }
        call_({queue, addresses});
        return;
    }
    check_launch(launch, info, name_);
    if (launch.shared_bytes != 0)
        throw DeviceError("launch of " + name_, 0, "", "an OpenCL kernel declares its own shared memory");
    if (launch.cluster.volume() != 1) throw DeviceError("launch of " + name_, 0, "", "OpenCL knows no clusters");
    set_arguments(launch);
    const Dim3 &grid = launch.grid, &block = launch.block;
    const std::array<std::size_t, 3> local{block.x, block.y, block.z};
    const std::array<std::size_t, 3> global{std::size_t{grid.x} * block.x, std::size_t{grid.y} * block.y,
                                            std::size_t{grid.z} * block.z};
    check(clEnqueueNDRangeKernel(queue, kernel_.get(), 3, nullptr, global.data(), local.data(), wait_for ? 1 : 0,
                                 wait_for ? &wait_for : nullptr, done),
          fmt::format("clEnqueueNDRangeKernel of {}, grid {}x{}x{}, block {}x{}x{}", name_, grid.x, grid.y, grid.z,
                      block.x, block.y, block.z));
}

bool OpenclKernel::is_new_block(const Dim3& block) {
    if (call_ || std::ranges::find(seen_blocks_, block) != seen_blocks_.end()) return false;
    seen_blocks_.push_back(block);
    return true;
}

Gate::Gate(cl_context context) {
    cl_int code = CL_SUCCESS;
    event_ = Event(clCreateUserEvent(context, &code));
    check(code, "clCreateUserEvent");
}

cl_int Gate::open_once() noexcept {
    if (!event_ || opened_) return CL_SUCCESS;
    opened_ = true;
    return clSetUserEventStatus(event_.get(), CL_COMPLETE);
}

Interval interval_of(const Event& event) {
    cl_int status = CL_COMPLETE;
    check(clGetEventInfo(event.get(), CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, nullptr),
          "clGetEventInfo");
    check(status < 0 ? status : CL_SUCCESS, "a command on the OpenCL queue");
    cl_ulong start = 0, end = 0;
    check(clGetEventProfilingInfo(event.get(), CL_PROFILING_COMMAND_START, sizeof(start), &start, nullptr),
          "clGetEventProfilingInfo");
    check(clGetEventProfilingInfo(event.get(), CL_PROFILING_COMMAND_END, sizeof(end), &end, nullptr),
          "clGetEventProfilingInfo");
    return {static_cast<double>(start), static_cast<double>(end)};
}

}  // namespace stele::opencl
