// The languages that a kernel can be written in: one table, which ids, titles, file names and devices are asked by.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace stele {

enum class Language { cuda, ptx, opencl, opencl_ptx, host, vendor };

struct LanguageInfo {
    Language language;
    std::string_view name;     ///< in ids and reports: "opencl_ptx"
    std::string_view title;    ///< of a column: "OpenCL C + PTX"
    std::string_view suffix;   ///< of a kernel's file: ".ptx.cl"; empty where there is none
    std::string_view runtime;  ///< the backend that it is at home on
    bool native;               ///< kernels are compiled into the binary
    bool from_text;            ///< kernels are compiled at run time, so that any legal tile can be had
};

std::span<const LanguageInfo> all_languages();
/// Those that kernels of the suite are written in, in the order of a table's columns, and the vendors'.
std::span<const LanguageInfo> language_columns();
const LanguageInfo& info(Language language);

inline std::string_view name(Language language) { return info(language).name; }
inline bool is_native(Language language) { return info(language).native; }
inline bool is_from_text(Language language) { return info(language).from_text; }
std::optional<Language> parse_language(std::string_view text);

}  // namespace stele
