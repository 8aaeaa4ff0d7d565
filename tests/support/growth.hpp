// How work grows with its size, in processor time of this thread: nothing is asserted of a time, only of a ratio.
#pragma once

#include <time.h>

#include <algorithm>
#include <limits>

namespace stele::test {

inline double cpu_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

inline constexpr std::size_t growth_factor = 8;

/// Of `work(8 n)` over `work(n)`, the least of three each: 8 where it is linear, 64 where quadratic. What is only
/// prepared is to be made by `make(size)`.
template <typename Make, typename Work>
double growth(std::size_t n, Make&& make, Work&& work) {
    const auto least = [&](std::size_t size) {
        const auto given = make(size);
        double best = std::numeric_limits<double>::infinity();
        for (int i = 0; i < 3; ++i) {
            const double start = cpu_seconds();
            work(given);
            best = std::min(best, cpu_seconds() - start);
        }
        return best;
    };
    const double small = least(n);
    return least(growth_factor * n) / small;
}

/// Between linear and quadratic, nearer to linear: n log n of a map and caches that are left are within.
inline constexpr double most_linear_growth = 22;

}  // namespace stele::test
