#include "harness/explain/occupancy.hpp"

#include <algorithm>
#include <array>

namespace stele::explain {
namespace {
constexpr int registers_per_unit = 256, warps_per_unit = 4, warp_threads = 32;
constexpr std::size_t shared_unit = 128, shared_reserved = 1024;

template <typename T>
T round_up(T value, T unit) {
    return (value + unit - 1) / unit * unit;
}
}  // namespace

const std::vector<MultiprocessorLimits>& known_architectures() {
    constexpr std::size_t kib = 1024;
    static const std::vector<MultiprocessorLimits> table{
        {"sm_80", 64, 32, 65536, 255, 164 * kib, 163 * kib},   {"sm_86", 48, 16, 65536, 255, 100 * kib, 99 * kib},
        {"sm_89", 48, 24, 65536, 255, 100 * kib, 99 * kib},    {"sm_90", 64, 32, 65536, 255, 228 * kib, 227 * kib},
        {"sm_90a", 64, 32, 65536, 255, 228 * kib, 227 * kib},  {"sm_100", 64, 32, 65536, 255, 228 * kib, 227 * kib},
        {"sm_100a", 64, 32, 65536, 255, 228 * kib, 227 * kib}, {"sm_120", 48, 24, 65536, 255, 100 * kib, 99 * kib},
    };
    return table;
}

std::optional<MultiprocessorLimits> limits_of(std::string_view architecture) {
    for (const auto& row : known_architectures())
        if (row.architecture == architecture) return row;
    return std::nullopt;
}

Occupancy occupancy(const MultiprocessorLimits& limits, int threads, int registers, std::size_t shared_bytes) {
    if (threads <= 0) return {0, 0, "no threads"};
    if (shared_bytes > limits.shared_bytes_per_block) return {0, 0, "shared memory of one block"};
    const int warps = round_up(threads, warp_threads) / warp_threads;
    const int warp_registers = round_up(std::max(registers, 1) * warp_threads, registers_per_unit);
    const int warps_by_registers = limits.registers / warp_registers / warps_per_unit * warps_per_unit;
    const std::size_t block_shared = round_up(shared_bytes + shared_reserved, shared_unit);

    struct Bound {
        int blocks;
        const char* name;
    };
    const std::array<Bound, 4> bounds{{{warps_by_registers / warps, "registers"},
                                       {static_cast<int>(limits.shared_bytes / block_shared), "shared memory"},
                                       {limits.warps / warps, "warps"},
                                       {limits.blocks, "blocks"}}};
    const auto least = std::min_element(bounds.begin(), bounds.end(),
                                        [](const Bound& a, const Bound& b) { return a.blocks < b.blocks; });
    return {least->blocks, static_cast<double>(least->blocks * warps) / limits.warps, least->name};
}

}  // namespace stele::explain
