#include "backends/cuda/device.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>

#if __has_include(<nvtx3/nvToolsExt.h>)
#include <nvtx3/nvToolsExt.h>
#define STELE_HAS_NVTX 1
#endif

#include "backends/checks.hpp"
#include "backends/clock_check.hpp"
#include "backends/cuda/calibration.cuh"
#include "backends/cuda/nvml.hpp"
#include "backends/cuda/objects.hpp"
#include "backends/cuda/wait_watch.hpp"
#include "backends/error.hpp"

namespace stele::cudart {
namespace {

// Longer than the host needs to enqueue a window; what the gate costs a call that waits for the stream inside.
constexpr double gate_seconds = 0.05;
// A stream takes about a thousand launches before the host has to wait for it.
constexpr std::size_t launches_behind_gate = 500;
// Windows whose gate expired are thrown away and taken again, so often at most.
constexpr int most_windows = 3;

std::string pci_bus_id(int ordinal) {
    char text[32] = {};
    check(cudaDeviceGetPCIBusId(text, sizeof(text), ordinal), "cudaDeviceGetPCIBusId");
    return text;
}

int attribute(cudaDeviceAttr key, int ordinal) {
    int value = 0;
    check(cudaDeviceGetAttribute(&value, key, ordinal), "cudaDeviceGetAttribute");
    return value;
}

Event make_event() {
    Event event;
    check(cudaEventCreate(event.out()), "cudaEventCreate");
    return event;
}

// Holds a stream back by a kernel that spins on a flag in host memory, so that all of a window is enqueued before its
// first kernel starts and no launch latency falls into it. The spin has a time-out: a vendor's call that waits for the
// stream, or a lazy module load that waits for the device, would otherwise wait for ever, as the flag is set only
// after the call returns. The flag is also set when the gate is destroyed, should an exception come between.
class Gate {
public:
    Gate(GateState* state, long long cycles, cudaStream_t stream) : state_(state) {
        std::atomic_ref(state_->timed_out).store(0);
        std::atomic_ref(state_->open).store(0);
        check(launch_gate(state_, cycles, stream), "launch of the gate in front of a timed window");
    }
    ~Gate() { open(); }
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    void open() { std::atomic_ref(state_->open).store(1); }

private:
    GateState* state_;
};

class CudaDevice final : public Device {
public:
    CudaDevice(int ordinal, const DeviceInfo& info) : ordinal_(ordinal), info_(info), nvml_(pci_bus_id(ordinal)) {
        use();
        check(cudaStreamCreateWithFlags(stream_.out(), cudaStreamNonBlocking), "cudaStreamCreate on " + info_.id);
        waits_.begin();
        begin_ = make_event();
        end_ = make_event();
        check(cudaHostAlloc(gate_.out(), sizeof(GateState), cudaHostAllocMapped), "cudaHostAlloc");
        gate_cycles_ = static_cast<long long>(attribute(cudaDevAttrClockRate, ordinal_) * 1e3 * gate_seconds);
        has_persisting_cache_ = attribute(cudaDevAttrMaxPersistingL2CacheSize, ordinal_) > 0;
    }

    const DeviceInfo& info() const override { return info_; }

    std::unique_ptr<Buffer> allocate(std::size_t bytes) override {
        use();
        DeviceMemory memory;
        const std::size_t total = guarded_size(bytes, info_.max_allocation_bytes, info_.id);
        check(cudaMalloc(memory.out(), total), fmt::format("cudaMalloc of {} bytes", total));
        return std::make_unique<CudaBuffer>(bytes, std::move(memory));
    }

    void upload(Buffer& to, std::ptrdiff_t offset, std::span<const std::byte> data) override {
        check_range(to, offset, data.size(), "upload");
        if (data.empty()) return;
        use();
        check(cudaMemcpyAsync(own_buffer<CudaBuffer>(to).payload() + offset, data.data(), data.size(),
                              cudaMemcpyHostToDevice, stream_.get()),
              "upload");
        wait("upload");
    }

    void download(const Buffer& from, std::ptrdiff_t offset, std::span<std::byte> data) override {
        check_range(from, offset, data.size(), "download");
        if (data.empty()) return;
        use();
        check(cudaMemcpyAsync(data.data(), own_buffer<CudaBuffer>(from).payload() + offset, data.size(),
                              cudaMemcpyDeviceToHost, stream_.get()),
              "download");
        wait("download");
    }

    std::unique_ptr<Kernel> load(const KernelSource& source) override {
        use();
        return load_kernel(source, info_);
    }

    void run(std::span<const Launch> launches) override {
        use();
        enqueue(launches);
        wait(launches);
    }

    double nanoseconds(std::span<const Launch> launches) override {
        if (launches.empty()) return 0;
        if (waits_.bounded())
            throw DeviceError("timing " + own_kernel<CudaKernel>(launches.back()).name(), 0, "",
                              "these kernels have bounded waits, for results and not for times; take the folder of "
                              "the bounded libstele_cuda_spinning.so out of LD_LIBRARY_PATH");
        use();
        return held_window(launches, [&](Gate& gate) {
            const std::size_t held = std::min(launches.size(), launches_behind_gate);
            enqueue(launches.first(held));
            if (held == launches.size()) return;
            gate.open();
            enqueue(launches.subspan(held));
        });
    }

