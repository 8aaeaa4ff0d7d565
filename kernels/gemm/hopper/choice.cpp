#include "kernels/gemm/hopper/choice.hpp"

#include <algorithm>
#include <limits>

#include "kernels/gemm/rows.hpp"

namespace stele::gemm {
namespace {

// The estimate counts an SM's cycles. What an H200's data sheet and the CUDA C++ Programming Guide give; only the
// proportions matter.
constexpr double multiplied_per_cycle = 4096;  ///< rows × columns × bytes of K: 2048 products of 16-bit operands
constexpr double l2_bytes_per_cycle = 48;      ///< that one SM can have of L2
constexpr double memory_bytes_per_cycle = 20;  ///< an SM's part of 4.8 TB/s
constexpr double drawn_bytes_per_cycle = 28;   ///< of memory, by one SM: its stages in flight over the latency
constexpr double not_hidden = 0.1;
/// Until the first stage has come, and from the last wgmma to the block's end.
constexpr double start_cycles = 1500, end_cycles = 1500;
/// Twice through the cluster's barrier; then a trip to each of its SMs.
constexpr double reduction_cycles = 2000, exchange_cycles = 400;

/// Work of one block: as many cycles as the slower of multiplying and loading takes.
double block_cycles(int block_m, int block_n, double k_bytes, double loaded_bytes_per_k_byte, double efficiency) {
    const double multiply = block_m * block_n * k_bytes / multiplied_per_cycle / efficiency;
    return std::max(multiply, loaded_bytes_per_k_byte * k_bytes / l2_bytes_per_cycle);
}

/// All of the problem's bytes, drawn by `blocks` blocks on `sms` SMs.
double memory_cycles(const Shape& shape, double sms, double blocks) {
    const double rate = std::min(memory_bytes_per_cycle * sms, drawn_bytes_per_cycle * std::min(blocks, sms));
    return GemmProblem(shape).bytes() / rate;
}

/// Multiplying and loading overlap, but for a part of the shorter.
double together(double product, double memory) {
    return std::max(product, memory) + not_hidden * std::min(product, memory);
}

std::int64_t sms_of(const DeviceInfo& device) { return std::max(1, device.compute_units); }

double k_bytes_of(const Shape& shape) {
    return static_cast<double>(
        ceil_div(std::max<std::int64_t>(shape.k, 1) * static_cast<std::int64_t>(size_of(shape.dtype)),
                 hopper_depth_bytes) *
        hopper_depth_bytes);
}

double cycles(const DeviceInfo& device, const Shape& shape, const HopperTile& tile) {
    const std::int64_t sms = sms_of(device), at_a_time = std::max<std::int64_t>(1, sms / tile.cluster);
    const std::int64_t tiles = hopper_tiles_of(shape, tile.block_m, tile.block_n, tile.cluster);
    const auto waves = static_cast<double>(ceil_div(tiles, at_a_time));
    const double loaded = tile.block_m + static_cast<double>(tile.block_n) / tile.cluster;
    // A warpgroup reads its rows of A and all of B for each instruction: 80 bytes a cycle for 256 columns, 96 for 128.
    // Keeping two blocks in step cost an H200 1 and 10 % of that (8192³ and 4096³ in bf16), and saved no time.
    const double in_step = tile.cluster == 1 ? 1.0 : tile.block_n >= 256 ? 0.99 : 0.9;
    const double efficiency = (tile.block_n >= 256 ? 0.85 : 0.75) * in_step;
    const double product = waves * block_cycles(tile.block_m, tile.block_n, k_bytes_of(shape), loaded, efficiency);
    const double memory = memory_cycles(shape, static_cast<double>(sms), static_cast<double>(tiles * tile.cluster));
    return start_cycles + end_cycles + together(product, memory);
}

double cycles(const DeviceInfo& device, const Shape& shape, const HopperSplitTile& tile) {
    const std::int64_t sms = sms_of(device);
    const std::int64_t blocks = hopper_tiles_of(shape, tile.block_m, tile.block_n, 1) * tile.splits;
    const double k_bytes = k_bytes_of(shape) / tile.splits, efficiency = tile.block_m >= 128 ? 0.75 : 0.6;
    const double one = block_cycles(tile.block_m, tile.block_n, k_bytes, tile.block_m + tile.block_n, efficiency);
    const double product = static_cast<double>(ceil_div(blocks, sms)) * one;
    const double memory = memory_cycles(shape, static_cast<double>(sms), static_cast<double>(blocks));
    // Two blocks share an SM; those that find no room begin when others end.
    const auto rounds = static_cast<double>(ceil_div(blocks, 2 * sms));
    const double reduction = tile.splits > 1 ? reduction_cycles + exchange_cycles * tile.splits : 0;
    return rounds * (start_cycles + end_cycles + reduction) + together(product, memory);
}

}  // namespace

std::int64_t hopper_tiles_of(const Shape& shape, int block_m, int block_n, int cluster) {
    const std::int64_t across = ceil_div(shape.n, block_n), rows = std::int64_t{block_m} * cluster;
    if (shape.groups.empty()) return shape.batch * across * ceil_div(shape.m, rows);
    std::int64_t down = 0;
    for (std::int64_t group : shape.groups) down += ceil_div(group, rows);
    return down * across;
}

HopperChoice choose_hopper(const DeviceInfo& device, const Shape& shape) {
    HopperChoice best = hopper_tiles.front();
    double least = std::numeric_limits<double>::infinity();
    const auto consider = [&](const auto& tile) {
        if (const double estimate = cycles(device, shape, tile); estimate < least) {
            least = estimate;
            best = tile;
        }
    };
    for (const HopperTile& tile : hopper_tiles) consider(tile);
    const std::int64_t stages = ceil_div(
        std::max<std::int64_t>(shape.k, 1) * static_cast<std::int64_t>(size_of(shape.dtype)), hopper_depth_bytes);
    for (const HopperSplitTile& tile : hopper_split_tiles)
        if (tile.splits <= stages) consider(tile);
    return best;
}

}  // namespace stele::gemm
