#include "backends/checks.hpp"

#include <fmt/format.h>

#include "backends/error.hpp"

namespace stele {

void check_range(const Buffer& buffer, std::ptrdiff_t offset, std::size_t size, const char* call) {
    constexpr auto guard = static_cast<std::ptrdiff_t>(Buffer::guard_bytes);
    const auto end = static_cast<std::ptrdiff_t>(buffer.bytes()) + guard;
    if (offset >= -guard && offset <= end && size <= static_cast<std::size_t>(end - offset)) return;
    throw DeviceError(call, 0, "",
                      fmt::format("{} bytes at offset {} leave a buffer of {} bytes and its guards of {}", size, offset,
                                  buffer.bytes(), guard));
}

void check_launch(const Launch& launch, const DeviceInfo& info, const std::string& kernel) {
    const Dim3 &grid = launch.grid, &block = launch.block;
    std::string why;
    if (grid.volume() == 0 || block.volume() == 0)
        why = "the grid or the block is empty";
    else if (block.volume() > static_cast<std::uint64_t>(info.max_threads_per_block))
        why = fmt::format("{} takes at most {} threads a block", info.id, info.max_threads_per_block);
    else if (launch.shared_bytes > info.shared_bytes_per_block)
        why = fmt::format("{} bytes of shared memory were asked for; {} has {} a block", launch.shared_bytes, info.id,
                          info.shared_bytes_per_block);
    if (why.empty()) return;
    throw DeviceError(fmt::format("launch of {}, grid {}x{}x{}, block {}x{}x{}", kernel, grid.x, grid.y, grid.z,
                                  block.x, block.y, block.z),
                      0, "", why);
}

std::size_t guarded_size(std::size_t bytes, std::size_t limit, const std::string& device) {
    if (bytes <= limit && limit - bytes >= 2 * Buffer::guard_bytes) return bytes + 2 * Buffer::guard_bytes;
    throw DeviceError(fmt::format("allocate {} bytes on {}", bytes, device), 0, "",
                      fmt::format("it gives at most {} bytes at once, guards included", limit))
        .set_out_of_memory(true);
}

std::string describe(const KernelSource& source) {
    std::string out = source.file;
    for (const std::string* part : {&source.entry, &source.instance})
        if (!part->empty()) out += (out.empty() ? "" : " ") + *part;
    return out;
}

void throw_not_spoken(const KernelSource& source, const DeviceInfo& info) {
    std::string spoken;
    for (Language language : info.languages) spoken += (spoken.empty() ? "" : ", ") + std::string(name(language));
    throw DeviceError("load " + describe(source), 0, "",
                      fmt::format("{} takes no {}; it takes {}", info.id, name(source.language), spoken));
}

void throw_foreign(const char* what) {
    throw DeviceError("launch or copy", 0, "", fmt::format("the {} is null or belongs to another backend", what));
}

void throw_no_tensor_maps() {
    throw DeviceError("launch with a tensor map", 0, "", "only NVIDIA GPUs and simt have tensor maps");
}

}  // namespace stele
