// A problem's tensors and a plan's scratch on a device, between guard bands.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backends/backend.hpp"
#include "kernels/operation.hpp"

namespace stele {

/// The byte that outputs and scratch are filled with before a checked run: all ones are a NaN in every floating-point
/// type, and one that no instruction produces, so what is left of it was never written.
inline constexpr std::byte poison{0xff};
/// For a second run, where a result holds the first: what follows the fill was never written, and what is as before
/// was.
inline constexpr std::byte second_poison{0xa5};

/// What a guard band holds. For floating types every 16-bit word is a NaN, so that a read past the end spoils the
/// result, and none is a NaN that instructions produce or that outputs are filled with, so that a write shows. For
/// whole numbers small ones: a huge index read there would end the process instead of being reported.
std::vector<std::byte> guard_pattern(Dtype dtype, std::uint32_t salt);

/// A device buffer between guard bands. All members may throw DeviceError.
class GuardedBuffer {
public:
    /// `name` is for messages: "C", "scratch 0".
    GuardedBuffer(Device& device, std::string name, Dtype dtype, std::size_t bytes);

    Buffer& buffer() const { return *buffer_; }
    std::size_t bytes() const { return buffer_->bytes(); }

    void write_guards();
    void poison(std::byte fill = stele::poison);
    /// "" if both bands are as they were written, else which side was hit, and where first.
    std::string guard_damage() const;

private:
    Device* device_;
    std::string name_;
    Dtype dtype_;
    std::unique_ptr<Buffer> buffer_;
};

/// The tensors of a problem on a device: one set of operands.
class TensorSet {
public:
    TensorSet(Device& device, const Problem& problem);

    /// Throws std::out_of_range.
    GuardedBuffer& at(std::size_t index) { return buffers_.at(index); }
    std::size_t bytes() const;

    /// Uploads inputs, fills outputs, writes the guard bands.
    void reset(std::span<const Tensor> inputs, std::byte fill = poison);
    /// In the order of the problem's tensors.
    std::vector<Tensor> outputs() const;
    /// What a run did that it must not: "" or guard bands hit and inputs changed.
    std::string damage(std::span<const Tensor> inputs) const;

private:
    Device* device_;
    std::vector<TensorSpec> specs_;
    std::vector<GuardedBuffer> buffers_;
};

/// Scratch on one device, shared by plans that run one after the other: a plan gets one buffer for each size it asks
/// for, the same ones as others that ask for that size.
class ScratchPool {
public:
    explicit ScratchPool(Device& device) : device_(&device) {}
    std::vector<GuardedBuffer*> take(const std::vector<std::size_t>& sizes);

private:
    Device* device_;
    std::map<std::size_t, std::vector<std::unique_ptr<GuardedBuffer>>> by_size_;
};

}  // namespace stele
