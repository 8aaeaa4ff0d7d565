#include "backends/simt/device/simt.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <thread>

#include "backends/checks.hpp"
#include "backends/error.hpp"
#include "backends/host/limits.hpp"
#include "backends/simt/device/memory.hpp"
#include "backends/simt/device/tensor_map.hpp"

namespace stele {
namespace {

using simt::DeviceMemory;

class SimtBuffer final : public Buffer {
public:
    SimtBuffer(std::size_t bytes, std::shared_ptr<DeviceMemory> memory, std::byte* payload)
        : Buffer(bytes), memory_(std::move(memory)), payload_(payload) {}
    ~SimtBuffer() override { memory_->release(payload_); }
    std::byte* payload() const { return payload_; }

private:
    std::shared_ptr<DeviceMemory> memory_;
    std::byte* payload_;
};

class SimtKernel final : public Kernel {
public:
    SimtKernel(SimtEntry entry_, std::string name_) : entry(entry_), name(std::move(name_)) {}
    SimtEntry entry;
    std::string name;
};

class SimtDevice final : public Device {
public:
    SimtDevice(DeviceInfo info, const simt::Module& module, SimtOptions options)
        : info_(std::move(info)), module_(module), options_(options), memory_(std::make_shared<DeviceMemory>()) {
        if (options_.workers == 0) options_.workers = std::clamp(std::thread::hardware_concurrency(), 1u, 8u);
    }

    const DeviceInfo& info() const override { return info_; }

    std::unique_ptr<Buffer> allocate(std::size_t bytes) override {
        guarded_size(bytes, info_.max_allocation_bytes, info_.id);
        std::byte* payload = memory_->allocate(bytes);
        if (payload == nullptr)
            throw DeviceError("allocate " + std::to_string(bytes) + " bytes on " + info_.id, ENOMEM, "ENOMEM")
                .set_out_of_memory(true);
        return std::make_unique<SimtBuffer>(bytes, memory_, payload);
    }

    void upload(Buffer& to, std::ptrdiff_t offset, std::span<const std::byte> data) override {
        check_range(to, offset, data.size(), "upload");
        if (!data.empty()) std::memcpy(own_buffer<SimtBuffer>(to).payload() + offset, data.data(), data.size());
    }

    void download(const Buffer& from, std::ptrdiff_t offset, std::span<std::byte> data) override {
        check_range(from, offset, data.size(), "download");
        if (!data.empty()) std::memcpy(data.data(), own_buffer<SimtBuffer>(from).payload() + offset, data.size());
    }

    std::unique_ptr<Kernel> load(const KernelSource& source) override {
        if (!info_.speaks(source.language)) throw_not_spoken(source, info_);
        if (source.native.simt == nullptr)
            throw DeviceError("load " + describe(source), 0, "", "it is not in " + module_.path);
        std::string name = source.entry;
        if (!source.instance.empty()) name += "<" + source.instance + ">";
        return std::make_unique<SimtKernel>(source.native.simt, std::move(name));
    }

    void run(std::span<const Launch> launches) override {
        for (const Launch& launch : launches) {
            const auto& kernel = own_kernel<SimtKernel>(launch);
            check_launch(launch, info_, kernel.name);
            run(launch, kernel);
        }
    }

    double nanoseconds(std::span<const Launch>) override { throw not_timed("nanoseconds"); }
    ClockCheck check_clock() override { throw not_timed("check_clock"); }
    void evict_cache() override {}

private:
    DeviceError not_timed(const char* call) const {
        return DeviceError(
            std::string(call) + " on " + info_.id, 0, "",
            "this device is for results only: it runs GPU kernels on the CPU, and its times mean nothing");
    }

