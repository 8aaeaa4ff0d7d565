#include "harness/base/text.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace stele {

namespace {

struct Unit {
    double size;
    const char* name;
};

/// The largest unit that `value` reaches, or the smallest.
template <std::size_t n>
const Unit& unit_of(double value, const std::array<Unit, n>& units) {
    for (const Unit& unit : units)
        if (std::abs(value) >= unit.size) return unit;
    return units.back();
}

constexpr std::array time_units{Unit{1e9, "s"}, Unit{1e6, "ms"}, Unit{1e3, "µs"}, Unit{1, "ns"}};
constexpr std::array byte_units{Unit{0x1p40, "TiB"}, Unit{0x1p30, "GiB"}, Unit{0x1p20, "MiB"}, Unit{0x1p10, "KiB"},
                                Unit{1, "B"}};
constexpr std::array count_units{Unit{1e15, " P"}, Unit{1e12, " T"}, Unit{1e9, " G"},
                                 Unit{1e6, " M"},  Unit{1e3, " k"},  Unit{1, " "}};

}  // namespace

std::string three_digits(double value) {
    if (!std::isfinite(value)) return error_text(value);
    const double size = std::abs(value);
    if (size != 0 && (size < 0.0005 || size >= 99999.5)) return fmt::format("{:.2e}", value);
    const int decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3;
    return fmt::format("{:.{}f}", value, decimals);
}

std::string time_text(double nanoseconds) {
    const Unit& unit = unit_of(nanoseconds, time_units);
    return three_digits(nanoseconds / unit.size) + ' ' + unit.name;
}

std::string interval_text(double low_ns, double median_ns, double high_ns) {
    const Unit& unit = unit_of(median_ns, time_units);
    return three_digits(low_ns / unit.size) + "–" + three_digits(high_ns / unit.size);
}

std::string error_text(double value) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    return value == 0 ? "0" : fmt::format("{:.1e}", value);
}

std::string bytes_text(std::size_t bytes) {
    const Unit& unit = unit_of(static_cast<double>(bytes), byte_units);
    const double value = static_cast<double>(bytes) / unit.size;
    return (value == std::floor(value) ? fmt::format("{:.0f}", value) : three_digits(value)) + ' ' + unit.name;
}

std::string count_text(double value) {
    const Unit& unit = unit_of(value, count_units);
    return three_digits(value / unit.size) + unit.name;
}

}  // namespace stele
