#include <fmt/format.h>

#include <algorithm>

#include "harness/study/page/pages.hpp"
#include "harness/study/page/parity_part.hpp"
#include "harness/study/plots/comparison_forest.hpp"

namespace stele {

namespace {

std::string how_sure(const Comparison& comparison) {
    const auto single =
        std::ranges::count_if(comparison.cells, [](const CellComparison& cell) { return cell.effect.pairs < 2; });
    std::string text = fmt::format(
        "A difference counts where the 95 % interval over pairs of processes leaves 1 out, and the ratio is beyond the "
        "margin ({:.3g} % at most), within which it matters to nobody. Of {} cells {} have up to {} pairs",
        100 * comparison.most_margin(), comparison.cells.size(), comparison.cells.size() - single,
        comparison.most_pairs());
    if (single > 0)
        text += fmt::format(
            "; {} have a single one, of which nothing is sure whatever the ratio (stele bench --rounds makes more)",
            single);
    return text + ".";
}

}  // namespace

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
            if (!comparison.cells.empty()) {
                document.add(
                    Paragraph{"A cell is a kernel on a problem, timed on both sides under equal conditions. "
                              "Its ratio is the other side's time ÷ the base's: above 1 the other is slower.",
                              "What is compared:"});
                document.add(Paragraph{how_sure(comparison), "How sure:"});
            }
            if (std::string alike = parity_words(shown.parity); !alike.empty())
                document.add(Paragraph{std::move(alike), "How alike:"});
            if (auto plot = plots::comparison_forest(comparison)) document.add(std::move(*plot));
        }
        std::visit([&](const auto& piece) { document.add(piece); }, part);
    }
    if (!shown.parity.empty()) document.add(parity_part(shown.parity));
    return document;
}

}  // namespace stele
