// Kernels of tests that run on any device: what they are given, and what they leave in their buffers.
#pragma once

#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/simt.hpp"

namespace stele::test {

using Bytes = std::vector<std::byte>;

template <typename T>
Bytes bytes_of_words(const std::vector<T>& words) {
    const auto* begin = reinterpret_cast<const std::byte*>(words.data());
    return Bytes(begin, begin + words.size() * sizeof(T));
}

/// What a kernel is given: buffers with this content, maps over them, scalars.
struct Parameter {
    enum class Kind { buffer, map, scalar } kind = Kind::buffer;
    std::size_t buffer = 0;
    TensorMapSpec spec{};
    std::int32_t scalar = 0;
};

struct Call {
    std::string entry, instance;
    SimtShape shape;
    std::vector<Bytes> buffers;
    std::vector<Parameter> parameters;
};

/// Runs on `device` and returns all buffers' contents.
inline std::vector<Bytes> run(Device& device, const NativeKernel& native, const Call& call) {
    std::vector<std::unique_ptr<Buffer>> buffers;
    for (const Bytes& content : call.buffers) {
        buffers.push_back(device.allocate(content.size()));
        device.upload(*buffers.back(), 0, content);
    }
    KernelSource source;
    source.language = Language::ptx;
    source.entry = call.entry;
    source.instance = call.instance;
    source.native = native;
    const auto kernel = device.load(source);
    Launch launch{kernel.get(), call.shape.grid, call.shape.block, call.shape.shared_bytes, {}, call.shape.cluster};
    for (const Parameter& parameter : call.parameters) switch (parameter.kind) {
            case Parameter::Kind::buffer:
                launch.arguments.emplace_back(buffers[parameter.buffer].get());
                break;
            case Parameter::Kind::scalar:
                launch.arguments.emplace_back(parameter.scalar);
                break;
            case Parameter::Kind::map:
                launch.arguments.emplace_back(TensorMapArgument{buffers[parameter.buffer].get(), parameter.spec});
                break;
        }
    device.run(std::span(&launch, 1));
    std::vector<Bytes> out;
    for (const auto& buffer : buffers) {
        out.emplace_back(buffer->bytes());
        device.download(*buffer, 0, out.back());
    }
    return out;
}

inline const NativeKernel& native(const std::vector<NativeInstance>& list, const Call& call) {
    for (const NativeInstance& instance : list)
        if (instance.entry == call.entry && instance.instance == call.instance) return instance.kernel;
    throw std::runtime_error("no kernel " + call.entry);
}

/// Runs on the CPU executor, by the module of the tests' PTX kernels.
inline std::vector<Bytes> run_on_simt(const Call& call) {
    static SimtTestDevice simt("stele_simt_ptx");
    NativeKernel emulated;
    emulated.simt = simt.find(call.entry, call.instance);
    return run(simt.device(), emulated, call);
}

}  // namespace stele::test
