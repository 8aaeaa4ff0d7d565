#include "harness/study/history_tables.hpp"
#include "harness/study/page/pages.hpp"
#include "harness/study/plots/course.hpp"

namespace stele {

Document history_page(const History& history, std::span<const NamedReport> reports, const std::string& change_points) {
    Document document;
    document.add(Heading{"What each cell took, from the oldest report to the newest"});
    for (HistoryTable& part : history_parts(history, reports, change_points)) {
        std::optional<Plot> plot;
        if (part.course) plot = plots::course(part, reports);
        if (plot)
            document.add(std::move(*plot));
        else
            document.add(std::move(part.table));
    }
    return document;
}

}  // namespace stele
