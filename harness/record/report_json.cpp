#include "harness/record/report_json.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/base/json_fields.hpp"
#include "harness/record/report_fields.hpp"
#include "kernels/former_ids.hpp"

namespace stele {

namespace {

using Json = nlohmann::ordered_json;
using json_fields::fail;
using json_fields::read;

void check_timing(const Timing& timing, const std::string& path) {
    const auto positive = [](double value) { return std::isfinite(value) && value > 0; };
    if (timing.samples_ns.empty()) fail(path + ".samples_ns", "is empty");
    for (std::size_t i = 0; i < timing.samples_ns.size(); ++i)
        if (!positive(timing.samples_ns[i])) fail(fmt::format("{}.samples_ns[{}]", path, i), "must be a positive time");
    if (timing.pass.size() != timing.samples_ns.size())
        fail(path + ".pass",
             fmt::format("has {} entries for {} samples", timing.pass.size(), timing.samples_ns.size()));
    if (!timing.clock.empty() && timing.clock.size() != timing.samples_ns.size())
        fail(path + ".clock",
             fmt::format("has {} entries for {} samples", timing.clock.size(), timing.samples_ns.size()));
    if (!positive(timing.low_ns) || !positive(timing.high_ns) || !(timing.low_ns <= timing.median_ns) ||
        !(timing.median_ns <= timing.high_ns))
        fail(path, fmt::format("has a median of {} ns outside its interval {} … {} ns", timing.median_ns, timing.low_ns,
                               timing.high_ns));
}

/// What types cannot say.
void check_meaning(const Report& report) {
    std::set<std::string> devices{""};
    for (const DeviceInfo& device : report.devices) devices.insert(device.id);
    for (std::size_t i = 0; i < report.measurements.size(); ++i) {
        const Measurement& cell = report.measurements[i];
        const std::string path = fmt::format("measurements[{}]", i);
        if (!devices.contains(cell.device))
            fail(path + ".device", fmt::format("is '{}', which is not in devices", cell.device));
        if (cell.device.empty() && cell.verdict.outcome != Outcome::skipped)
            fail(path + ".device", "is empty, so the outcome must be skipped");
        if (cell.timing && cell.verdict.outcome != Outcome::passed)
            fail(path + ".timing", fmt::format("stands beside the outcome '{}'; only what passed has a time",
                                               name(cell.verdict.outcome)));
        if (cell.timing) check_timing(*cell.timing, path + ".timing");
        for (const auto& [field, value] :
             {std::pair{"flops", cell.flops}, {"bytes", cell.bytes}, {"dense_flops", cell.dense_flops}})
            if (!std::isfinite(value) || value < 0) fail(path + "." + field, "must be a count");
    }
}

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

template <typename T>
Json json_of(const T& value) {
    Json json;
    json_fields::write(json, value);
    return json;
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
