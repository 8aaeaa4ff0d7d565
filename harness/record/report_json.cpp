#include "harness/record/report_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <set>

#include "harness/base/json_fields.hpp"
#include "harness/record/report_fields.hpp"
#include "kernels/former_ids.hpp"

namespace stele {

namespace {

using Json = nlohmann::ordered_json;
using json_fields::fail;
using json_fields::json_of;
using json_fields::read;

void check_timing(const Timing& timing, const std::string& path) {
    const auto positive = [](double value) { return std::isfinite(value) && value > 0; };
    if (timing.samples_ns.empty()) fail(path + ".samples_ns", "is empty");
    for (std::size_t i = 0; i < timing.samples_ns.size(); ++i)
        if (!positive(timing.samples_ns[i])) fail(fmt::format("{}.samples_ns[{}]", path, i), "must be a positive time");
    if (timing.round.size() != timing.samples_ns.size())
        fail(path + ".round",
             fmt::format("has {} entries for {} samples", timing.round.size(), timing.samples_ns.size()));
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

Json parse(std::string_view text) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) throw ReportError("the file is empty");
    try {
        return Json::parse(text);
    } catch (const Json::parse_error& error) {
        if (error.byte >= text.size())
            throw ReportError(
                fmt::format("the JSON is truncated: it ends after {} bytes, in the middle of a value", text.size()));
        throw ReportError(fmt::format("not JSON: a syntax error at byte {}", error.byte));
    } catch (const Json::exception& error) {
        throw ReportError(fmt::format("not JSON that can be read: {}", error.what()));
    }
}

bool is_plain(const Json& json) { return !json.is_object() && !json.is_array(); }

void dump_to(std::string& out, const Json& json, std::size_t indent) {
    if (json.empty() || is_plain(json) || (json.is_array() && std::all_of(json.begin(), json.end(), is_plain))) {
        out += json.dump(-1, ' ', false, Json::error_handler_t::replace);
        return;
    }
    const bool object = json.is_object();
    out += object ? '{' : '[';
    const char* separator = "\n";
    for (const auto& item : json.items()) {
        out += separator + std::string(indent + 1, ' ');
        separator = ",\n";
        if (object) out += Json(item.key()).dump(-1, ' ', false, Json::error_handler_t::replace) + ": ";
        dump_to(out, item.value(), indent + 1);
    }
    out += '\n' + std::string(indent, ' ') + (object ? '}' : ']');
}

}  // namespace

Json json_number(double value) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    return value;
}

Json to_json(const Report& report) {
    Json json = Json::object();
    json["format"] = std::string(report_format);
    json["schema_version"] = Report::schema_version;
    json.update(json_of(report));
    return json;
}

Json to_json(const DeviceInfo& device) { return json_of(device); }
Json to_json(const AbsentBackend& backend) { return json_of(backend); }
Json to_json(const Measurement& measurement) { return json_of(measurement); }

std::string dump(const Json& json) {
    std::string out;
    dump_to(out, json, 0);
    return out + '\n';
}

Json json_fields::parse_document(std::string_view text, std::string_view what, std::string_view format, int version) {
    Json json = parse(text);
    if (!json.is_object() || !json.contains("format") || json["format"] != format)
        throw ReportError(fmt::format(R"(not a Stele {}: it lacks "format": "{}")", what, format));
    if (!json.contains("schema_version")) fail("schema_version", "is missing");
    const int found = read_integer<int>(json["schema_version"], "schema_version");
    if (found != version)
        throw ReportError(
            fmt::format("the {} has schema version {}, and this stele reads version {}", what, found, version));
    return json;
}

std::string json_fields::read_text(const std::filesystem::path& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) throw ReportError(path.string() + ": a folder; name a file");
    std::ifstream file(path, std::ios::binary);
    if (!file) throw ReportError(path.string() + ": cannot be opened for reading");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (file.bad()) throw ReportError(path.string() + ": cannot be read");
    return text;
}

Report report_from_text(std::string_view text, const std::string& origin) {
    try {
        const Json json = json_fields::parse_document(text, "report", report_format, Report::schema_version);
        Report report;
        read(json, "", report);
        check_meaning(report);
        for (Measurement& cell : report.measurements) rename_former(cell);
        return report;
    } catch (const ReportError& error) {
        throw ReportError(origin + ": " + error.what());
    }
}

Report read_report(const std::filesystem::path& path) {
    return report_from_text(json_fields::read_text(path), path.string());
}

}  // namespace stele
