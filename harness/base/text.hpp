// Figures as people read them: three digits and a unit.
#pragma once

#include <cstddef>
#include <string>

namespace stele {

/// Three significant digits, never an exponent for 0.001 … 9999: "0.123", "12.3", "1230".
std::string three_digits(double value);
/// "12.3 µs", "1.23 ms".
std::string time_text(double nanoseconds);
/// "12.1–12.5": both ends in the unit that time_text() gives `median_ns`.
std::string interval_text(double low_ns, double median_ns, double high_ns);
/// "1.2e-06"; "0" for zero; "nan", "inf".
std::string error_text(double value);
/// Powers of 1024: "512 KiB", "24 GiB".
std::string bytes_text(std::size_t bytes);
/// Powers of 1000, for a unit to follow: "268 M", "1.10 G", "12.0 ".
std::string count_text(double value);

}  // namespace stele
