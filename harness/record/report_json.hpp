// Stele's own report as JSON: written atomically, read strictly. results/schema.json describes the same format.
//
// Numbers that JSON cannot hold are the strings "nan", "inf" and "-inf". A field that is unknown, missing or of
// another type is an error that names its path; so is a timing beside a verdict that is not "passed".
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "harness/base/error.hpp"
#include "harness/record/measurement.hpp"

namespace stele {

/// A report that cannot be read: `what()` says which file and where in it.
class ReportError : public BadInput {
public:
    using BadInput::BadInput;
};

/// What a report's first field says of itself.
inline constexpr std::string_view report_format = "stele-report";

nlohmann::ordered_json to_json(const Report& report);
nlohmann::ordered_json to_json(const DeviceInfo& device);
nlohmann::ordered_json to_json(const AbsentBackend& backend);
nlohmann::ordered_json to_json(const Measurement& measurement);

/// Throws ReportError. `origin` names the file in messages.
Report report_from_text(std::string_view text, const std::string& origin);
Report read_report(const std::filesystem::path& path);

/// JSON with arrays of plain values on one line, ended by a newline.
std::string dump(const nlohmann::ordered_json& json);

/// A double as JSON: a number, or "nan", "inf", "-inf".
nlohmann::ordered_json json_number(double value);

}  // namespace stele
