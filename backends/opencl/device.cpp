#include "backends/opencl/device.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "backends/checks.hpp"
#include "backends/clock_check.hpp"
#include "backends/error.hpp"
#include "backends/host/cpu_state.hpp"
#include "backends/opencl/objects.hpp"

namespace stele::opencl {
namespace {

// clock_chain: so many dependent operations in one work-item; it starts off the fixed point 1, where a compiler could
// see that nothing changes. evict: writes over a buffer with every compute unit.
constexpr const char* utility_text = R"(
kernel void clock_chain(global float* out, const int operations) {
    float value = 2.0f;
    for (int i = 0; i < operations; ++i) value = fma(value, 0.999f, 0.001f);
    out[0] = value;
}
kernel void evict(global uint16* buffer, const uint value) {
    buffer[get_global_id(0)] = (uint16)(value);
}
)";

constexpr unsigned evict_block = 64;
// Long enough for the host to enqueue a vendor library's call behind it.
constexpr double fence_ns = 2e6;
// A driver's queue is finite; an enqueue that waits for room behind a shut gate would wait for ever.
constexpr std::size_t launches_behind_gate = 500;

double steady_ns() {
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string build_log(cl_program program, cl_device_id device) {
    std::size_t size = 0;
    if (clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, 0, nullptr, &size) != CL_SUCCESS || size == 0)
        return "the compiler left no log";
    std::string log(size, '\0');
    check(clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, size, log.data(), nullptr),
          "clGetProgramBuildInfo");
    log.resize(log.find('\0'));
    return log;
}

class OpenclDevice final : public Device {
public:
    explicit OpenclDevice(const FoundDevice& found) : found_(found) {
        cl_int code = CL_SUCCESS;
        const cl_context_properties in_platform[] = {CL_CONTEXT_PLATFORM,
                                                     reinterpret_cast<cl_context_properties>(found.platform), 0};
        context_ = Context(clCreateContext(in_platform, 1, &found.device, nullptr, nullptr, &code));
        check(code, "clCreateContext on " + found.info.id);
        queue_ = Queue(clCreateCommandQueue(context_.get(), found.device, CL_QUEUE_PROFILING_ENABLE, &code));
        check(code, "clCreateCommandQueue on " + found.info.id);
    }

    const DeviceInfo& info() const override { return found_.info; }

    std::unique_ptr<Buffer> allocate(std::size_t bytes) override {
        const std::size_t align = found_.buffer_alignment;
        const std::size_t before = (Buffer::guard_bytes + align - 1) / align * align;
        const std::size_t total =
            guarded_size(bytes, info().max_allocation_bytes, info().id) - Buffer::guard_bytes + before;
        try {
            cl_int code = CL_SUCCESS;
            Memory parent(clCreateBuffer(context_.get(), CL_MEM_READ_WRITE, total, nullptr, &code));
            check(code, fmt::format("clCreateBuffer of {} bytes", total));
            // OpenCL knows no empty sub-buffer; an empty payload shows its first guard byte instead.
            const cl_buffer_region region{before, std::max<std::size_t>(bytes, 1)};
            Memory payload(
                clCreateSubBuffer(parent.get(), CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &region, &code));
            check(code, "clCreateSubBuffer");
            // Drivers allocate on first use; the lack of memory shall show here and not in a kernel.
            const cl_mem memory = parent.get();
            check(clEnqueueMigrateMemObjects(queue_.get(), 1, &memory, CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED, 0,
                                             nullptr, nullptr),
                  fmt::format("placing {} bytes on the device", total));
            check(clFinish(queue_.get()), fmt::format("placing {} bytes on the device", total));
            return std::make_unique<OpenclBuffer>(bytes, before, std::move(parent), std::move(payload));
        } catch (DeviceError& error) {
            if (error.code() == CL_OUT_OF_RESOURCES || error.code() == CL_INVALID_BUFFER_SIZE)
                error.set_out_of_memory(true);
            throw;
        }
    }

