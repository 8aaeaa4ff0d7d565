// What rows that call NVIDIA's libraries ask of the driver: time on a stream, and memory. The device's context is
// current when they are called.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

namespace stele {

/// The shortest of `trials` runs of `call` on the stream, the first thrown away, in milliseconds. Throws DeviceError.
float shortest_milliseconds(void* stream, int trials, const std::function<void()>& call);

/// A copy of host data in the device's memory, freed with the last owner. Throws DeviceError.
std::shared_ptr<void> device_copy(std::span<const std::byte> data);

}  // namespace stele
