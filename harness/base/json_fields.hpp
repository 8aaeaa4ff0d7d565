// Values as JSON and back, by the fields that visit_fields() lists for their types. Strict: what is unknown, missing or
// of another type is a ReportError that names its path.
//
// JSON is only named here: json_fields.cpp alone instantiates nlohmann's templates, which cost a compiler more than all
// that is written with them.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
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

void put(Json& place, double value);
void put(Json& place, bool value);
void put(Json& place, std::int64_t value);
void put(Json& place, std::uint64_t value);
void put(Json& place, std::string_view value);
void become_array(Json& place);
void become_object(Json& place);
/// A new place at an array's end, or a member of an object; it stays until the next one is added.
Json& add_element(Json& array);
Json& add_member(Json& object, std::string_view key);

template <typename T>
void write_fields(Json& object, const T& value);

template <typename T>
void write(Json& place, const T& value) {
    if constexpr (std::is_same_v<T, double> || std::is_same_v<T, bool> || std::is_same_v<T, std::string>) {
        put(place, value);
    } else if constexpr (std::signed_integral<T>) {
        put(place, std::int64_t{value});
    } else if constexpr (std::unsigned_integral<T>) {
        put(place, std::uint64_t{value});
    } else if constexpr (std::is_enum_v<T>) {
        put(place, name(value));
    } else if constexpr (is_vector<T>) {
        become_array(place);
        for (const auto& element : value) write(add_element(place), element);
    } else if constexpr (is_map<T>) {
        become_object(place);
        for (const auto& [key, element] : value) write(add_member(place, key), element);
    } else {
        become_object(place);
        write_fields(place, value);
    }
}

/// A visitor of fields is one class for all types of values, so that it is instantiated once for a type of field.
struct FieldWriter {
    Json& object;

    template <typename Field>
    void operator()(const char* key, const Field& field) {
        if constexpr (is_optional<Field>) {
            if (field) write(add_member(object, key), *field);
        } else {
            write(add_member(object, key), field);
        }
    }
};

/// Adds a value's fields to an object that may have some.
template <typename T>
void write_fields(Json& object, const T& value) {
    FieldWriter write_field{object};
    visit_fields(write_field, value);
}

[[noreturn]] void fail(const std::string& path, const std::string& why);
[[noreturn]] void fail_unknown_name(const std::string& path, const std::string& text,
                                    const std::vector<std::string>& known);

void take(const Json& json, const std::string& path, double& value);
void take(const Json& json, const std::string& path, bool& value);
void take(const Json& json, const std::string& path, std::string& value);
/// A whole number from `least` to `most`; a negative one as its two's complement.
std::uint64_t take_integer(const Json& json, const std::string& path, std::int64_t least, std::uint64_t most);

/// A value and its path.
struct Part {
    const Json* json;
    std::string path;
};
std::vector<Part> elements(const Json& json, const std::string& path);
std::map<std::string, Part> members(const Json& json, const std::string& path);

template <typename T>
void read(const Json& json, const std::string& path, T& value);

/// Reads an object's fields, each once.
class FieldReader {
public:
    FieldReader(const Json& object, const std::string& path);

    template <typename Field>
    void operator()(const char* key, Field& field) {
        if constexpr (is_optional<Field>) {
            if (const auto part = take_if_there(key)) read(*part->json, part->path, field.emplace());
        } else {
            const Part part = take(key);
            read(*part.json, part.path, field);
        }
    }
    /// Fails if a field was not taken.
    void finish() const;

private:
    std::optional<Part> take_if_there(const std::string& key);
    Part take(const std::string& key);

    std::string path_;
    std::map<std::string, Part> left_;
};

template <typename T>
void read(const Json& json, const std::string& path, T& value) {
    if constexpr (std::is_same_v<T, double> || std::is_same_v<T, bool> || std::is_same_v<T, std::string>) {
        take(json, path, value);
    } else if constexpr (std::is_integral_v<T>) {
        value = static_cast<T>(take_integer(json, path, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
    } else if constexpr (std::is_enum_v<T>) {
        std::string text;
        take(json, path, text);
        const auto known = from_name<T>(text);
        if (!known) fail_unknown_name(path, text, names_of<T>());
        value = *known;
    } else if constexpr (is_vector<T>) {
        value.clear();
        for (const Part& part : elements(json, path)) read(*part.json, part.path, value.emplace_back());
    } else if constexpr (is_map<T>) {
        for (const auto& [key, part] : members(json, path)) read(*part.json, part.path, value[key]);
    } else {
        FieldReader read_field(json, path);
        visit_fields(read_field, value);
        read_field.finish();
    }
}

/// JSON on one line; what is no UTF-8, as a driver's message may have, is replaced.
std::string line_of_json(const std::function<void(Json&)>& write_into);
/// Throws BadInput where the text is no JSON.
void read_line_of_json(std::string_view text, const std::function<void(const Json&)>& use);

template <typename T>
std::string line_of(const T& value) {
    return line_of_json([&](Json& place) { write(place, value); });
}

template <typename T>
T from_line(std::string_view text) {
    T value;
    read_line_of_json(text, [&](const Json& json) { read(json, "", value); });
    return value;
}

}  // namespace stele::json_fields
