#include <cmath>

#include "harness/study/page/page_cells.hpp"
#include "harness/study/page/pages.hpp"
#include "harness/study/page/parity_part.hpp"
#include "harness/study/page/portability_words.hpp"
#include "harness/study/page/report_words.hpp"
#include "harness/study/plots/cascade.hpp"
#include "harness/study/plots/report_plots.hpp"

namespace stele {

namespace {

void add_where_any(Document& document, std::optional<Plot> plot) {
    if (plot) document.add(std::move(*plot));
}

void add_where_any(Document& document, Table table) {
    if (!table.rows.empty()) document.add(std::move(table));
}

/// Of the fastest row of a cell that efficiencies are made of; empty where it was right and too slow to be timed.
std::string anchor_of(const PageCells& cells, const PortabilityScope& scope, const std::string& hardware,
                      const FastestCell& wanted) {
    std::string anchor;
    double least = INFINITY;
    for (std::size_t p = 0; p < cells.problems.size(); ++p) {
        const ProblemSides& problem = cells.problems[p];
        if (problem.operation != scope.operation || problem.problem != wanted.problem || problem.hardware != hardware ||
            problem.regime != scope.regime || problem.cache != scope.cache || problem.fill != scope.fill)
            continue;
        for (std::size_t c = 0; c < problem.cells.size(); ++c) {
            const CellSide& cell = problem.cells[c];
            if (cell.timing() == nullptr || cell.variant != wanted.variant || cell.timing()->median_ns >= least)
                continue;
            least = cell.timing()->median_ns;
            anchor = cell_anchor(p, c);
        }
    }
    return anchor;
}

}  // namespace

Document report_page(std::span<const NamedReport> reports) {
    const std::vector<Report> plain = plain_reports(reports);
    const PageCells cells(plain);
    const std::vector<std::string> hardware = cells.hardware();
    Document document;
    document.add(Heading{page_title(cells)});
    for (Paragraph& words : report_words(cells)) document.add(std::move(words));
    std::vector<ScopePortability> scopes;
    if (hardware.size() > 1) scopes = portability_of(plain, {});
    const std::vector<SiblingParity> parity = parity_of_languages(sides_by(By::language, plain));
    if (std::string words = portability_words(scopes); !words.empty())
        document.add(Paragraph{std::move(words), "Over devices:"});
    if (std::string words = parity_words(parity); !words.empty())
        document.add(Paragraph{std::move(words), "How alike:"});
    add_where_any(document, winners_table(cells));
    add_where_any(document, plots::cascade(scopes, [&](const PortabilityScope& scope, const PortabilityDevice& device,
                                                       const FastestCell& cell) {
                      return anchor_of(cells, scope, device.hardware, cell);
                  }));
    for (const std::string& on : hardware) {
        add_where_any(document, plots::heat_map(cells, on));
        add_where_any(document, plots::language_forest(cells, on));
        for (const std::string& operation : cells.operations())
            if (operation != "ceiling") add_where_any(document, plots::ladder(cells, operation, on));
        add_where_any(document, plots::roofline(cells, on));
    }
    add_where_any(document, wrong_cells_table(cells));
    add_where_any(document, parity_part(parity));
    add_where_any(document, cells_table(cells));
    add_where_any(document, not_run_table(cells));
    Table header = report_header(reports);
    header.title = "How it was measured";
    document.add(std::move(header));
    return document;
}

}  // namespace stele
