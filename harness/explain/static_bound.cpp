#include "harness/explain/static_bound.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stele::explain {
namespace {

/// Cycles of a sub-partition for `amount` of what the multiprocessor does `rate` of in a cycle.
void add_cycles(PipeCycles& cycles, Pipe pipe, double amount, double rate) {
    if (amount > 0 && rate > 0) cycles[pipe] += amount * sub_partitions / rate;
}

double cycles_on(const PipeCycles& cycles, Pipe pipe) {
    const auto found = cycles.find(pipe);
    return found == cycles.end() ? 0 : found->second;
}

}  // namespace

PipeCycles pipe_cycles(const PipeWork& work, const MachineRates& rates) {
    PipeCycles cycles;
    add_cycles(cycles, Pipe::issue, work.issued, sub_partitions);
    add_cycles(cycles, Pipe::fma, warp_lanes * work.fp32, rates.fp32);
    if (rates.multiply > 0) {
        // Together as fast as the pipe is, and the multiplies no faster than their own part of it.
        add_cycles(cycles, Pipe::fma, warp_lanes * work.multiply, rates.fp32);
        const double alone = warp_lanes * work.multiply * sub_partitions / rates.multiply;
        if (alone > cycles_on(cycles, Pipe::fma)) cycles[Pipe::fma] = alone;
    }
    add_cycles(cycles, Pipe::half, warp_lanes * work.fp16, rates.fp16);
    add_cycles(cycles, Pipe::integer, warp_lanes * work.integer, rates.integer);
    add_cycles(cycles, Pipe::special, warp_lanes * work.special, rates.special);
    add_cycles(cycles, Pipe::matrix, work.matrix_flops, rates.matrix_flops);
    add_cycles(cycles, Pipe::memory, warp_lanes * work.memory, rates.memory);
    add_cycles(cycles, Pipe::shared, work.shared_bytes, rates.shared_bytes);
    add_cycles(cycles, Pipe::global, work.l2_bytes, rates.l2_bytes);
    return cycles;
}

StaticBound static_bound(const PipeWork& work, double flops, const MachineRates& rates) {
    StaticBound bound;
    bound.cycles = pipe_cycles(work, rates);
    // What the arithmetic alone takes at its peak, two flops for a multiply-add.
    double at_peak = 0;
    if (work.matrix_flops > 0) {
        bound.arithmetic = Pipe::matrix;
        at_peak = cycles_on(bound.cycles, Pipe::matrix);
    } else if (flops > 0) {
        const bool is_half = work.fp16 > work.fp32;
        const double rate = is_half ? rates.fp16 : rates.fp32;
        if (rate > 0) {
            bound.arithmetic = is_half ? Pipe::half : Pipe::fma;
            at_peak = warp_lanes * flops / 2 * sub_partitions / rate;
        }
    }
    double longest = bound.arithmetic ? cycles_on(bound.cycles, *bound.arithmetic) : 0;
    if (bound.arithmetic) bound.binds = *bound.arithmetic;
    for (const auto& [pipe, cycles] : bound.cycles)
        if (cycles > longest) {
            longest = cycles;
            bound.binds = pipe;
        }
    if (longest > 0) bound.share = std::min(1.0, at_peak / longest);
    return bound;
}

std::string text_of(const StaticBound& bound) {
    if (!bound.arithmetic) return std::string(name(bound.binds));
    return fmt::format("at most {:.2f} of the {} peak: {}", bound.share, name(*bound.arithmetic), name(bound.binds));
}

std::vector<std::size_t> sure_instructions(const SassFunction& function, std::span<const Loop> loops,
                                           std::span<const std::size_t> hot) {
    const Loop* around = nullptr;
    for (const Loop& loop : loops)
        if (std::ranges::includes(loop.instructions, hot) &&
            (around == nullptr || loop.instructions.size() < around->instructions.size()))
            around = &loop;
    std::vector<std::size_t> sure;
    for (const std::size_t index : hot)
        if (around == nullptr || std::ranges::binary_search(around->always, index) ||
            is_arithmetic(function.instructions[index]))
            sure.push_back(index);
    return sure;
}

}  // namespace stele::explain
