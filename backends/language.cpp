#include "backends/language.hpp"

#include <stdexcept>

namespace stele {

// A plain function is a test's kernel.
std::span<const LanguageInfo> language_columns() {
    return std::span<const LanguageInfo>(language_rows).first(language_rows.size() - 1);
}

const LanguageInfo& info(Language language) {
    for (const LanguageInfo& row : language_rows)
        if (row.language == language) return row;
    throw std::logic_error("a language that the table does not have");
}

}  // namespace stele
