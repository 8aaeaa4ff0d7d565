// The OpenCL backend's buffers, kernels and the gate in front of a timed window.
#pragma once

#include <string>
#include <vector>

#include "backends/backend.hpp"
#include "backends/opencl/handle.hpp"

namespace stele::opencl {

/// The parent holds guard, payload, guard; kernels get a sub-buffer of the payload alone.
class OpenclBuffer final : public Buffer {
public:
    OpenclBuffer(std::size_t bytes, std::size_t payload_offset, Memory parent, Memory payload)
        : Buffer(bytes), payload_offset_(payload_offset), parent_(std::move(parent)), payload_(std::move(payload)) {}

    cl_mem parent() const { return parent_.get(); }
    cl_mem payload() const { return payload_.get(); }
    std::size_t payload_offset() const { return payload_offset_; }

private:
    std::size_t payload_offset_;
    Memory parent_, payload_;
};

/// A compiled kernel, or a host call on the device's queue.
class OpenclKernel final : public Kernel {
public:
    OpenclKernel(std::string name, Program program, KernelHandle kernel, double build_nanoseconds);
    OpenclKernel(std::string name, HostCall call) : name_(std::move(name)), call_(std::move(call)) {}

    bool is_host_call() const { return static_cast<bool>(call_); }
    const std::string& name() const { return name_; }
    cl_program program() const { return program_.get(); }

    /// Enqueues the kernel behind `wait_for` (may be null), or makes the host call. `done` may be null.
    void enqueue(cl_command_queue queue, const Launch& launch, const DeviceInfo& info, cl_event wait_for,
                 cl_event* done);

    /// True the first time that it is asked about a block size; a host call has none.
    bool is_new_block(const Dim3& block);
    void add_build_nanoseconds(double nanoseconds) { build_nanoseconds_ += nanoseconds; }

private:
    void set_arguments(const Launch& launch);

    std::string name_;
    Program program_;
    KernelHandle kernel_;
    HostCall call_;
    cl_uint parameters_ = 0;
    std::vector<Dim3> seen_blocks_;
};

/// A user event that holds the queue back until open(), or until the gate is destroyed: work that waits for a gate
/// which an exception left shut would hang the queue for ever.
class Gate {
public:
    explicit Gate(cl_context context);
    ~Gate() { report(open_once(), "opening the gate of a timed window"); }
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    cl_event event() const { return event_.get(); }
    void open() { check(open_once(), "clSetUserEventStatus"); }

private:
    cl_int open_once() noexcept;

    Event event_;
    bool opened_ = false;
};

struct Interval {
    double start_ns = 0, end_ns = 0;
};
/// Device times of a command that has ended; throws DeviceError if it ended with an error.
Interval interval_of(const Event& event);

}  // namespace stele::opencl
