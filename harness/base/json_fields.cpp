#include "harness/base/json_fields.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "harness/base/json_text.hpp"

namespace stele::json_fields {

namespace {

[[noreturn]] void fail_type(const std::string& path, const Json& json, std::string_view expected) {
    fail(path, fmt::format("must be {}, not {} {}", expected, json.is_object() || json.is_array() ? "an" : "a",
                           json.type_name()));
}

}  // namespace

void put(Json& place, double value) { place = json_number(value); }
void put(Json& place, bool value) { place = value; }
void put(Json& place, std::int64_t value) { place = value; }
void put(Json& place, std::uint64_t value) { place = value; }
void put(Json& place, std::string_view value) { place = std::string(value); }

void become_array(Json& place) { place = Json::array(); }
void become_object(Json& place) { place = Json::object(); }
Json& add_element(Json& array) { return array.emplace_back(); }
Json& add_member(Json& object, std::string_view key) { return object[std::string(key)]; }

void fail(const std::string& path, const std::string& why) {
    throw ReportError((path.empty() ? "the file" : path) + " " + why);
}

void fail_unknown_name(const std::string& path, const std::string& text, const std::vector<std::string>& known) {
    fail(path, fmt::format("is '{}'; known are {}", text, fmt::join(known, ", ")));
}

void take(const Json& json, const std::string& path, double& value) {
    if (json.is_number())
        value = json.get<double>();
    else if (json == "nan")
        value = std::numeric_limits<double>::quiet_NaN();
    else if (json == "inf")
        value = std::numeric_limits<double>::infinity();
    else if (json == "-inf")
        value = -std::numeric_limits<double>::infinity();
    else
        fail_type(path, json, R"(a number, or "nan", "inf" or "-inf")");
}

void take(const Json& json, const std::string& path, bool& value) {
    if (!json.is_boolean()) fail_type(path, json, "true or false");
    value = json.get<bool>();
}

void take(const Json& json, const std::string& path, std::string& value) {
    if (!json.is_string()) fail_type(path, json, "a string");
    value = json.get<std::string>();
}

std::uint64_t take_integer(const Json& json, const std::string& path, std::int64_t least, std::uint64_t most) {
    if (!json.is_number_integer()) fail_type(path, json, "a whole number");
    // Beyond 2^63 only a number without sign goes.
    const auto bits = json.get<std::uint64_t>();
    const auto number = static_cast<std::int64_t>(bits);
    const bool negative = !json.is_number_unsigned() && number < 0;
    if (negative ? number < least : bits > most) fail(path, fmt::format("is {}, which is out of range", json.dump()));
    return bits;
}

std::vector<Part> elements(const Json& json, const std::string& path) {
    if (!json.is_array()) fail_type(path, json, "an array");
    std::vector<Part> parts;
    parts.reserve(json.size());
    for (const Json& element : json) parts.push_back({&element, fmt::format("{}[{}]", path, parts.size())});
    return parts;
}

std::map<std::string, Part> members(const Json& json, const std::string& path) {
    if (!json.is_object()) fail_type(path, json, "an object");
    std::map<std::string, Part> parts;
    for (const auto& item : json.items())
        parts.emplace(item.key(), Part{&item.value(), path.empty() ? item.key() : path + "." + item.key()});
    return parts;
}

FieldReader::FieldReader(const Json& object, const std::string& path) : path_(path), left_(members(object, path)) {
    // Of a whole file; new_document() writes them.
    if (path.empty())
        for (const char* key : {"format", "schema_version"}) left_.erase(key);
}

std::optional<Part> FieldReader::take_if_there(const std::string& key) {
    auto found = left_.extract(key);
    if (!found) return std::nullopt;
    return std::move(found.mapped());
}

Part FieldReader::take(const std::string& key) {
    auto part = take_if_there(key);
    if (!part) fail(path_.empty() ? key : path_ + "." + key, "is missing");
    return *std::move(part);
}

void FieldReader::finish() const {
    if (!left_.empty()) fail(left_.begin()->second.path, "is not a field of this schema");
}

std::string line_of_json(const std::function<void(Json&)>& write_into) {
    Json json;
    write_into(json);
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void read_line_of_json(std::string_view text, const std::function<void(const Json&)>& use) { use(parse_json(text)); }

}  // namespace stele::json_fields
