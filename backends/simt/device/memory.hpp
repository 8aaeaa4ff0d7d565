// Device memory of the simt device: a range of addresses of its own, so that a wild pointer is told from a good one.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "backends/simt/abi.hpp"

namespace stele::simt {

/// Buffers with guards, apart from each other, in one reserved range of addresses.
class DeviceMemory {
public:
    DeviceMemory();
    ~DeviceMemory();
    DeviceMemory(const DeviceMemory&) = delete;
    DeviceMemory& operator=(const DeviceMemory&) = delete;

    /// The payload; null when there is no room.
    std::byte* allocate(std::size_t bytes);
    void release(std::byte* payload);

    /// Payloads of all buffers, by address.
    std::vector<Extent> buffers() const;
    Extent region() const { return {base_, bytes_}; }

private:
    struct Allocation {
        std::size_t reserved, payload_bytes;
    };
    std::byte* base_ = nullptr;
    std::size_t bytes_ = 0;
    std::map<std::size_t, Allocation> used_;  ///< by offset of the reserved part
};

}  // namespace stele::simt
