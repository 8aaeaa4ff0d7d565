#include "harness/study/doctor_cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "harness/record/ceiling.hpp"
#include "harness/record/noise_floor.hpp"

namespace stele {
namespace {

std::vector<std::string> problems_for(const DeviceInfo& device) {
    // Loops: some tenths of a GFLOP for each thread of a CPU, some hundreds for a multiprocessor's matrix units.
    const std::string loop = device.is_cpu ? fmt::format("blocks={} iterations=32", 8 * device.compute_units)
                                           : fmt::format("blocks={} iterations=2048", 8 * device.compute_units);
    // Each tensor is as large as the cache, within what is drawn and compared in no time.
    constexpr std::size_t least = std::size_t{16} << 20, most = std::size_t{256} << 20;
    const std::size_t bytes = std::clamp(device.cache_bytes, least, most) / 16 * 16;
    return {loop + " f32",
            loop + " f16",
            loop + " bf16",
            fmt::format("bytes={}", bytes),
            fmt::format("bytes={} triad", bytes),
            "launches=16 one_by_one",
            "launches=16 queue",
            "launches=16 graph"};
}

/// A CPU's own loops are for_cpus(); those for a GPU have no meaning on it, and take its compiler long.
bool is_for(const DeviceInfo& device, const Variant& variant) {
    const bool for_cpus = variant.algorithm == "lanes" || variant.algorithm == "runs";
    return variant.algorithm == "launch" || for_cpus == device.is_cpu;
}

bool add_cells(DoctorCells& out, const Operation& operation, const DeviceInfo& device, const std::string& text,
               const auto& wanted) {
    auto problem = operation.parse(text);
    bool any = false;
    for (const Variant& variant : operation.variants()) {
        if (!variant.default_tile || !wanted(variant) || !variant.supports(device, *problem)) continue;
        out.cells.push_back({&variant, problem.get(), &device});
        any = true;
    }
    if (any) out.problems.push_back(std::move(problem));
    return any;
}

double rate_of(const Measurement& cell) {
    return (cell.flops > 0 && kind_of(cell) == KernelKind::compute ? cell.flops : cell.bytes) / cell.timing->median_ns;
}

}  // namespace

DoctorCells doctor_cells(const Registry& registry, const std::vector<const DeviceInfo*>& devices) {
    DoctorCells out;
    const Operation& ceiling = registry.operation("ceiling");
    for (const DeviceInfo* device : devices) {
        bool any = false;
        for (const std::string& text : problems_for(*device))
            any |= add_cells(out, ceiling, *device, text,
                             [&](const Variant& variant) { return is_for(*device, variant); });
        if (!any)
            add_cells(out, registry.operation("gemm"), *device, "m=256 n=256 k=256 f32",
                      [](const Variant& variant) { return variant.language == Language::vendor; });
    }
    return out;
}

std::vector<std::size_t> fastest_of_each_kind(const std::vector<Measurement>& measured) {
    std::map<std::pair<std::string, KernelKind>, std::size_t> best;
    for (std::size_t i = 0; i < measured.size(); ++i) {
        if (!measured[i].timing) continue;
        const auto [place, is_new] = best.try_emplace({measured[i].device, kind_of(measured[i])}, i);
        if (!is_new && rate_of(measured[i]) > rate_of(measured[place->second])) place->second = i;
    }
    std::vector<std::size_t> out;
    for (const auto& [key, place] : best) out.push_back(place);
    std::ranges::sort(out);
    return out;
}

std::vector<Ceiling> ceilings_of(const std::vector<Measurement>& measured, const std::string& device) {
    std::map<std::pair<Counted, Dtype>, Ceiling> best;
    for (const Measurement& cell : measured) {
        if (!cell.timing || cell.device != device || cell.operation != "ceiling") continue;
        const KernelKind kind = kind_of(cell);
        if (kind == KernelKind::launch) continue;
        Ceiling ceiling{fmt::format("{} on {}", cell.variant, cell.problem),
                        kind == KernelKind::compute ? Counted::flops : Counted::bytes, cell.dtype};
        ceiling.per_second = counted(cell, ceiling) / (cell.timing->median_ns * 1e-9);
        const auto [place, is_new] = best.try_emplace({ceiling.counted, ceiling.dtype}, ceiling);
        if (!is_new && ceiling.per_second > place->second.per_second) place->second = ceiling;
    }
    std::vector<Ceiling> out;
    for (auto& [key, ceiling] : best) out.push_back(std::move(ceiling));
    return out;
}

}  // namespace stele