    double graph_nanoseconds(std::span<const Launch> launches) override {
        if (launches.empty()) return 0;
        use();
        check(cudaStreamBeginCapture(stream_.get(), cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
        Graph graph;
        try {
            enqueue(launches);
        } catch (...) {
            // A stream that was left capturing would refuse all that follows.
            cudaStreamEndCapture(stream_.get(), graph.out());
            throw;
        }
        check(cudaStreamEndCapture(stream_.get(), graph.out()), "cudaStreamEndCapture");
        GraphProgram program;
        check(cudaGraphInstantiate(program.out(), graph.get(), 0), "cudaGraphInstantiate");
        check(cudaGraphUpload(program.get(), stream_.get()), "cudaGraphUpload");
        return held_window(launches,
                           [&](Gate&) { check(cudaGraphLaunch(program.get(), stream_.get()), "cudaGraphLaunch"); });
    }

    ClockState clock() override { return nvml_.state(); }

    ClockCheck check_clock() override {
        KernelSource source;
        source.language = Language::cuda;
        source.file = "backends/cuda";
        source.entry = "clock_chain";
        source.native.cuda = clock_chain();
        const auto chain = load(source);
        return check_clock_by_chain(*this, *chain);
    }

    void evict_cache() override {
        use();
        const std::size_t bytes = 2 * info_.cache_bytes / 16 * 16;
        if (bytes == 0) return;
        if (!flush_) flush_ = allocate(bytes);
        reset_persisting_cache();
        check(launch_evict(own_buffer<CudaBuffer>(*flush_).payload(), bytes, ++flushes_, stream_.get()),
              "launch of the cache eviction");
        wait("cache eviction");
    }

    void begin_range([[maybe_unused]] const std::string& name) override {
#ifdef STELE_HAS_NVTX
        nvtxRangePushA(name.c_str());
#endif
    }
    void end_range() override {
#ifdef STELE_HAS_NVTX
        nvtxRangePop();
#endif
    }

private:
    // The device time of what `enqueue_all` puts behind the gate.
    template <typename EnqueueAll>
    double held_window(std::span<const Launch> launches, const EnqueueAll& enqueue_all) {
        for (int attempt = 0; attempt < most_windows; ++attempt)
            if (const std::optional<double> ns = window(launches, enqueue_all)) return *ns;
        throw DeviceError(
            "timing " + own_kernel<CudaKernel>(launches.back()).name(), 0, "",
            fmt::format("the gate before the window opened by itself {} times: enqueueing took longer than "
                        "{:.0f} ms, so host time would have been counted",
                        most_windows, gate_seconds * 1e3));
    }

    // The launches' time; nothing where the gate expired before all were enqueued, as host time is then in the window.
    template <typename EnqueueAll>
    std::optional<double> window(std::span<const Launch> launches, const EnqueueAll& enqueue_all) {
        reset_persisting_cache();
        auto* state = static_cast<GateState*>(gate_.get());
        {
            Gate gate(state, gate_cycles_, stream_.get());
            check(cudaEventRecord(begin_.get(), stream_.get()), "cudaEventRecord");
            enqueue_all(gate);
            check(cudaEventRecord(end_.get(), stream_.get()), "cudaEventRecord");
        }
        wait(launches);
        if (std::atomic_ref(state->timed_out).load() != 0) return std::nullopt;
        float milliseconds = 0;
        check(cudaEventElapsedTime(&milliseconds, begin_.get(), end_.get()), "cudaEventElapsedTime");
        return static_cast<double>(milliseconds) * 1e6;
    }

    // The runtime's current device is a thread's state, and other libraries set it too.
    void use() { check(cudaSetDevice(ordinal_), "cudaSetDevice " + info_.id); }

    void enqueue(std::span<const Launch> launches) {
        for (const Launch& launch : launches) own_kernel<CudaKernel>(launch).enqueue(stream_.get(), launch, info_);
    }

    // A kernel's own failure shows only here.
    void wait(const std::string& what) {
        check(cudaStreamSynchronize(stream_.get()), "waiting for " + what, waits_.told());
    }
    void wait(std::span<const Launch> launches) {
        wait(launches.empty() ? "nothing" : own_kernel<CudaKernel>(launches.back()).name());
    }

    // Lines that an earlier kernel asked to persist would make a later one's operands look cached.
    void reset_persisting_cache() {
        if (!has_persisting_cache_ || cudaCtxResetPersistingL2Cache() == cudaSuccess) return;
        // A card shared by partitions refuses it; then there is nothing to reset, and the run goes on.
        cudaGetLastError();
        has_persisting_cache_ = false;
    }

    int ordinal_;
    DeviceInfo info_;
    Nvml nvml_;
    WaitWatch waits_;
    Stream stream_;
    Event begin_, end_;
    PinnedMemory gate_;
    long long gate_cycles_ = 0;
    bool has_persisting_cache_ = false;
    std::unique_ptr<Buffer> flush_;
    unsigned flushes_ = 0;
};

}  // namespace

std::unique_ptr<Device> open_device(int ordinal, const DeviceInfo& info) {
    return std::make_unique<CudaDevice>(ordinal, info);
}

}  // namespace stele::cudart
