// Values as JSON and back, by the fields that visit_fields() lists for their types. Strict: what is unknown, missing or
// of another type is a ReportError that names its path.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "backends/names.hpp"
#include "harness/base/json_document.hpp"

namespace stele::json_fields {

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

[[noreturn]] inline void fail(const std::string& path, const std::string& why) {
    throw ReportError((path.empty() ? "the file" : path) + " " + why);
}

[[noreturn]] inline void fail_type(const std::string& path, const Json& json, std::string_view expected) {
    fail(path, fmt::format("must be {}, not {} {}", expected, json.is_object() || json.is_array() ? "an" : "a",
                           json.type_name()));
}

inline double read_double(const Json& json, const std::string& path) {
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

}  // namespace stele::json_fields
