#include "harness/study/fitness.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <set>
#include <sstream>

#include "backends/host/limits.hpp"
#include "harness/base/text.hpp"
#include "harness/record/telemetry.hpp"

namespace stele {
namespace {

namespace fs = std::filesystem;

std::string line_in(const fs::path& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

std::optional<double> number_of(const fs::path& path) {
    std::ifstream file(path);
    double value = 0;
    return file >> value ? std::optional(value) : std::nullopt;
}

/// Entries of a folder whose names start so, in order.
std::vector<fs::path> entries(const fs::path& folder, const std::string& start) {
    std::vector<fs::path> out;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(folder, none))
        if (entry.path().filename().string().starts_with(start)) out.push_back(entry.path());
    std::ranges::sort(out);
    return out;
}

fs::path cpu_folder(const fs::path& root, int cpu) {
    return root / "sys/devices/system/cpu" / fmt::format("cpu{}", cpu);
}

std::string percent(double share) { return three_digits(share * 100) + " %"; }

constexpr const char* not_told = "the system does not tell";

}  // namespace

FitnessCheck check_governor(const fs::path& root) {
    std::set<std::string> governors;
    for (const int cpu : allowed_cpus())
        if (std::string governor = line_in(cpu_folder(root, cpu) / "cpufreq/scaling_governor"); !governor.empty())
            governors.insert(std::move(governor));
    const std::string seen = governors.empty() ? not_told : fmt::format("{}", fmt::join(governors, ", "));
    governors.erase("performance");
    if (governors.empty()) return {"governor", Fitness::fine, seen};
    return {"governor", Fitness::warn, seen, "cpupower frequency-set -g performance"};
}

FitnessCheck check_turbo(const fs::path& root) {
    const auto no_turbo = number_of(root / "sys/devices/system/cpu/intel_pstate/no_turbo");
    const auto boost = number_of(root / "sys/devices/system/cpu/cpufreq/boost");
    if (!no_turbo && !boost) return {"turbo", Fitness::fine, not_told};
    const bool is_on = no_turbo ? *no_turbo == 0 : *boost != 0;
    if (!is_on) return {"turbo", Fitness::fine, "off"};
    return {"turbo", Fitness::warn, "on: the clock depends on heat and on how many cores work",
            no_turbo ? "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo"
                     : "echo 0 > /sys/devices/system/cpu/cpufreq/boost"};
}

FitnessCheck check_load(const fs::path& root) {
    // A tenth of a CPU is what an idle system has; from one task a CPU on, ours waits for others.
    constexpr double idle = 0.1, busy = 1;
    const auto load = read_load(root);
    if (!load) return {"load", Fitness::fine, not_told};
    const auto cpus = static_cast<double>(allowed_cpus().size());
    const double each = *load / cpus;
    const std::string seen = fmt::format("{:.2f} tasks in the last minute, on {:.0f} CPUs", *load, cpus);
    if (each <= idle) return {"load", Fitness::fine, seen};
    return {"load", each < busy ? Fitness::warn : Fitness::bad, seen, "stop other work, or wait for its end"};
}

FitnessCheck check_steal(const std::optional<CpuTimes>& before, const std::optional<CpuTimes>& after) {
    // A hundredth is twice the interval that a median is wanted within.
    constexpr double some = 0.001, much = 0.01;
    if (!before || !after || !(after->total_ms > before->total_ms)) return {"steal", Fitness::fine, not_told};
    const double share = (after->stolen_ms - before->stolen_ms) / (after->total_ms - before->total_ms);
    const std::string seen = fmt::format("{} of the CPUs' time went to other machines", percent(share));
    if (share <= some) return {"steal", Fitness::fine, seen};
    return {"steal", share < much ? Fitness::warn : Fitness::bad, seen,
            "ask for dedicated CPUs, or measure on a machine of your own; compare in many short rounds"};
}

FitnessCheck check_virtualisation(const fs::path& root) {
    std::vector<std::string> seen;
    std::ifstream cpuinfo(root / "proc/cpuinfo");
    for (std::string line; std::getline(cpuinfo, line);) {
        if (!line.starts_with("flags")) continue;
        std::istringstream words(line);
        for (std::string word; words >> word;)
            if (word == "hypervisor") seen.emplace_back("a virtual machine");
        break;
    }
    if (const std::string product = line_in(root / "sys/class/dmi/id/product_name"); !seen.empty() && !product.empty())
        seen.back() += fmt::format(" ({})", product);
    if (fs::exists(root / ".dockerenv") || fs::exists(root / "run/.containerenv")) seen.emplace_back("a container");
    if (seen.empty()) return {"virtualisation", Fitness::fine, "none seen"};
    return {"virtualisation", Fitness::warn, fmt::format("{}", fmt::join(seen, ", in ")),
            "clocks, caches and neighbours are the host's affair: trust ratios of one run more than times"};
}

FitnessCheck check_threads(const fs::path& root) {
    const std::vector<int> allowed = allowed_cpus();
    std::string seen = fmt::format("{} CPUs allowed: {}", allowed.size(), cpu_list_text(allowed));
    const auto online = entries(root / "sys/devices/system/cpu", "cpu");
    const auto all = std::ranges::count_if(online, [](const fs::path& path) {
        const std::string digits = path.filename().string().substr(3);
        return !digits.empty() && digits.find_first_not_of("0123456789") == digits.npos;
    });
    if (all > static_cast<std::ptrdiff_t>(allowed.size())) seen += fmt::format(" of {}", all);
    if (number_of(root / "sys/devices/system/cpu/smt/active").value_or(0) == 0) return {"threads", Fitness::fine, seen};
    return {"threads", Fitness::warn, seen + ", two or more of them on a core",
            "echo off > /sys/devices/system/cpu/smt/control, or give one thread a core by taskset"};
}

FitnessCheck check_quota(const fs::path& root) {
    const auto quota = cpu_quota(root);
    if (!quota) return {"quota", Fitness::fine, "none"};
    const auto cpus = static_cast<double>(allowed_cpus().size());
    const std::string seen = fmt::format("{:g} CPUs of time, on {:.0f} CPUs", *quota, cpus);
    if (*quota >= cpus) return {"quota", Fitness::fine, seen};
    return {"quota", Fitness::bad, seen,
            "threads stand still for the rest of each period: raise the quota, or allow only as many CPUs (taskset)"};
}

FitnessCheck check_heat(const fs::path& root) {
    // Of the temperature at which the system acts, in millidegrees.
    constexpr double near = 5000;
    double throttled = 0;
    for (const int cpu : allowed_cpus())
        throttled += number_of(cpu_folder(root, cpu) / "thermal_throttle/core_throttle_count").value_or(0);
    std::optional<double> hottest;
    bool is_near = false;
    for (const fs::path& zone : entries(root / "sys/class/thermal", "thermal_zone")) {
        const auto now = number_of(zone / "temp");
        if (!now) continue;
        hottest = std::max(*now, hottest.value_or(*now));
        for (const fs::path& trip : entries(zone, "trip_point_"))
            if (trip.filename().string().ends_with("_temp"))
                if (const auto limit = number_of(trip); limit && *limit > 0) is_near = is_near || *now > *limit - near;
    }
    std::string seen = hottest ? fmt::format("{:.0f} °C at most", *hottest / 1000) : not_told;
    if (throttled > 0) seen += fmt::format(", {:.0f} times throttled since the start", throttled);
    if (!is_near && throttled == 0) return {"heat", Fitness::fine, seen};
    return {"heat", is_near ? Fitness::bad : Fitness::warn, seen,
            "let it cool, clean its fans, or measure --regime sustained and compare within a report"};
}

FitnessCheck check_caches(const fs::path& root) {
    const std::vector<fs::path> caches = entries(cpu_folder(root, allowed_cpus().front()) / "cache", "index");
    std::string last;
    double highest = 0;
    for (const fs::path& cache : caches) {
        const double level = number_of(cache / "level").value_or(0);
        const std::string size = line_in(cache / "size");
        if (size.empty() || level < highest) continue;
        highest = level;
        last = fmt::format("L{:.0f} of {}", level, size);
        if (const std::string shared = line_in(cache / "shared_cpu_list"); !shared.empty())
            last += fmt::format(", shared by CPUs {}", shared);
    }
    if (!last.empty()) return {"caches", Fitness::fine, last};
    return {"caches", Fitness::warn, not_told,
            "operands are rotated over a size that few caches exceed; compare --cache cold with --cache warm"};
}

FitnessCheck check_clock_source(const fs::path& root) {
    const std::string source = line_in(root / "sys/devices/system/clocksource/clocksource0/current_clocksource");
    if (source.empty()) return {"clock source", Fitness::fine, not_told};
    // Read without a call into the kernel, in some tens of nanoseconds.
    constexpr std::array<std::string_view, 4> fast{"tsc", "kvm-clock", "arch_sys_counter",
                                                   "hyperv_clocksource_tsc_page"};
    if (std::ranges::find(fast, source) != fast.end()) return {"clock source", Fitness::fine, source};
    return {"clock source", Fitness::warn, source + ": a reading takes a microsecond or so",
            "boot with clocksource=tsc, where the CPU's counter is stable"};
}

std::vector<FitnessCheck> check_system(const fs::path& root) {
    return {check_governor(root),       check_turbo(root),   check_load(root),
            check_virtualisation(root), check_threads(root), check_quota(root),
            check_heat(root),           check_caches(root),  check_clock_source(root)};
}

FitnessCheck check_devices(const FoundDevices& found) {
    std::vector<std::string> timed, absent;
    for (const DeviceInfo& device : found.infos)
        if (!device.for_results_only) timed.push_back(fmt::format("{} ({})", device.id, device.driver));
    for (const AbsentBackend& backend : found.absent)
        absent.push_back(fmt::format("{}: {}", backend.name, backend.why));
    if (timed.empty())
        return {"drivers", Fitness::bad, "no device can be timed", fmt::format("{}", fmt::join(absent, "; "))};
    FitnessCheck check{"drivers", Fitness::fine, fmt::format("{}", fmt::join(timed, ", "))};
    if (!absent.empty()) check.seen += fmt::format("; none of {}", fmt::join(absent, "; "));
    return check;
}

FitnessCheck check_timer(const std::string& device, const ClockCheck& check) {
    // Clocks of one machine agree within a thousandth; a tenth is another clock, or a window that holds host time.
    constexpr double some = 0.01, much = 0.1, coarse_ns = 1000;
    const std::string name = "timer of " + device;
    const auto bias = check.bias();
    std::string seen =
        fmt::format("step {}, empty launch {}", time_text(check.resolution_ns), time_text(check.overhead_ns));
    if (bias) seen += fmt::format(", {:+.2f} % beside the host's clock", *bias * 100);
    if (!bias || std::abs(*bias) > much)
        return {name, Fitness::bad, seen, "its times are not to be trusted: look for another driver, and report it"};
    if (std::abs(*bias) > some)
        return {name, Fitness::warn, seen,
                "run again on an idle machine; if it stays, compare within this device only"};
    if (check.resolution_ns > coarse_ns)
        return {name, Fitness::warn, seen, "short kernels are timed in batches, which hides how they vary"};
    return {name, Fitness::fine, seen};
}

FitnessCheck check_samples(std::span<const Measurement> measurements) {
    std::size_t samples = 0, throttled = 0, stolen = 0;
    std::set<std::string> reasons;
    for (const Measurement& cell : measurements) {
        if (!cell.timing) continue;
        const Disturbed found = disturbed(*cell.timing);
        samples += cell.timing->samples_ns.size();
        throttled += found.throttled;
        stolen += found.stolen;
        reasons.insert(found.reasons.begin(), found.reasons.end());
    }
    std::string seen = fmt::format("{} samples: {} throttled", samples, throttled);
    if (!reasons.empty()) seen += fmt::format(" ({})", fmt::join(reasons, ", "));
    seen += fmt::format(", {} with CPU time stolen", stolen);
    if (throttled == 0 && stolen == 0) return {"samples", Fitness::fine, seen};
    return {"samples", Fitness::warn, seen,
            throttled > 0 ? "raise the power limit or cool the device, or measure --regime sustained"
                          : "measure where no hypervisor shares the CPUs"};
}

Fitness worst(std::span<const FitnessCheck> checks) {
    Fitness out = Fitness::fine;
    for (const FitnessCheck& check : checks) out = std::max(out, check.state);
    return out;
}

}  // namespace stele
