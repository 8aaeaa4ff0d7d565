#include "harness/base/json_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "harness/base/file.hpp"
#include "harness/base/json_text.hpp"

namespace stele {

namespace {

using Json = nlohmann::ordered_json;

Json parse(std::string_view text) {
    try {
        return parse_json(text);
    } catch (const BadInput& wrong) {
        throw ReportError(wrong.what());
    }
}

bool is_plain(const Json& json) { return !json.is_object() && !json.is_array(); }

bool is_finite(const Json& json) {
    if (json.is_number_float()) return std::isfinite(json.get<double>());
    return is_plain(json) || std::all_of(json.begin(), json.end(), is_finite);
}

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

Json new_document(const DocumentKind& kind) {
    return {{"format", std::string(kind.format)}, {"schema_version", kind.version}};
}

Json json_number(double value) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    return value;
}

std::string dump(const Json& json) {
    // The library would write null, which no reader takes for a number.
    if (!is_finite(json)) throw std::logic_error("a number that JSON cannot hold was not written by json_number()");
    std::string out;
    dump_to(out, json, 0);
    return out + '\n';
}

Json parse_document(std::string_view text, const DocumentKind& kind, std::string_view format_field) {
    Json json = parse(text);
    if (!json.is_object() || !json.contains(format_field) || json[std::string(format_field)] != kind.format)
        throw ReportError(fmt::format(R"(not a Stele {}: it lacks "{}": "{}")", kind.title, format_field, kind.format));
    if (!json.contains("schema_version")) throw ReportError("schema_version is missing");
    const Json& version = json["schema_version"];
    if (!version.is_number_integer()) throw ReportError("schema_version must be a whole number");
    if (version < kind.oldest || version > kind.version)
        throw ReportError(
            fmt::format("the {} has schema version {}, and this stele reads version {}", kind.title, version.dump(),
                        kind.oldest == kind.version ? std::to_string(kind.version)
                                                    : fmt::format("{} to {}", kind.oldest, kind.version)));
    return json;
}

std::string read_text(const std::filesystem::path& path) {
    try {
        return read_input(path);
    } catch (const BadInput& wrong) {
        throw ReportError(wrong.what());
    }
}

}  // namespace stele
