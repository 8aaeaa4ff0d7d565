#include "harness/measure/roofline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

namespace stele {
namespace {

/// Multiply-adds a clock cycle that one multiprocessor does at most: dense tensor-core figures of NVIDIA's architecture
/// white papers (A100, 2020; H100, 2022). f32 operands count as tf32, the fastest way they can take.
struct MultiprocessorRate {
    int compute_capability;
    double tf32, half;
    std::string_view source;
};
constexpr std::array multiprocessor_rates{
    MultiprocessorRate{80, 512, 1024, "A100 white paper"},
    MultiprocessorRate{90, 1024, 2048, "H100 white paper"},
};

/// Memory bandwidth of the data sheet, and the highest clock that the driver lets the part run at (which is above the
/// data sheet's boost clock). The first row whose name the device's name contains; variants of a part take the fastest.
struct Part {
    std::string_view name;
    double bytes_per_second, hertz;
    std::string_view source;
};
constexpr std::array parts{
    Part{"GH200", 4.9e12, 1.98e9, "GH200 data sheet, HBM3e"},     Part{"H200", 4.8e12, 1.98e9, "H200 data sheet"},
    Part{"H100 NVL", 3.9e12, 1.98e9, "H100 data sheet, NVL"},     Part{"H100", 3.35e12, 1.98e9, "H100 data sheet, SXM"},
    Part{"A100", 2.039e12, 1.41e9, "A100 data sheet, 80 GB SXM"},
};

Peaks gpu_peaks(const DeviceInfo& device, Dtype dtype) {
    const auto part = std::find_if(parts.begin(), parts.end(),
                                   [&](const Part& row) { return device.name.find(row.name) != std::string::npos; });
    if (part == parts.end()) return {0, 0, fmt::format("no peak is known for {}", device.name)};
    Peaks out{0, part->bytes_per_second,
              fmt::format("{:.4g} TB/s by the {}", part->bytes_per_second * 1e-12, part->source)};
    const auto rate = std::find_if(multiprocessor_rates.begin(), multiprocessor_rates.end(), [&](const auto& row) {
        return row.compute_capability == device.compute_capability;
    });
    // Through OpenCL a device need not tell its compute capability; then only the memory is known.
    if (rate == multiprocessor_rates.end() || device.compute_units <= 0) return out;
    const double multiply_adds = size_of(dtype) == 4 ? rate->tf32 : size_of(dtype) == 2 ? rate->half : 2 * rate->half;
    out.flops_per_second = 2 * multiply_adds * device.compute_units * part->hertz;
    out.source += fmt::format(", {} multiprocessors of {:.0f} multiply-adds a cycle ({}) at {:.0f} MHz",
                              device.compute_units, multiply_adds, rate->source, part->hertz * 1e-6);
    return out;
}

Peaks cpu_peaks(const DeviceInfo& device, Dtype dtype, const CpuFeatures& cpu) {
    if (!cpu.x86 || device.compute_units <= 0) return {0, 0, "no peak is known for this CPU"};
    // Above the highest rated clock of any x86 part (6.2 GHz, Intel Core i9-14900KS); the system's own maximum leaves
    // out boost on some drivers.
    constexpr double hertz = 6.5e9;
    // Two vector units of fused multiply-adds a core, at most. Narrower types: as many more lanes, or AMX tiles (1024 a
    // cycle of 16 bits; Intel 64 and IA-32 Optimization Reference Manual, 20).
    const int narrower = 4 / static_cast<int>(size_of(dtype));
    double multiply_adds = 2 * (cpu.avx512 ? 16 : 8) * narrower;
    if (narrower > 1 && cpu.amx_bf16) multiply_adds = 512 * narrower;
    return {2 * multiply_adds * device.compute_units * hertz, 0,
            fmt::format("{} threads of {:.0f} multiply-adds a cycle at {:.1f} GHz, which no CPU exceeds; its memory's "
                        "peak is not known",
                        device.compute_units, multiply_adds, hertz * 1e-9)};
}

}  // namespace

CpuFeatures cpu_features() {
    CpuFeatures out;
#if defined(__x86_64__) || defined(__i386__)
    out.x86 = true;
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0) {
        out.avx512 = (ebx >> 16 & 1) != 0;
        out.amx_bf16 = (edx >> 22 & 1) != 0;
    }
#endif
    return out;
}

Peaks peaks(const DeviceInfo& device, Dtype dtype, const CpuFeatures& cpu) {
    constexpr std::array bounded_dtypes{Dtype::f32, Dtype::tf32, Dtype::f16, Dtype::bf16, Dtype::e4m3, Dtype::s8};
    const bool bounded = std::ranges::find(bounded_dtypes, dtype) != bounded_dtypes.end();
    if (!bounded) return {0, 0, fmt::format("no peak is known for {} arithmetic", name(dtype))};
    return device.is_cpu ? cpu_peaks(device, dtype, cpu) : gpu_peaks(device, dtype);
}

Floor floor_of(const Problem& problem, const DeviceInfo& device, const Peaks& peaks) {
    const double compute_ns = peaks.flops_per_second > 0 ? problem.flops() / peaks.flops_per_second * 1e9 : 0;
    const double traffic = std::max(0.0, problem.bytes() - static_cast<double>(device.cache_bytes));
    const double traffic_ns = peaks.bytes_per_second > 0 ? traffic / peaks.bytes_per_second * 1e9 : 0;
    if (peaks.flops_per_second == 0 && peaks.bytes_per_second == 0) return {0, "no floor: " + peaks.source};
    if (compute_ns == 0 && traffic_ns == 0) return {0, "no floor: the operands fit the cache, or there is no work"};
    if (compute_ns >= traffic_ns)
        return {compute_ns, fmt::format("{:.4g} GFLOP at {:.4g} TFLOP/s ({})", problem.flops() * 1e-9,
                                        peaks.flops_per_second * 1e-12, peaks.source)};
    return {traffic_ns, fmt::format("{:.4g} GB beyond the cache at {:.4g} TB/s ({})", traffic * 1e-9,
                                    peaks.bytes_per_second * 1e-12, peaks.source)};
}

}  // namespace stele
