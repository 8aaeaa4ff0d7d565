#include "harness/measure/operands.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace stele {
namespace {

/// Uploads the same bytes to a payload of any size.
void fill_payload(Device& device, Buffer& buffer, std::byte value) {
    const std::vector<std::byte> piece(std::min<std::size_t>(buffer.bytes(), std::size_t{16} << 20), value);
    for (std::size_t at = 0; at < buffer.bytes(); at += piece.size()) {
        const std::size_t length = std::min(piece.size(), buffer.bytes() - at);
        device.upload(buffer, static_cast<std::ptrdiff_t>(at), std::span(piece).first(length));
    }
}

constexpr std::uint32_t before_salt = 1, after_salt = 2;

}  // namespace

std::vector<std::byte> guard_pattern(Dtype dtype, std::uint32_t salt) {
    std::vector<std::uint16_t> words(Buffer::guard_bytes / sizeof(std::uint16_t));
    std::uint32_t state = salt * 2654435761u + 1;
    for (std::size_t i = 0; i < words.size(); ++i) {
        state = state * 1664525u + 1013904223u;
        const std::uint32_t draw = state >> 16;
        if (unit_roundoff(dtype) > 0) {
            // 0x7ff1 … 0x7ffe and their negatives: NaN as f16 and bf16, and as the upper half of f32 and f64.
            words[i] = static_cast<std::uint16_t>((draw & 1 ? 0xfff0u : 0x7ff0u) | (1 + (draw >> 1) % 14));
        } else {
            words[i] = static_cast<std::uint16_t>(i % 2 == 0 ? 1 + draw % 1000 : 0);
        }
    }
    std::vector<std::byte> bytes(Buffer::guard_bytes);
    std::memcpy(bytes.data(), words.data(), bytes.size());
    return bytes;
}

GuardedBuffer::GuardedBuffer(Device& device, std::string name, Dtype dtype, std::size_t bytes)
    : device_(&device), name_(std::move(name)), dtype_(dtype), buffer_(device.allocate(bytes)) {
    write_guards();
}

void GuardedBuffer::write_guards() {
    device_->upload(*buffer_, -static_cast<std::ptrdiff_t>(Buffer::guard_bytes), guard_pattern(dtype_, before_salt));
    device_->upload(*buffer_, static_cast<std::ptrdiff_t>(bytes()), guard_pattern(dtype_, after_salt));
}

void GuardedBuffer::poison(std::byte fill) { fill_payload(*device_, *buffer_, fill); }

std::string GuardedBuffer::guard_damage() const {
    const auto first_difference = [&](std::ptrdiff_t offset, std::uint32_t salt) {
        std::vector<std::byte> found(Buffer::guard_bytes);
        device_->download(*buffer_, offset, found);
        const std::vector<std::byte> written = guard_pattern(dtype_, salt);
        return static_cast<std::size_t>(std::mismatch(found.begin(), found.end(), written.begin()).first -
                                        found.begin());
    };
    std::vector<std::string> hits;
    const std::size_t before = first_difference(-static_cast<std::ptrdiff_t>(Buffer::guard_bytes), before_salt);
    if (before != Buffer::guard_bytes)
        hits.push_back(fmt::format("wrote {} bytes before the start of {} ({} bytes long)",
                                   Buffer::guard_bytes - before, name_, bytes()));
    const std::size_t after = first_difference(static_cast<std::ptrdiff_t>(bytes()), after_salt);
    if (after != Buffer::guard_bytes)
        hits.push_back(
            fmt::format("wrote past the end of {} ({} bytes long), at byte {}", name_, bytes(), bytes() + after));
    return fmt::format("{}", fmt::join(hits, "; "));
}

TensorSet::TensorSet(Device& device, const Problem& problem) : device_(&device), specs_(problem.tensors()) {
    for (const TensorSpec& spec : specs_) buffers_.emplace_back(device, spec.name, spec.dtype, spec.bytes());
}

std::size_t TensorSet::bytes() const {
    std::size_t sum = 0;
    for (const GuardedBuffer& buffer : buffers_) sum += buffer.bytes();
    return sum;
}

void TensorSet::reset(std::span<const Tensor> inputs, std::byte fill) {
    std::size_t input = 0;
    for (std::size_t i = 0; i < specs_.size(); ++i) {
        buffers_[i].write_guards();
        if (specs_[i].role == Role::output) {
            buffers_[i].poison(fill);
            continue;
        }
        if (input >= inputs.size() || inputs[input].data.size() != buffers_[i].bytes())
            throw std::logic_error(fmt::format("input {} is missing or has the wrong size", specs_[i].name));
        device_->upload(buffers_[i].buffer(), 0, inputs[input++].data);
    }
}

std::vector<Tensor> TensorSet::outputs() const {
    std::vector<Tensor> out;
    for (std::size_t i = 0; i < specs_.size(); ++i) {
        if (specs_[i].role != Role::output) continue;
        device_->download(buffers_[i].buffer(), 0, out.emplace_back(specs_[i]).data);
    }
    return out;
}

std::string TensorSet::damage(std::span<const Tensor> inputs) const {
    std::vector<std::string> found;
    std::size_t input = 0;
    for (std::size_t i = 0; i < specs_.size(); ++i) {
        if (std::string hit = buffers_[i].guard_damage(); !hit.empty()) found.push_back(std::move(hit));
        if (specs_[i].role != Role::input) continue;
        const std::vector<std::byte>& given = inputs[input++].data;
        std::vector<std::byte> now(given.size());
        device_->download(buffers_[i].buffer(), 0, now);
        const auto changed = std::mismatch(now.begin(), now.end(), given.begin()).first;
        if (changed != now.end())
            found.push_back(fmt::format("changed its input {}, first at element {}", specs_[i].name,
                                        static_cast<std::size_t>(changed - now.begin()) / size_of(specs_[i].dtype)));
    }
    return fmt::format("{}", fmt::join(found, "; "));
}

std::vector<GuardedBuffer*> ScratchPool::take(const std::vector<std::size_t>& sizes) {
    std::map<std::size_t, std::size_t> taken;
    std::vector<GuardedBuffer*> out;
    for (std::size_t bytes : sizes) {
        auto& buffers = by_size_[bytes];
        const std::size_t index = taken[bytes]++;
        if (index == buffers.size())
            buffers.push_back(
                std::make_unique<GuardedBuffer>(*device_, fmt::format("scratch {}", out.size()), Dtype::f32, bytes));
        out.push_back(buffers[index].get());
    }
    return out;
}

}  // namespace stele
