#include "backends/language.hpp"

#include <array>
#include <stdexcept>

namespace stele {
namespace {

constexpr bool native = true, from_text = true;

constexpr std::array table{
    LanguageInfo{Language::cuda, "cuda", "CUDA C++", ".cu", "cuda", native, !from_text},
    LanguageInfo{Language::ptx, "ptx", "PTX", ".ptx.cu", "cuda", native, !from_text},
    LanguageInfo{Language::opencl, "opencl", "OpenCL C", ".cl", "opencl", !native, from_text},
    LanguageInfo{Language::opencl_ptx, "opencl_ptx", "OpenCL C + PTX", ".ptx.cl", "opencl", !native, from_text},
    LanguageInfo{Language::vendor, "vendor", "vendor", "", "host", !native, !from_text},
    LanguageInfo{Language::host, "host", "host", "", "host", !native, !from_text},
};

}  // namespace

std::span<const LanguageInfo> all_languages() { return table; }

// A plain function is a test's kernel.
std::span<const LanguageInfo> language_columns() { return std::span(table).first(table.size() - 1); }

const LanguageInfo& info(Language language) {
    for (const LanguageInfo& row : table)
        if (row.language == language) return row;
    throw std::logic_error("a language that the table does not have");
}

std::optional<Language> parse_language(std::string_view text) {
    for (const LanguageInfo& row : table)
        if (row.name == text) return row.language;
    return std::nullopt;
}

}  // namespace stele
