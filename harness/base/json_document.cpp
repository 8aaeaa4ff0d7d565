#include "harness/base/json_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>

namespace stele {

namespace {

using Json = nlohmann::ordered_json;

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

Json new_document(const DocumentKind& kind) {
    return {{"format", std::string(kind.format)}, {"schema_version", kind.version}};
}

Json json_number(double value) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    return value;
}

std::string dump(const Json& json) {
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
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) throw ReportError(path.string() + ": a folder; name a file");
    std::ifstream file(path, std::ios::binary);
    if (!file) throw ReportError(path.string() + ": cannot be opened for reading");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (file.bad()) throw ReportError(path.string() + ": cannot be read");
    return text;
}

}  // namespace stele
