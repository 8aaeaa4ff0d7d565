#include "harness/record/report_json.hpp"

#include <fmt/format.h>

#include "harness/base/json_of.hpp"
#include "harness/record/report_check.hpp"
#include "harness/record/report_fields.hpp"
#include "kernels/former_ids.hpp"

namespace stele {

namespace {

using Json = nlohmann::ordered_json;
using json_fields::json_of;
using json_fields::read;

/// Variants by their present names: a row that split in two has another algorithm too.
void rename_former(Measurement& cell) {
    const std::string present = present_id(cell.variant);
    if (present == cell.variant) return;
    cell.variant = present;
    const std::size_t at = present.find('@');
    cell.tile = at == present.npos ? "" : present.substr(at + 1);
    std::string base = present.substr(0, at);
    const std::string suffix = fmt::format(".{}", name(cell.language));
    if (base.ends_with(suffix)) base.resize(base.size() - suffix.size());
    cell.algorithm = base.substr(base.find('/') + 1);
}

void rename(Json& object, const char* from, const char* to) {
    if (!object.is_object() || !object.contains(from) || object.contains(to)) return;
    Json value = std::move(object[from]);
    object.erase(from);
    object[to] = std::move(value);
}

/// A report of version 1 as one of now. What is wrong with it is left for the reader to say.
void bring_up_to_date(Json& report) {
    if (report["schema_version"] != 1) return;
    if (const auto environment = report.find("environment"); environment != report.end() && environment->is_object())
        for (const char* unknown : {"cpu_family", "allowed_cpus"}) (*environment)[unknown] = "";
    const auto measurements = report.find("measurements");
    if (measurements == report.end() || !measurements->is_array()) return;
    for (Json& measurement : *measurements) {
        if (!measurement.is_object() || !measurement.contains("timing")) continue;
        rename(measurement["timing"], "rounds", "passes");
        rename(measurement["timing"], "round", "pass");
        // All samples of one process.
        Json& timing = measurement["timing"];
        if (!timing.is_object() || !timing.contains("pass") || !timing["pass"].is_array()) continue;
        timing["rounds"] = 1;
        timing["round"] = std::vector<int>(timing["pass"].size(), 0);
    }
}

}  // namespace

Json to_json(const Report& report) {
    Json json = new_document(report_kind);
    json_fields::write_fields(json, report);
    return json;
}

Json to_json(const DeviceInfo& device) { return json_of(device); }
Json to_json(const AbsentBackend& backend) { return json_of(backend); }
Json to_json(const Measurement& measurement) { return json_of(measurement); }

Report report_from_text(std::string_view text, const std::string& origin) {
    try {
        Json json = parse_document(text, report_kind);
        bring_up_to_date(json);
        Report report;
        read(json, "", report);
        check_meaning(report);
        for (Measurement& cell : report.measurements) rename_former(cell);
        return report;
    } catch (const ReportError& error) {
        throw ReportError(origin + ": " + error.what());
    }
}

Report read_report(const std::filesystem::path& path) { return report_from_text(read_text(path), path.string()); }

}  // namespace stele
