// Comma-separated values, as RFC 4180 has them.
#pragma once

#include <string>
#include <vector>

namespace stele {

/// A line of them, ended; a field with a comma, a quote or a line end stands in quotes.
std::string csv_line(const std::vector<std::string>& fields);

}  // namespace stele
