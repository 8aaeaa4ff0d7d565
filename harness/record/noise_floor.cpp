#include "harness/record/noise_floor.hpp"

#include "harness/record/ceiling.hpp"

namespace stele {

KernelKind kind_of(const Measurement& cell) {
    // A page is read in less than any launch takes.
    constexpr double least_bytes = 4096;
    if (cell.flops == 0 && cell.bytes <= least_bytes) return KernelKind::launch;
    return cell.flops < bandwidth_intensity * cell.bytes ? KernelKind::memory : KernelKind::compute;
}

std::optional<NoiseFloor> noise_floor(const Report& report, const Measurement& cell, std::uint32_t rounds) {
    if (!report.noise_floors) return std::nullopt;
    const auto of_device = report.noise_floors->find(cell.device);
    if (of_device == report.noise_floors->end()) return std::nullopt;
    std::optional<NoiseFloor> best;
    for (const NoiseFloor& known : of_device->second)
        if (known.kind == kind_of(cell) && known.rounds <= rounds && (!best || known.rounds > best->rounds))
            best = known;
    return best;
}

}  // namespace stele
