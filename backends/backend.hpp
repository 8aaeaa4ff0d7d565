// Devices, memory, launches and clocks: what every runtime offers, in CUDA's units.
//
// Backends know no kernels. A kernel reaches a backend as a KernelSource: text for OpenCL, an entry compiled into the
// binary for CUDA and simt, a C++ function for host and vendor rows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "backends/language.hpp"
#include "backends/native_kernel.hpp"
#include "backends/tensor_map.hpp"

namespace stele {

/// The queue that a host call finds in its context: none where it is a plain function call.
enum class HostQueue { none, cuda_stream, opencl_queue };
constexpr auto name_list(HostQueue) {
    return name_rows<HostQueue>({{HostQueue::none, "none"},
                                 {HostQueue::cuda_stream, "cuda_stream"},
                                 {HostQueue::opencl_queue, "opencl_queue"}});
}

/// What a device is and can do; copied whole into every report.
struct DeviceInfo {
    std::string id;       ///< "opencl:0": backend and index
    std::string backend;  ///< "opencl"
    std::string name;     ///< as the driver gives it
    std::string vendor;
    std::string platform;      ///< OpenCL platform, or the runtime's name
    std::string driver;        ///< driver and runtime version
    std::string architecture;  ///< "sm_90" on NVIDIA; what PoCL generates code for, "haswell"; elsewhere "cpu" or "gpu"
    bool is_cpu = false;
    int compute_capability = 0;  ///< 90 for 9.0; 0 where it means nothing
    int compute_units = 0;
    int warp_size = 1;
    /// Of one vector register, where the runtime tells: 8 with AVX2, 16 with AVX-512.
    std::optional<int> vector_floats{};
    int max_threads_per_block = 1;
    std::size_t global_bytes = 0;
    std::size_t max_allocation_bytes = 0;
    std::size_t cache_bytes = 0;             ///< L2 on a GPU, last-level cache on a CPU
    std::size_t shared_bytes_per_block = 0;  ///< with the opt-in where there is one
    double timer_resolution_ns = 1.0;
    bool for_results_only = false;      ///< simt: verified, never timed
    std::vector<std::string> features;  ///< "f16", "f64", "subgroups", and OpenCL's extension names
    std::vector<Language> languages;    ///< what its load() accepts
    /// Languages that devices of its kind take and this one does not, with the reason. Not in reports.
    std::vector<std::pair<Language, std::string>> unspoken;
    HostQueue host_queue = HostQueue::none;
    /// OpenCL C comes here as the PTX that a compiler outside made of it, with its shared memory declared.
    bool opencl_as_ptx = false;

    bool has(std::string_view feature) const;
    bool speaks(Language language) const;
};

/// Device memory with guard bands on both sides. Made by Device::allocate, owned by the caller.
class Buffer {
public:
    virtual ~Buffer() = default;
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    std::size_t bytes() const { return bytes_; }
    /// Bytes on each side that no kernel may touch.
    static constexpr std::size_t guard_bytes = 4096;

protected:
    explicit Buffer(std::size_t bytes) : bytes_(bytes) {}

private:
    std::size_t bytes_;
};

struct Dim3 {
    unsigned x = 1, y = 1, z = 1;
    std::uint64_t volume() const { return std::uint64_t{x} * y * z; }
    bool operator==(const Dim3&) const = default;
};

/// A tensor map over a buffer's payload, which the device makes at each launch. cuda and simt only; the kernel takes it
/// as `const __grid_constant__ TensorMap`.
struct TensorMapArgument {
    Buffer* buffer = nullptr;
    TensorMapSpec spec;
};

/// A kernel's argument: a buffer, a scalar passed by value, or a tensor map. nullptr is a null pointer.
using Argument = std::variant<Buffer*, std::int32_t, std::uint32_t, std::int64_t, float, TensorMapArgument>;

/// What a host call sees: the device's own queue (cudaStream_t, cl_command_queue, or null on the host), and one
/// entry per argument, in order: the buffer's address (a cl_mem on OpenCL) or the address of the scalar.
struct HostCallContext {
    void* queue = nullptr;
    std::span<void* const> arguments;
};
using HostCall = std::function<void(const HostCallContext&)>;

/// One kernel, before a device has loaded it.
struct KernelSource {
    Language language = Language::host;
    std::string file;                  ///< "gemm/tiled.cl": for messages
    std::string entry;                 ///< name of the kernel function
    std::string instance;              ///< tile and types, for messages: "128x128x16 f32"
    std::string text;                  ///< OpenCL C, includes already expanded
    std::vector<std::string> options;  ///< OpenCL build options
    NativeKernel native;               ///< cuda, ptx, cuda_tile
    HostCall call;                     ///< host, vendor
};

/// A kernel a device has loaded. Must not outlive its device.
class Kernel {
public:
    virtual ~Kernel() = default;
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;
    /// Time that load() spent compiling, in nanoseconds; 0 when compiled ahead of time.
    double build_nanoseconds() const { return build_nanoseconds_; }

protected:
    Kernel() = default;
    double build_nanoseconds_ = 0;
};

struct Launch {
    Kernel* kernel = nullptr;
    Dim3 grid;                     ///< in blocks, on every backend
    Dim3 block;                    ///< in threads
    std::size_t shared_bytes = 0;  ///< dynamic shared memory (CUDA); OpenCL kernels declare theirs
    std::vector<Argument> arguments;
    Dim3 cluster{};  ///< blocks of a thread block cluster, in CUDA and PTX kernels
};

/// What the device's clock and health were at one moment; empty where the platform cannot tell.
struct ClockState {
    std::optional<double> sm_mhz, memory_mhz, temperature_c, power_w, energy_mj;
    std::vector<std::string> throttle_reasons;
};

/// A chain of dependent operations, timed by the device and by the host's steady clock around the same call.
struct ClockCheck {
    double device_ns = 0, host_ns = 0;  ///< of the long chain
    double resolution_ns = 0;           ///< smallest step seen between two device times
    double overhead_ns = 0;             ///< device time of an empty launch
    /// The host's time around an empty launch, which the device's does not hold; absent in older reports.
    std::optional<double> host_overhead_ns{};

