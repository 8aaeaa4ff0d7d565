#include "harness/report_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <set>

#include "harness/named.hpp"
#include "harness/report_fields.hpp"

namespace stele {

namespace {

using Json = nlohmann::ordered_json;

template <typename T>
inline constexpr bool is_vector = false;
template <typename T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <typename T>
inline constexpr bool is_map = false;
template <typename T>
inline constexpr bool is_map<std::map<std::string, T>> = true;
template <typename T>
inline constexpr bool is_optional = false;
template <typename T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <typename T>
Json json_of(const T& value) {
    if constexpr (std::is_same_v<T, double>) {
        return json_number(value);
    } else if constexpr (std::is_same_v<T, std::string> || std::is_arithmetic_v<T>) {
        return value;
    } else if constexpr (std::is_enum_v<T>) {
        return std::string(name(value));
    } else if constexpr (is_vector<T>) {
        Json array = Json::array();
        for (const auto& element : value) array.push_back(json_of(element));
        return array;
    } else if constexpr (is_map<T>) {
        Json object = Json::object();
        for (const auto& [key, element] : value) object[key] = json_of(element);
        return object;
    } else {
        Json object = Json::object();
        auto write = [&object]<typename Field>(const char* key, const Field& field) {
            if constexpr (is_optional<Field>) {
                if (field) object[key] = json_of(*field);
            } else {
                object[key] = json_of(field);
            }
        };
        visit_fields(write, value);
        return object;
    }
}

[[noreturn]] void fail(const std::string& path, const std::string& why) {
    throw ReportError((path.empty() ? "the report" : path) + " " + why);
}

[[noreturn]] void fail_type(const std::string& path, const Json& json, std::string_view expected) {
    fail(path, fmt::format("must be {}, not {} {}", expected, json.is_object() || json.is_array() ? "an" : "a",
                           json.type_name()));
}

double read_double(const Json& json, const std::string& path) {
    if (json.is_number()) return json.get<double>();
    if (json == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (json == "inf") return std::numeric_limits<double>::infinity();
    if (json == "-inf") return -std::numeric_limits<double>::infinity();
    fail_type(path, json, R"(a number, or "nan", "inf" or "-inf")");
}

template <typename T>
T read_integer(const Json& json, const std::string& path) {
    if (!json.is_number_integer()) fail_type(path, json, "a whole number");
    const bool fits = json.is_number_unsigned() ? std::in_range<T>(json.get<std::uint64_t>())
                                                : std::in_range<T>(json.get<std::int64_t>());
    if (!fits) fail(path, fmt::format("is {}, which is out of range", json.dump()));
    return json.get<T>();
}

template <typename T>
void read(const Json& json, const std::string& path, T& value) {
    if constexpr (std::is_same_v<T, double>) {
        value = read_double(json, path);
    } else if constexpr (std::is_same_v<T, std::string>) {
        if (!json.is_string()) fail_type(path, json, "a string");
        value = json.get<std::string>();
    } else if constexpr (std::is_same_v<T, bool>) {
        if (!json.is_boolean()) fail_type(path, json, "true or false");
        value = json.get<bool>();
    } else if constexpr (std::is_integral_v<T>) {
        value = read_integer<T>(json, path);
    } else if constexpr (std::is_enum_v<T>) {
        std::string text;
        read(json, path, text);
        const auto known = from_name<T>(text);
        if (!known) fail(path, fmt::format("is '{}'; known are {}", text, fmt::join(names_of<T>(), ", ")));
        value = *known;
    } else if constexpr (is_vector<T>) {
        if (!json.is_array()) fail_type(path, json, "an array");
        value.clear();
        value.reserve(json.size());
        for (const Json& element : json) {
            const std::string place = fmt::format("{}[{}]", path, value.size());
            read(element, place, value.emplace_back());
        }
    } else if constexpr (is_map<T>) {
        if (!json.is_object()) fail_type(path, json, "an object");
        for (const auto& [key, element] : json.items()) read(element, path + "." + key, value[key]);
    } else {
        if (!json.is_object()) fail_type(path, json, "an object");
        const std::string prefix = path.empty() ? "" : path + ".";
        std::set<std::string> known;
        if (path.empty()) known = {"format", "schema_version"};
        auto read_field = [&]<typename Field>(const char* key, Field& field) {
            known.insert(key);
            const auto found = json.find(key);
            if constexpr (is_optional<Field>) {
                if (found != json.end()) read(*found, prefix + key, field.emplace());
            } else {
                if (found == json.end()) fail(prefix + key, "is missing");
                read(*found, prefix + key, field);
            }
        };
        visit_fields(read_field, value);
        for (const auto& item : json.items())
            if (!known.contains(item.key())) fail(prefix + item.key(), "is not a field of this schema");
    }
}

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

Report report_from_text(std::string_view text, const std::string& origin) {
    try {
        const Json json = parse(text);
        if (!json.is_object() || !json.contains("format") || json["format"] != report_format)
            throw ReportError(fmt::format(R"(not a Stele report: it lacks "format": "{}")", report_format));
        if (!json.contains("schema_version")) fail("schema_version", "is missing");
        const int version = read_integer<int>(json["schema_version"], "schema_version");
        if (version != Report::schema_version)
            throw ReportError(fmt::format("the report has schema version {}, and this stele reads version {}", version,
                                          Report::schema_version));
        Report report;
        read(json, "", report);
        check_meaning(report);
        return report;
    } catch (const ReportError& error) {
        throw ReportError(origin + ": " + error.what());
    }
}

Report read_report(const std::filesystem::path& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored))
        throw ReportError(path.string() + ": a folder; name a report's file");
    std::ifstream file(path, std::ios::binary);
    if (!file) throw ReportError(path.string() + ": cannot be opened for reading");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (file.bad()) throw ReportError(path.string() + ": cannot be read");
    return report_from_text(text, path.string());
}

}  // namespace stele
