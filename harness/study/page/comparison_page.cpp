#include "harness/study/page/pages.hpp"
#include "harness/study/plots/comparison_forest.hpp"

namespace stele {

Document comparison_page(const Comparison& comparison, const CompareRules& rules, const ComparisonShown& shown) {
    Document document;
    document.add(Heading{"Is one side slower?"});
    const Document words = comparison_document(comparison, rules, shown);
    bool has_plot = false;
    for (const Document::Part& part : words.parts()) {
        // Summary and sides come first; the plot stands before the tables that it shows.
        const auto* table = std::get_if<Table>(&part);
        if (table && !table->columns.empty() && !has_plot) {
            has_plot = true;
            if (auto plot = plots::comparison_forest(comparison)) document.add(std::move(*plot));
        }
        std::visit([&](const auto& piece) { document.add(piece); }, part);
    }
    return document;
}

}  // namespace stele
