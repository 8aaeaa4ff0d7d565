// gemm / hopper / lean: its rows.
#include "kernels/gemm/hopper/lean/lean.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "kernels/gemm/hopper/choice.hpp"
#include "kernels/gemm/hopper/layout.hpp"
#include "kernels/gemm/hopper/plans.hpp"
#include "kernels/gemm/rows.hpp"
#include "kernels/source.hpp"

namespace stele::gemm {
namespace {

constexpr unsigned begin_threads = 256;

Support takes_bf16(const Shape& shape) {
    if (shape.dtype != Dtype::bf16)
        return Support::no(
            fmt::format("tries at large bf16 problems what clusters may get, not at {}", stele::name(shape.dtype)));
    return hopper_step_takes(shape);
}

KernelSource lean_source(const std::string& entry, const std::string& instance) {
    return kernel_source(Language::ptx, "gemm/hopper/lean", entry, instance);
}

Plan lean_plan(const DeviceInfo& device, const Shape& shape, const HopperLeanTile& tile) {
    HopperPlan plan(shape);
    const TensorMapOperand a = plan.map_a(tile.block_m), b = plan.map_b(tile.block_n / tile.cluster);
    const std::int64_t tiles = hopper_tiles_of(shape, tile.block_m, tile.block_n, tile.cluster);
    const std::int64_t room = std::max<std::int64_t>(1, device.compute_units / tile.cluster);
    // Those who share the last wave may be more than its tiles.
    const std::int64_t clusters = tile.stream ? room : std::min(tiles, room), blocks = clusters * tile.cluster;
    const bool tma_store = plan.stores_by_tma();
    Operand partials{NullOperand{}}, flags{NullOperand{}};
    if (tile.stream && tiles % clusters != 0) {
        const std::int64_t consumers = blocks * tile.consumers();
        partials = ScratchOperand{plan.scratch(blocks * tile.block_m * tile.block_n * std::int64_t{sizeof(float)})};
        flags = ScratchOperand{plan.scratch(consumers * std::int64_t{sizeof(std::uint32_t)})};
        Step begin{0, {static_cast<unsigned>(ceil_div(consumers, begin_threads)), 1, 1}, {begin_threads, 1, 1}, 0, {}};
        begin.operands = {flags, extent(consumers)};
        plan.add(lean_source("gemm_hopper_lean_begin", ""), std::move(begin));
    }
    Step step{0,
              {static_cast<unsigned>(blocks), 1, 1},
              {static_cast<unsigned>(tile.threads()), 1, 1},
              tile.shared_bytes(),
              {},
              {static_cast<unsigned>(tile.cluster), 1, 1}};
    step.operands = {a,
                     b,
                     tma_store ? plan.map_c() : a,
                     plan.c(),
                     partials,
                     flags,
                     extent(shape.m),
                     extent(shape.n),
                     extent(shape.k),
                     extent(tma_store)};
    plan.add(lean_source("gemm_hopper_lean", text(tile.compiled()) + " bf16 nk"), std::move(step));
    return plan.take();
}

}  // namespace

std::vector<Variant> hopper_lean_variants() {
    std::vector<Variant> out;
    for (const HopperLeanTile& tile : hopper_lean_tiles)
        out.push_back(hopper_variant(
            "lean", text(tile), tile == hopper_lean_tiles.front(),
            [tile](const DeviceInfo& device, const Shape& shape) {
                if (Support answer = takes_bf16(shape); !answer) return answer;
                return hopper_fits(device, tile.shared_bytes());
            },
            [tile](const DeviceInfo& device, const Shape& shape) { return lean_plan(device, shape, tile); }));
    return out;
}

}  // namespace stele::gemm
