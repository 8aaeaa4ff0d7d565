#include "backends/host/host.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "backends/checks.hpp"
#include "backends/clock_check.hpp"
#include "backends/error.hpp"
#include "backends/host/cpu_info.hpp"
#include "backends/host/cpu_state.hpp"

namespace stele {
namespace {

struct Free {
    void operator()(std::byte* pointer) const { std::free(pointer); }
};
using Memory = std::unique_ptr<std::byte, Free>;

// A page, so that the payload behind the guard is aligned to more than any vector needs.
constexpr std::size_t alignment = 4096;

class HostBuffer final : public Buffer {
public:
    HostBuffer(std::size_t bytes, Memory memory) : Buffer(bytes), memory_(std::move(memory)) {}
    std::byte* payload() const { return memory_.get() + guard_bytes; }

private:
    Memory memory_;
};

class HostKernel final : public Kernel {
public:
    explicit HostKernel(HostCall call) : call_(std::move(call)) {}

    void operator()(const Launch& launch) const {
        std::vector<void*> addresses;
        addresses.reserve(launch.arguments.size());
        for (const Argument& argument : launch.arguments) {
            Buffer* const* buffer = std::get_if<Buffer*>(&argument);
            if (!buffer)
                addresses.push_back(scalar_address(argument));
            else
                addresses.push_back(*buffer ? own_buffer<HostBuffer>(**buffer).payload() : nullptr);
        }
        call_({nullptr, addresses});
    }

private:
    HostCall call_;
};

class HostDevice final : public Device {
public:
    explicit HostDevice(DeviceInfo info) : info_(std::move(info)) {}

    const DeviceInfo& info() const override { return info_; }

    std::unique_ptr<Buffer> allocate(std::size_t bytes) override {
        const std::size_t guarded = guarded_size(bytes, info_.max_allocation_bytes, info_.id);
        const std::size_t rounded = (guarded + alignment - 1) / alignment * alignment;
        Memory memory(static_cast<std::byte*>(std::aligned_alloc(alignment, rounded)));
        if (!memory)
            throw DeviceError("aligned_alloc of " + std::to_string(rounded) + " bytes", ENOMEM, "ENOMEM")
                .set_out_of_memory(true);
        return std::make_unique<HostBuffer>(bytes, std::move(memory));
    }

    void upload(Buffer& to, std::ptrdiff_t offset, std::span<const std::byte> data) override {
        check_range(to, offset, data.size(), "upload");
        if (!data.empty()) std::memcpy(own_buffer<HostBuffer>(to).payload() + offset, data.data(), data.size());
    }

    void download(const Buffer& from, std::ptrdiff_t offset, std::span<std::byte> data) override {
        check_range(from, offset, data.size(), "download");
        if (!data.empty()) std::memcpy(data.data(), own_buffer<HostBuffer>(from).payload() + offset, data.size());
    }

    std::unique_ptr<Kernel> load(const KernelSource& source) override {
        if (!info_.speaks(source.language)) throw_not_spoken(source, info_);
        if (!source.call) throw DeviceError("load " + describe(source), 0, "", "this build has no such function");
        return std::make_unique<HostKernel>(source.call);
    }

    void run(std::span<const Launch> launches) override {
        for (const Launch& launch : launches) own_kernel<HostKernel>(launch)(launch);
    }

    double nanoseconds(std::span<const Launch> launches) override {
        const auto begin = std::chrono::steady_clock::now();
        run(launches);
        const auto end = std::chrono::steady_clock::now();
        return std::chrono::duration<double, std::nano>(end - begin).count();
    }

    std::optional<double> stolen_ms() override { return read_stolen_ms(); }

    ClockCheck check_clock() override {
        KernelSource source;
        source.entry = "clock_chain";
        source.call = [](const HostCallContext& context) {
            const auto operations = *static_cast<const std::int32_t*>(context.arguments[1]);
            // Not the fixed point 1, where a compiler could see that nothing changes.
            float value = 2.0f;
            for (std::int32_t i = 0; i < operations; ++i) value = value * 0.999f + 0.001f;
            *static_cast<float*>(context.arguments[0]) = value;
        };
        const auto chain = load(source);
        return check_clock_by_chain(*this, *chain);
    }

    void evict_cache() override {
        flush_.resize(2 * info_.cache_bytes);
        ++flush_value_;
        // One thread a core: operands may sit in a core's own cache, which no other core's writes push out.
        const std::size_t threads = static_cast<std::size_t>(info_.compute_units);
        const std::size_t share = (flush_.size() + threads - 1) / threads;
        std::vector<std::jthread> writers;
        for (std::size_t begin = 0; begin < flush_.size(); begin += share)
            writers.emplace_back([this, begin, share] {
                std::memset(flush_.data() + begin, flush_value_, std::min(share, flush_.size() - begin));
            });
    }

private:
    DeviceInfo info_;
    std::vector<unsigned char> flush_;
    unsigned char flush_value_ = 0;
};

class HostBackend final : public Backend {
public:
    HostBackend() {
        const CpuInfo cpu = read_cpu_info();
        DeviceInfo info;
        info.id = "host:0";
        info.backend = "host";
        info.name = cpu.name;
        info.vendor = cpu.vendor;
        info.platform = "host";
        info.driver = cpu.kernel;
        info.architecture = "cpu";
        info.is_cpu = true;
        info.compute_units = cpu.threads;
        info.global_bytes = cpu.memory_bytes;
        info.max_allocation_bytes = cpu.memory_bytes;
        // Where the system does not tell, a size that few last-level caches exceed.
        info.cache_bytes = cpu.cache_bytes ? cpu.cache_bytes : std::size_t{64} << 20;
        info.features = cpu.flags;
        info.features.emplace_back("f64");
        info.languages = {Language::host, Language::vendor};
        devices_.push_back(std::move(info));
    }

    std::string_view name() const override { return "host"; }
    const std::vector<DeviceInfo>& devices() const override { return devices_; }
    std::string why_none() const override { return {}; }
    std::unique_ptr<Device> open(std::size_t index) const override {
        if (index >= devices_.size())
            throw DeviceError("open host:" + std::to_string(index), 0, "", "there is only host:0");
        return std::make_unique<HostDevice>(devices_[index]);
    }

private:
    std::vector<DeviceInfo> devices_;
};

}  // namespace

std::unique_ptr<Backend> host_backend() { return std::make_unique<HostBackend>(); }

}  // namespace stele
