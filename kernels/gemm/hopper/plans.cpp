#include "kernels/gemm/hopper/plans.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "kernels/gemm/hopper/choice.hpp"
#include "kernels/gemm/hopper/layout.hpp"
#include "kernels/gemm/rows.hpp"
#include "kernels/source.hpp"

namespace stele::gemm {
namespace {

/// The barriers, and what aligning dynamic shared memory behind them takes.
constexpr std::size_t barrier_bytes = 1024;
/// A grid's y and z.
constexpr std::int64_t most_in_y = 65535;

KernelSource source(const std::string& rung, const std::string& tile, const std::string& operands) {
    return kernel_source(Language::ptx, "gemm/hopper/" + rung, "gemm_hopper_" + rung, tile + ' ' + operands);
}

/// The part of a tile that a kernel is compiled for: clusters and splits are properties of the launch.
std::string compiled(int block_m, int block_n) { return fmt::format("{}x{}", block_m, block_n); }

Dim3 line(std::int64_t blocks) { return {static_cast<unsigned>(blocks), 1, 1}; }

std::int64_t sms_of(const DeviceInfo& device) { return std::max(1, device.compute_units); }

Plan persistent_plan(const std::string& rung, const DeviceInfo& device, const Shape& shape, const HopperTile& tile) {
    HopperPlan plan(shape);
    const TensorMapOperand a = plan.map_a(tile.block_m), b = plan.map_b(tile.block_n / tile.cluster);
    const std::int64_t clusters =
        std::clamp<std::int64_t>(hopper_tiles_of(shape, tile.block_m, tile.block_n, tile.cluster), 1,
                                 std::max<std::int64_t>(1, sms_of(device) / tile.cluster));
    Step step{0, line(clusters * tile.cluster), line(tile.threads()), tile.shared_bytes(), {}, line(tile.cluster)};
    const bool tma_store = plan.stores_by_tma();
    // A map that is never used has to be one all the same.
    step.operands = {a,
                     b,
                     tma_store ? plan.map_c() : a,
                     plan.scale_a(),
                     plan.scale_b(),
                     plan.row_begin(),
                     plan.c(),
                     extent(shape.m),
                     extent(shape.n),
                     extent(plan.depth()),
                     extent(plan.products()),
                     extent(tma_store)};
    plan.add(source(rung, compiled(tile.block_m, tile.block_n), plan.operands_name()), std::move(step));
    return plan.take();
}

}  // namespace

Plan hopper_plan(const DeviceInfo& device, const Shape& shape, const HopperTile& tile) {
    return persistent_plan("clusters", device, shape, tile);
}

Plan hopper_scaled_plan(const DeviceInfo& device, const Shape& shape, const HopperTile& tile) {
    // Without K there are no scales to read, and clusters gives the same zeros.
    return persistent_plan(shape.k == 0 ? "clusters" : "scaled", device, shape, tile);
}

Plan hopper_split_plan(const Shape& shape, const HopperSplitTile& tile) {
    HopperPlan plan(shape);
    const TensorMapOperand a = plan.map_a(tile.block_m), b = plan.map_b(tile.block_n);
    const std::int64_t splits = std::min<std::int64_t>(tile.splits, plan.stages_of_k());
    const std::int64_t blocks = hopper_tiles_of(shape, tile.block_m, tile.block_n, 1) * splits;
    Step step{0, line(blocks), line(tile.threads()), tile.shared_bytes(), {}, line(splits)};
    step.operands = {a,
                     b,
                     plan.scale_a(),
                     plan.scale_b(),
                     plan.row_begin(),
                     plan.c(),
                     extent(shape.m),
                     extent(shape.n),
                     extent(plan.depth()),
                     extent(plan.products())};
    plan.add(source("split", compiled(tile.block_m, tile.block_n), plan.operands_name()), std::move(step));
    return plan.take();
}

Support hopper_takes(const Shape& shape) {
    if (shape.dtype == Dtype::f32)
        return Support::no("Hopper's matrix units round f32 to tf32; ask for tf32 where that is enough");
    const std::int64_t products = shape.products();
    if (shape.dtype == Dtype::tf32 && shape.b == LayoutB::kn && (products > most_in_y || shape.n > most_in_y * 32))
        return Support::no(
            "B [K,N] of tf32 is transposed first, in a launch of at most 65535 products and 2097120 columns");
    // The smallest tile's count, and rows of operands laid out again, are the largest numbers.
    constexpr double most = std::numeric_limits<std::int32_t>::max();
    const auto tiles = static_cast<double>(hopper_tiles_of(shape, 64, 128, 1)) * 8;
    const double rows =
        static_cast<double>(products) * static_cast<double>(std::max({shape.k, shape.n, std::int64_t{1}}));
    if (tiles > most || rows > most || static_cast<double>(shape.batch) * static_cast<double>(shape.m) > most)
        return Support::no("its tiles or rows are more than one launch takes");
    return {};
}

Support hopper_step_takes(const Shape& shape) {
    if (shape.dtype != Dtype::f16 && shape.dtype != Dtype::bf16)
        return Support::no(
            fmt::format("a step to gemm/hopper/clusters computes f16 and bf16, not {}", stele::name(shape.dtype)));
    if (shape.b != LayoutB::nk) return Support::no("a step to gemm/hopper/clusters takes B as [N,K] only");
    if (!shape.plain())
        return Support::no("a step to gemm/hopper/clusters computes one product, no batch and no groups");
    if (shape.k == 0 || shape.k * 2 % 16 != 0)
        return Support::no(fmt::format("a tensor map wants rows of multiples of 16 bytes, and A has {}", shape.k * 2));
    return {};
}

Support hopper_fits(const DeviceInfo& device, std::size_t shared_bytes) {
    if (shared_bytes + barrier_bytes > device.shared_bytes_per_block)
        return Support::no(fmt::format("a block needs {} bytes of shared memory, and {} has {}",
                                       shared_bytes + barrier_bytes, device.id, device.shared_bytes_per_block));
    return {};
}

Variant hopper_variant(std::string rung, std::string tile, bool default_tile,
                       std::function<Support(const DeviceInfo&, const Shape&)> takes,
                       std::function<Plan(const DeviceInfo&, const Shape&)> plan) {
    KernelRow row;
    row.algorithm = "hopper/" + std::move(rung);
    row.languages = {Language::ptx};
    row.tile = std::move(tile);
    row.default_tile = default_tile;
    row.arithmetic_of = hopper_arithmetic;
    row.architectures = {"sm_90a"};
    row.takes = std::move(takes);
    row.whole_plan = std::move(plan);
    return variants_of(row).front();
}

std::vector<Variant> hopper_step_variants(const std::string& rung, std::span<const HopperStepTile> tiles,
                                          bool has_producer, bool persistent) {
    std::vector<Variant> out;
    for (const HopperStepTile& tile : tiles) {
        const auto takes = [tile](const DeviceInfo& device, const Shape& shape) {
            if (Support answer = hopper_step_takes(shape); !answer) return answer;
            if (Support answer = hopper_takes(shape); !answer) return answer;
            return hopper_fits(device, tile.shared_bytes());
        };
        const auto plan_of = [=](const DeviceInfo& device, const Shape& shape) {
            HopperPlan plan(shape);
            std::int64_t blocks = hopper_tiles_of(shape, tile.block_m, tile.block_n, 1);
            if (persistent) blocks = std::min(blocks, sms_of(device));
            Step step{0, line(blocks), line(tile.threads(has_producer)), tile.shared_bytes(), {}};
            step.operands = {plan.map_a(tile.block_m), plan.map_b(tile.block_n), plan.c(),
                             extent(shape.m),          extent(shape.n),          extent(shape.k)};
            plan.add(source(rung, text(tile), plan.operands_name()), std::move(step));
            return plan.take();
        };
        out.push_back(hopper_variant(rung, text(tile), tile == tiles.front(), takes, plan_of));
    }
    return out;
}

}  // namespace stele::gemm