    void upload(Buffer& to, std::ptrdiff_t offset, std::span<const std::byte> data) override {
        check_range(to, offset, data.size(), "upload");
        if (data.empty()) return;
        const auto& buffer = own_buffer<OpenclBuffer>(to);
        check(clEnqueueWriteBuffer(queue_.get(), buffer.parent(), CL_TRUE, at(buffer, offset), data.size(), data.data(),
                                   0, nullptr, nullptr),
              "clEnqueueWriteBuffer");
    }

    void download(const Buffer& from, std::ptrdiff_t offset, std::span<std::byte> data) override {
        check_range(from, offset, data.size(), "download");
        if (data.empty()) return;
        const auto& buffer = own_buffer<OpenclBuffer>(from);
        check(clEnqueueReadBuffer(queue_.get(), buffer.parent(), CL_TRUE, at(buffer, offset), data.size(), data.data(),
                                  0, nullptr, nullptr),
              "clEnqueueReadBuffer");
    }

    std::unique_ptr<Kernel> load(const KernelSource& source) override {
        if (!info().speaks(source.language)) throw_not_spoken(source, info());
        if (source.language == Language::vendor) {
            if (!source.call) throw DeviceError("load " + describe(source), 0, "", "this build has no such function");
            return std::make_unique<OpenclKernel>(describe(source), source.call);
        }
        return build(source);
    }

    void run(std::span<const Launch> launches) override {
        for (const Launch& launch : launches) {
            auto& kernel = own_kernel<OpenclKernel>(launch);
            if (kernel.is_new_block(launch.block))
                run_first(kernel, launch);
            else
                kernel.enqueue(queue_.get(), launch, info(), nullptr, nullptr);
        }
        check(clFinish(queue_.get()), "clFinish");
    }

    double nanoseconds(std::span<const Launch> launches) override {
        if (launches.empty()) return 0;
        for (const Launch& launch : launches)
            if (own_kernel<OpenclKernel>(launch).is_host_call()) return nanoseconds_between_fences(launches);

        Event first, last;
        Gate gate(context_.get());
        for (std::size_t i = 0; i < launches.size(); ++i) {
            if (i == launches_behind_gate) gate.open();
            cl_event* done = i + 1 == launches.size() ? last.out() : i == 0 ? first.out() : nullptr;
            // The queue is in order: what holds the first launch back holds all of them.
            own_kernel<OpenclKernel>(launches[i])
                .enqueue(queue_.get(), launches[i], info(), i == 0 ? gate.event() : nullptr, done);
        }
        check(clFlush(queue_.get()), "clFlush");
        gate.open();
        check(clFinish(queue_.get()), "clFinish");
        const double end = interval_of(last).end_ns;
        return end - interval_of(first ? first : last).start_ns;
    }

    std::optional<double> stolen_ms() override { return info().is_cpu ? read_stolen_ms() : std::nullopt; }

    ClockCheck check_clock() override {
        load_utilities();
        return check_clock_by_chain(*this, *chain_);
    }

    void evict_cache() override {
        load_utilities();
        // A whole number of blocks, at least twice the cache.
        const std::size_t block_bytes = evict_block * sizeof(cl_uint16);
        const std::size_t blocks = (2 * info().cache_bytes + block_bytes - 1) / block_bytes;
        if (blocks == 0) return;
        if (!flush_) flush_ = allocate(blocks * block_bytes);
        const Launch launch{
            evict_.get(), {static_cast<unsigned>(blocks)}, {evict_block}, 0, {flush_.get(), ++flushes_}};
        run({&launch, 1});
    }

private:
    static std::size_t at(const OpenclBuffer& buffer, std::ptrdiff_t offset) {
        return static_cast<std::size_t>(static_cast<std::ptrdiff_t>(buffer.payload_offset()) + offset);
    }

    // Some drivers (PoCL) make machine code when a block size is first run. What the host waits beyond the kernel's own
    // time counts as build time.
    void run_first(OpenclKernel& kernel, const Launch& launch) {
        check(clFinish(queue_.get()), "clFinish");
        const double begin = steady_ns();
        Event done;
        kernel.enqueue(queue_.get(), launch, info(), nullptr, done.out());
        check(clFinish(queue_.get()), "clFinish");
        const auto ran = interval_of(done);
        kernel.add_build_nanoseconds(std::max(0.0, steady_ns() - begin - (ran.end_ns - ran.start_ns)));
    }

