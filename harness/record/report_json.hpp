// Stele's own report as JSON: written atomically, read strictly. results/schema.json describes the same format.
//
// Numbers that JSON cannot hold are the strings "nan", "inf" and "-inf". A field that is unknown, missing or of
// another type is an error that names its path; so is what check_meaning() refuses.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "harness/base/json_document.hpp"
#include "harness/record/measurement.hpp"

namespace stele {

/// Version 1 called a pass a round, and knew neither the CPU's family nor the CPUs that were allowed.
inline constexpr DocumentKind report_kind{"report", "stele-report", 2, 1};

nlohmann::ordered_json to_json(const Report& report);
nlohmann::ordered_json to_json(const DeviceInfo& device);
nlohmann::ordered_json to_json(const AbsentBackend& backend);
nlohmann::ordered_json to_json(const Measurement& measurement);

/// Throws ReportError. `origin` names the file in messages.
Report report_from_text(std::string_view text, const std::string& origin);
Report read_report(const std::filesystem::path& path);

}  // namespace stele