    void run(const Launch& launch, const SimtKernel& kernel) {
        std::vector<std::byte*> pointers;
        pointers.reserve(launch.arguments.size());
        std::deque<TensorMap> maps;
        std::vector<void*> addresses;
        for (const Argument& argument : launch.arguments) {
            if (Buffer* const* buffer = std::get_if<Buffer*>(&argument)) {
                pointers.push_back(*buffer != nullptr ? own_buffer<SimtBuffer>(**buffer).payload() : nullptr);
                addresses.push_back(static_cast<void*>(&pointers.back()));
            } else if (const auto* map = std::get_if<TensorMapArgument>(&argument)) {
                maps.push_back(simt::encode_tensor_map(map->spec, own_buffer<SimtBuffer>(*map->buffer).payload()));
                addresses.push_back(&maps.back());
            } else {
                addresses.push_back(scalar_address(argument));
            }
        }
        const std::vector<simt::Extent> buffers = memory_->buffers();
        simt::LaunchRequest request;
        request.entry = kernel.entry;
        request.arguments = addresses.data();
        request.grid = launch.grid;
        request.block = launch.block;
        request.cluster = launch.cluster;
        request.shared_bytes = launch.shared_bytes;
        request.buffers = buffers;
        request.region = memory_->region();
        request.seed = options_.seed;
        request.workers = options_.workers;
        request.kernel = kernel.name;
        const std::string defect = module_.table->run(request);
        if (!defect.empty()) throw DeviceError(defect, 0, "");
    }

    DeviceInfo info_;
    const simt::Module& module_;
    SimtOptions options_;
    std::shared_ptr<DeviceMemory> memory_;
};

DeviceInfo device_info(const simt::Module& module) {
    DeviceInfo info;
    info.id = "simt:0";
    info.backend = "simt";
    info.name = module.table->checked ? "CPU as a GPU, with checks" : "CPU as a GPU";
    info.vendor = "Stele";
    info.platform = "simt";
    info.driver = module.table->checked ? "checked" : "plain";
    info.architecture = "sm_90a";
    info.is_cpu = true;
    info.compute_capability = 90;
    info.compute_units = 132;
    info.warp_size = 32;
    info.max_threads_per_block = 1024;
    info.global_bytes = memory_limit().bytes;
    info.max_allocation_bytes = info.global_bytes / 2;
    info.cache_bytes = std::size_t{50} << 20;
    info.shared_bytes_per_block = simt::max_shared_bytes;
    info.for_results_only = true;
    info.features = {"f16", "bf16", "f64", "clusters"};
    if (module.table->checked) info.features.emplace_back("checks");
    info.languages = {Language::cuda, Language::ptx, Language::cuda_tile};
    return info;
}

class SimtBackend final : public Backend {
public:
    SimtBackend() {
        if (simt::active_module().table != nullptr) devices_.push_back(device_info(simt::active_module()));
    }
    std::string_view name() const override { return "simt"; }
    const std::vector<DeviceInfo>& devices() const override { return devices_; }
    std::string why_none() const override { return simt::active_module().why_not; }
    std::unique_ptr<Device> open(std::size_t index) const override {
        if (index >= devices_.size())
            throw DeviceError("open simt:" + std::to_string(index), 0, "",
                              devices_.empty() ? why_none() : "there is only simt:0");
        return open_simt_device(simt::active_module(), simt_options_from_environment());
    }

private:
    std::vector<DeviceInfo> devices_;
};

}  // namespace

SimtOptions simt_options_from_environment() {
    SimtOptions options;
    const char* text = std::getenv("STELE_SIMT_SEED");
    if (text == nullptr) return options;
    const char* end = text + std::strlen(text);
    if (const auto [stop, error] = std::from_chars(text, end, options.seed); error != std::errc{} || stop != end)
        throw DeviceError("STELE_SIMT_SEED=" + std::string(text), 0, "", "the seed is a whole number, 0 or greater");
    return options;
}

std::unique_ptr<Device> open_simt_device(const simt::Module& module, const SimtOptions& options) {
    return std::make_unique<SimtDevice>(device_info(module), module, options);
}

std::unique_ptr<Backend> simt_backend() { return std::make_unique<SimtBackend>(); }

}  // namespace stele
