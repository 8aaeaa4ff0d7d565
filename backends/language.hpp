// The languages that a kernel can be written in: one table, which ids, titles, file names and devices are asked by.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "backends/names.hpp"

namespace stele {

enum class Language { cuda, ptx, cuda_tile, opencl, opencl_ptx, vendor, host };

struct LanguageInfo {
    Language language;
    std::string_view name;     ///< in ids and reports: "opencl_ptx"
    std::string_view title;    ///< of a column: "OpenCL C + PTX"
    std::string_view suffix;   ///< of a kernel's file: ".ptx.cl"; empty where there is none
    std::string_view runtime;  ///< the backend that it is at home on
    bool native;               ///< kernels are compiled into the binary
    bool from_text;            ///< kernels are compiled at run time, so that any legal tile can be had
};

namespace language_detail {
constexpr bool native = true, from_text = true;
}
/// In the order of the enumerators.
inline constexpr std::array language_rows{
    LanguageInfo{Language::cuda, "cuda", "CUDA C++", ".cu", "cuda", language_detail::native,
                 !language_detail::from_text},
    LanguageInfo{Language::ptx, "ptx", "PTX", ".ptx.cu", "cuda", language_detail::native, !language_detail::from_text},
    LanguageInfo{Language::cuda_tile, "cuda_tile", "CUDA Tile C++", ".tile.cu", "cuda", language_detail::native,
                 !language_detail::from_text},
    LanguageInfo{Language::opencl, "opencl", "OpenCL C", ".cl", "opencl", !language_detail::native,
                 language_detail::from_text},
    LanguageInfo{Language::opencl_ptx, "opencl_ptx", "OpenCL C + PTX", ".ptx.cl", "opencl", !language_detail::native,
                 language_detail::from_text},
    LanguageInfo{Language::vendor, "vendor", "vendor", "", "host", !language_detail::native,
                 !language_detail::from_text},
    LanguageInfo{Language::host, "host", "host", "", "host", !language_detail::native, !language_detail::from_text},
};

constexpr auto name_list(Language) {
    std::array<Named<Language>, language_rows.size()> rows{};
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = {language_rows[i].language, language_rows[i].name};
    return rows;
}

/// Those that kernels of the suite are written in, in the order of a table's columns, and the vendors'.
std::span<const LanguageInfo> language_columns();
const LanguageInfo& info(Language language);

inline bool is_native(Language language) { return info(language).native; }
inline bool is_from_text(Language language) { return info(language).from_text; }

}  // namespace stele
