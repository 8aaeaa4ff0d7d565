// Runs kernels of a test's own module: on the CPU executor alone, or on a device simt:0 as the harness would.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "backends/simt/device/module.hpp"
#include "backends/simt/device/simt.hpp"
#include "backends/simt/device/tensor_map.hpp"
#include "kernels/native_table.hpp"

namespace stele::test {

/// Memory of a pretended device: arrays that a kernel may touch, each in pages of its own.
class SimtMemory {
public:
    template <typename T>
    T* add(const std::vector<T>& content) {
        const std::size_t bytes = content.size() * sizeof(T);
        auto* at = static_cast<std::byte*>(std::aligned_alloc(4096, (bytes + 4096) / 4096 * 4096));
        owned_.emplace_back(at, &std::free);
        if (bytes != 0) std::memcpy(at, content.data(), bytes);
        extents_.push_back({at, bytes});
        std::sort(extents_.begin(), extents_.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
        return reinterpret_cast<T*>(at);
    }
    const std::vector<simt::Extent>& extents() const { return extents_; }

private:
    std::vector<std::unique_ptr<std::byte, void (*)(void*)>> owned_;
    std::vector<simt::Extent> extents_;
};

struct SimtShape {
    Dim3 grid{}, block{};
    std::size_t shared_bytes = 0;
    Dim3 cluster{};
    std::uint64_t seed = 1;  ///< of a run without a device, which has its own
};

/// A module of kernels that belongs to the tests.
class SimtModule {
public:
    explicit SimtModule(const std::string& name) : module_(simt::load_module(simt::find_module(file_of(name)))) {
        if (module_.table == nullptr) throw std::runtime_error(module_.path + ": " + module_.why_not);
    }
    /// A sanitizer's build has no checked modules.
    static bool is_built(const std::string& name) { return !simt::find_module(file_of(name)).empty(); }

    SimtEntry find(const std::string& entry, const std::string& instance) const {
        for (const NativeExport& group : *static_cast<const std::vector<NativeExport>*>(module_.table->exports))
            for (const NativeInstance& candidate : group.instances())
                if (candidate.entry == entry && candidate.instance == instance) return candidate.kernel.simt;
        throw std::runtime_error("no kernel " + entry + "<" + instance + "> in " + module_.path);
    }
    const simt::Module& loaded() const { return module_; }

    /// Runs one kernel; the defect found, or nothing.
    template <typename... Parameters>
    std::string run(const std::string& entry, const std::string& instance, const SimtShape& shape,
                    const SimtMemory& memory, Parameters... parameters) const {
        std::array<void*, sizeof...(Parameters)> arguments{static_cast<void*>(&parameters)...};
        simt::LaunchRequest request;
        request.entry = find(entry, instance);
        request.arguments = arguments.data();
        request.grid = shape.grid;
        request.block = shape.block;
        request.cluster = shape.cluster;
        request.shared_bytes = shape.shared_bytes;
        request.buffers = memory.extents();
        request.seed = shape.seed;
        const std::string name = entry + (instance.empty() ? "" : "<" + instance + ">");
        request.kernel = name;
        return module_.table->run(request);
    }

private:
    static std::string file_of(const std::string& name) { return "lib" + name + ".so"; }

    simt::Module module_;
};

/// A device simt:0 over such a module.
class SimtTestDevice {
public:
    explicit SimtTestDevice(const std::string& module_name, std::uint64_t seed = 1)
        : module_(module_name), device_(open_simt_device(module_.loaded(), SimtOptions{seed, 2})) {}

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

    /// Throws what the device throws.
    void run(const std::string& entry, const std::string& instance, const SimtShape& shape,
             std::vector<Argument> arguments) {
        KernelSource source;
        source.language = Language::cuda;
        source.entry = entry;
        source.instance = instance;
        source.native.simt = module_.find(entry, instance);
        const auto kernel = device_->load(source);
        const Launch launch{kernel.get(),       shape.grid,           shape.block,
                            shape.shared_bytes, std::move(arguments), shape.cluster};
        device_->run(std::span(&launch, 1));
    }
    Device& device() { return *device_; }
    SimtEntry find(const std::string& entry, const std::string& instance) const {
        return module_.find(entry, instance);
    }

private:
    SimtModule module_;
    std::unique_ptr<Device> device_;
};

/// A tensor map over `rows` rows of `columns` elements.
inline TensorMap matrix_map(const void* matrix, TensorMapElement element, std::uint64_t columns, std::uint64_t rows,
                            std::uint32_t box_columns, std::uint32_t box_rows, TensorMapSwizzle swizzle) {
    TensorMapSpec spec;
    spec.element = element;
    spec.extent = {columns, rows};
    spec.stride = {0, columns * bytes_of(element)};
    spec.box = {box_columns, box_rows};
    spec.swizzle = swizzle;
    return simt::encode_tensor_map(spec, const_cast<void*>(matrix));
}

/// Values in [-1, 1) that every format here holds exactly: multiples of 1/8 (f32 of 1/1024).
inline std::vector<float> random_values(std::size_t count, std::uint32_t seed, int denominator = 8) {
    std::vector<float> out(count);
    std::uint32_t state = seed * 2654435761u + 1;
    for (float& value : out) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        value = static_cast<float>(static_cast<int>(state % (2 * static_cast<unsigned>(denominator))) - denominator) /
                static_cast<float>(denominator);
    }
    return out;
}

}  // namespace stele::test
