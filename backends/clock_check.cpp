#include "backends/clock_check.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

namespace stele {
namespace {

constexpr double wanted_ns = 30e6;
constexpr std::int32_t most_operations = 1 << 30;

struct Times {
    double device_ns, host_ns;
};

Times time_chain(Device& device, Kernel& chain, Buffer& out, std::int32_t operations) {
    const Launch launch{&chain, {}, {}, 0, {&out, operations}};
    const auto begin = std::chrono::steady_clock::now();
    const double device_ns = device.nanoseconds({&launch, 1});
    const auto end = std::chrono::steady_clock::now();
    return {device_ns, std::chrono::duration<double, std::nano>(end - begin).count()};
}

// The least disturbed of three by the host's clock: another process can only lengthen it.
Times least_disturbed(Device& device, Kernel& chain, Buffer& out, std::int32_t operations) {
    Times least = time_chain(device, chain, out, operations);
    for (int i = 0; i < 2; ++i) {
        const Times times = time_chain(device, chain, out, operations);
        if (times.host_ns < least.host_ns) least = times;
    }
    return least;
}

double middle(std::vector<double>& times) {
    const auto at = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::ranges::nth_element(times, at);
    return *at;
}

}  // namespace

ClockCheck check_clock_by_chain(Device& device, Kernel& chain) {
    const auto out = device.allocate(sizeof(float));
    const Launch warm_up{&chain, {}, {}, 0, {out.get(), std::int32_t{1}}};
    device.run({&warm_up, 1});

    ClockCheck check;
    // Calibrated by the host's clock: the device's is the one in question.
    std::int32_t operations = 1 << 14;
    for (;;) {
        const Times times = least_disturbed(device, chain, *out, operations);
        check.device_ns = times.device_ns;
        check.host_ns = times.host_ns;
        if (times.host_ns >= 0.7 * wanted_ns || operations == most_operations) break;
        const double factor = std::clamp(wanted_ns / times.host_ns, 1.5, 16.0);
        operations = static_cast<std::int32_t>(std::min<double>(most_operations, operations * factor));
    }

    std::vector<double> empty, around_empty, seen;
    for (std::int32_t i = 0; i < 64; ++i) {
        const Times times = time_chain(device, chain, *out, 0);
        empty.push_back(times.device_ns);
        around_empty.push_back(times.host_ns);
        seen.push_back(times.device_ns);
        seen.push_back(time_chain(device, chain, *out, i).device_ns);
    }
    check.overhead_ns = middle(empty);
    check.host_overhead_ns = middle(around_empty);

    std::ranges::sort(seen);
    double step = 0;
    for (std::size_t i = 1; i < seen.size(); ++i) {
        const double difference = seen[i] - seen[i - 1];
        // Below a picosecond two times differ by floating-point rounding only.
        if (difference > 1e-3 && (step == 0 || difference < step)) step = difference;
    }
    // All times equal: the clock's step is longer than any of them.
    check.resolution_ns = step > 0 ? step : std::max(seen.back(), device.info().timer_resolution_ns);
    return check;
}

}  // namespace stele
