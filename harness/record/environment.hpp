// Where and how a run is made: this binary, this machine, and the variables that change results.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/record/measurement.hpp"

namespace stele {

/// What this binary was built from: "1a2b3c4d5e6f", with "-dirty" if files were changed; "unknown" without git.
std::string_view build_revision();

/// For --version.
std::string version_text();

/// Read now. `command_line` is copied.
Environment read_environment(const std::vector<std::string>& command_line);

/// UTC: "2026-01-31T12:34:56Z".
std::string utc_now();

}  // namespace stele