    std::unique_ptr<OpenclKernel> build(const KernelSource& source) {
        const std::string what = describe(source);
        const char* text = source.text.c_str();
        const std::size_t length = source.text.size();
        cl_int code = CL_SUCCESS;
        const double begin = steady_ns();
        Program program(clCreateProgramWithSource(context_.get(), 1, &text, &length, &code));
        check(code, "clCreateProgramWithSource of " + what);
        // -w: of warnings (a loop that was not unrolled, say) PoCL prints a count into whatever the program prints.
        const std::string options = fmt::format("-w {}", fmt::join(source.options, " "));
        code = clBuildProgram(program.get(), 1, &found_.device, options.c_str(), nullptr, nullptr);
        const double taken = steady_ns() - begin;
        if (code != CL_SUCCESS)
            throw DeviceError(
                "clBuildProgram of " + what, code, std::string(error_name(code)),
                fmt::format("on {}, options `{}`\n{}", info().name, options, build_log(program.get(), found_.device)));
        KernelHandle kernel(clCreateKernel(program.get(), source.entry.c_str(), &code));
        check(code, "clCreateKernel of " + what);
        return std::make_unique<OpenclKernel>(what, std::move(program), std::move(kernel), taken);
    }

    // A host call may wait for the queue inside, so a shut gate could hang it for ever. Instead it is enqueued behind
    // a chain of known length, and its time is from the end of that chain to the start of an empty chain after it,
    // less what an empty window of that kind takes. Host latency stays outside as long as the call returns before the
    // first chain ends.
    double nanoseconds_between_fences(std::span<const Launch> launches) {
        calibrate_fences();
        return std::max(0.0, time_between_fences(launches) - empty_window_ns_);
    }

    double time_between_fences(std::span<const Launch> launches) {
        Event before, after;
        const Launch fence{chain_.get(), {}, {}, 0, {fence_out_.get(), fence_operations_}};
        const Launch end{chain_.get(), {}, {}, 0, {fence_out_.get(), std::int32_t{0}}};
        chain_->enqueue(queue_.get(), fence, info(), nullptr, before.out());
        check(clFlush(queue_.get()), "clFlush");
        for (const Launch& launch : launches)
            own_kernel<OpenclKernel>(launch).enqueue(queue_.get(), launch, info(), nullptr, nullptr);
        chain_->enqueue(queue_.get(), end, info(), nullptr, after.out());
        check(clFinish(queue_.get()), "clFinish");
        return interval_of(after).start_ns - interval_of(before).end_ns;
    }

    void calibrate_fences() {
        if (fence_operations_ > 0) return;
        load_utilities();
        fence_out_ = allocate(sizeof(float));
        constexpr std::int32_t sample = 1 << 16;
        const Launch launch{chain_.get(), {}, {}, 0, {fence_out_.get(), sample}};
        run({&launch, 1});
        const double taken = std::max(1.0, nanoseconds({&launch, 1}));
        fence_operations_ = static_cast<std::int32_t>(std::clamp(sample * fence_ns / taken, 1.0, 1e9));
        // The least of several, so that never more is taken off than each window holds.
        empty_window_ns_ = time_between_fences({});
        for (int i = 0; i < 8; ++i) empty_window_ns_ = std::min(empty_window_ns_, time_between_fences({}));
    }

    void load_utilities() {
        if (chain_) return;
        KernelSource source;
        source.language = Language::opencl;
        source.file = "backends/opencl";
        source.text = utility_text;
        source.entry = "evict";
        evict_ = build(source);
        source.entry = "clock_chain";
        chain_ = build(source);
    }

    FoundDevice found_;
    Context context_;
    Queue queue_;
    std::unique_ptr<OpenclKernel> chain_, evict_;
    std::unique_ptr<Buffer> flush_, fence_out_;
    std::int32_t fence_operations_ = 0;
    double empty_window_ns_ = 0;
    std::uint32_t flushes_ = 0;
};

}  // namespace

std::unique_ptr<Device> open_device(const FoundDevice& found) { return std::make_unique<OpenclDevice>(found); }

}  // namespace stele::opencl
