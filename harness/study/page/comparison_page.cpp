#include "harness/study/page/pages.hpp"
#include "harness/study/page/parity_part.hpp"
#include "harness/study/plots/comparison_forest.hpp"

namespace stele {

Document comparison_page(const Comparison& comparison, const CompareRules& rules, const ComparisonShown& shown) {
    Document document;
    document.add(Heading{"Is one side slower?"});
    ComparisonShown whole = shown;
    whole.all = true;
    whole.parity.clear();
    const Document words = comparison_document(comparison, rules, whole);
    bool has_plot = false;
    for (const Document::Part& part : words.parts()) {
        // Summary and sides come first; the plot stands before the tables that it shows.
        const auto* table = std::get_if<Table>(&part);
        if (table && !table->columns.empty() && !has_plot) {
            has_plot = true;
            if (std::string alike = parity_words(shown.parity); !alike.empty())
                document.add(Paragraph{std::move(alike)});
            if (auto plot = plots::comparison_forest(comparison)) document.add(std::move(*plot));
        }
        std::visit([&](const auto& piece) { document.add(piece); }, part);
    }
    if (!shown.parity.empty()) document.add(parity_part(shown.parity));
    return document;
}

}  // namespace stele
