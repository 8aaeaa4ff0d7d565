// A value as JSON by itself, for those who build a document around it and so know nlohmann's templates.
#pragma once

#include <nlohmann/json.hpp>

#include "harness/base/json_fields.hpp"

namespace stele::json_fields {

template <typename T>
Json json_of(const T& value) {
    Json json;
    write(json, value);
    return json;
}

}  // namespace stele::json_fields
