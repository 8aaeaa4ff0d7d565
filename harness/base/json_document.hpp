// Files of JSON, all in one manner: their first fields say what they are (`format`) and in which version
// (`schema_version`).
//
// Numbers that JSON cannot hold are the strings "nan", "inf" and "-inf".
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "harness/base/error.hpp"

namespace stele {

/// A file that cannot be read: `what()` says which and where in it.
class ReportError : public BadInput {
public:
    using BadInput::BadInput;
};

/// What a kind of file says of itself.
struct DocumentKind {
    std::string_view title;  ///< "report", for messages
    std::string_view format;
    int version = 1;
    int oldest = version;  ///< that is still read
};

/// An object with `format` and `schema_version`, for the rest to follow.
nlohmann::ordered_json new_document(const DocumentKind& kind);

/// Throws ReportError if the text is not JSON, or not of that kind. Who reads older versions looks at `schema_version`;
/// the oldest of some files have their format under another name than `format_field`.
nlohmann::ordered_json parse_document(std::string_view text, const DocumentKind& kind,
                                      std::string_view format_field = "format");

/// A whole file. Throws ReportError, which names it.
std::string read_text(const std::filesystem::path& path);

/// JSON with arrays of plain values on one line, ended by a newline. Throws std::logic_error for a number that is not
/// finite.
std::string dump(const nlohmann::ordered_json& json);

/// A double as JSON: a number, or "nan", "inf", "-inf".
nlohmann::ordered_json json_number(double value);

}  // namespace stele
