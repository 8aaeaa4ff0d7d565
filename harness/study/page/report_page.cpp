#include "harness/study/page/page_cells.hpp"
#include "harness/study/page/pages.hpp"
#include "harness/study/page/report_words.hpp"
#include "harness/study/plots/report_plots.hpp"

namespace stele {

namespace {

void add_where_any(Document& document, std::optional<Plot> plot) {
    if (plot) document.add(std::move(*plot));
}

void add_where_any(Document& document, Table table) {
    if (!table.rows.empty()) document.add(std::move(table));
}

}  // namespace

Document report_page(std::span<const NamedReport> reports) {
    const std::vector<Report> plain = plain_reports(reports);
    const PageCells cells(plain);
    const std::vector<std::string> hardware = cells.hardware();
    Document document;
    document.add(Heading{page_title(cells)});
    for (std::string& words : report_words(cells)) document.add(Paragraph{std::move(words)});
    add_where_any(document, winners_table(cells));
    for (const std::string& on : hardware) {
        add_where_any(document, plots::heat_map(cells, on));
        add_where_any(document, plots::language_forest(cells, on));
        for (const std::string& operation : cells.operations())
            if (operation != "ceiling") add_where_any(document, plots::ladder(cells, operation, on));
        add_where_any(document, plots::roofline(cells, on));
    }
    add_where_any(document, wrong_cells_table(cells));
    add_where_any(document, cells_table(cells));
    add_where_any(document, not_run_table(cells));
    Table header = report_header(reports);
    header.title = "How it was measured";
    document.add(std::move(header));
    return document;
}

}  // namespace stele