    /// How much longer a second is by the device's clock than by the host's: 0.001 for 1.001 s. Both without what an
    /// empty launch takes. None where the chain was too short for that.
    std::optional<double> bias() const;
};

/// One device, opened. All members throw DeviceError. Not thread-safe: one thread uses a device.
class Device {
public:
    virtual ~Device() = default;
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    virtual const DeviceInfo& info() const = 0;

    /// Uninitialised memory; `bytes` may be 0.
    virtual std::unique_ptr<Buffer> allocate(std::size_t bytes) = 0;
    /// Blocking copies. `offset` counts from the payload's start and may reach into the guards on either side.
    virtual void upload(Buffer& to, std::ptrdiff_t offset, std::span<const std::byte> data) = 0;
    virtual void download(const Buffer& from, std::ptrdiff_t offset, std::span<std::byte> data) = 0;

    /// Compiles or looks up a kernel. A kernel that is not in this build, or does not compile, throws with the reason.
    virtual std::unique_ptr<Kernel> load(const KernelSource& source) = 0;

    /// Runs launches in order and waits for the last.
    virtual void run(std::span<const Launch> launches) = 0;

    /// Runs launches in order and waits; returns the device time in nanoseconds from the first start to the last
    /// end. Host latency stays outside where the runtime allows it.
    virtual double nanoseconds(std::span<const Launch> launches) = 0;
    /// The same of launches that the device was given beforehand as one graph. Throws where there are no graphs.
    virtual double graph_nanoseconds(std::span<const Launch> launches);

    virtual ClockState clock() { return {}; }
    /// Time that a hypervisor has given to others since the machine started, of the CPUs that this device has; none of
    /// a device that is no CPU, or where the system does not tell.
    virtual std::optional<double> stolen_ms() { return std::nullopt; }
    virtual ClockCheck check_clock() = 0;

    /// Writes over at least twice the cache, so that the next launch finds none of its operands there.
    virtual void evict_cache() = 0;

    /// Named range for outside profilers (NVTX on CUDA); does nothing elsewhere.
    virtual void begin_range(const std::string& /*name*/) {}
    virtual void end_range() {}

protected:
    Device() = default;
};

/// Finds devices of one runtime. A missing driver is no error: the list is empty and why_none() says why.
class Backend {
public:
    virtual ~Backend() = default;
    virtual std::string_view name() const = 0;
    virtual const std::vector<DeviceInfo>& devices() const = 0;
    virtual std::string why_none() const = 0;
    virtual std::unique_ptr<Device> open(std::size_t index) const = 0;
};

/// Sets what drivers must find in the environment before they start: to be called first, from one thread, by each
/// process that opens devices or starts those that do. Reports show what was set.
void prepare_environment();

/// A backend that has not looked for its devices yet.
struct BackendEntry {
    std::string_view name;
    std::function<std::unique_ptr<Backend>()> make;
};

/// Every backend that this build has, in the order of the one list in all.cpp. A backend that was not built is there
/// too, with no devices and the reason.
std::vector<BackendEntry> backend_list();
/// The same, made.
std::vector<std::unique_ptr<Backend>> all_backends();

/// A backend without devices, for one that this build or machine lacks.
std::unique_ptr<Backend> absent_backend(std::string name, std::string why);

}  // namespace stele
