// Runs kernels of a test's own module on a device simt:0, as the harness would.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "backends/simt/simt.hpp"
#include "kernels/native_table.hpp"

namespace stele::test {

class SimtTestDevice {
public:
    explicit SimtTestDevice(const std::string& module_name, std::uint64_t seed = 1) : module_(load(module_name)) {
        SimtOptions options;
        options.seed = seed;
        options.workers = 2;
        device_ = open_simt_device(module_, options);
    }

    /// A buffer with this content.
    template <typename T>
    std::unique_ptr<Buffer> buffer(const std::vector<T>& content) {
        auto out = device_->allocate(content.size() * sizeof(T));
        device_->upload(*out, 0, std::as_bytes(std::span(content)));
        return out;
    }
    template <typename T>
    std::vector<T> content(const Buffer& buffer) {
        std::vector<T> out(buffer.bytes() / sizeof(T));
        device_->download(buffer, 0, std::as_writable_bytes(std::span(out)));
        return out;
    }

    struct Shape {
        Dim3 grid{}, block{};
        std::size_t shared_bytes = 0;
        Dim3 cluster{};
    };
    /// Throws what the device throws.
    void run(const std::string& entry, const std::string& instance, const Shape& shape,
             std::vector<Argument> arguments) {
        KernelSource source;
        source.language = Language::cuda;
        source.entry = entry;
        source.instance = instance;
        source.native.simt = find(entry, instance);
        const auto kernel = device_->load(source);
        const Launch launch{kernel.get(),       shape.grid,           shape.block,
                            shape.shared_bytes, std::move(arguments), shape.cluster};
        device_->run(std::span(&launch, 1));
    }
    Device& device() { return *device_; }
    SimtEntry find(const std::string& entry, const std::string& instance) const {
        for (const NativeExport& group : *static_cast<const std::vector<NativeExport>*>(module_.table->exports))
            for (const NativeInstance& candidate : group.instances())
                if (candidate.entry == entry && candidate.instance == instance) return candidate.kernel.simt;
        throw std::runtime_error("no kernel " + entry + " " + instance + " in " + module_.path);
    }

private:
    static simt::Module load(const std::string& name) {
        const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
        simt::Module module = simt::load_module((folder / ("lib" + name + ".so")).string());
        if (module.table == nullptr) throw std::runtime_error(module.path + ": " + module.why_not);
        return module;
    }

    simt::Module module_;
    std::unique_ptr<Device> device_;
};

}  // namespace stele::test
