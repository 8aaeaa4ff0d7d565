#include "harness/study/page/pages.hpp"
#include "harness/study/page/parity_part.hpp"
#include "harness/study/page/portability_words.hpp"
#include "harness/study/plots/cascade.hpp"

namespace stele {

Document portability_page(const PortabilityShown& shown, const PortabilityRules& rules) {
    Document document;
    document.add(Heading{"What each language reaches on each device, and how evenly"});
    if (std::string words = portability_words(shown.scopes); !words.empty())
        document.add(Paragraph{std::move(words), "Over devices:"});
    if (std::string words = parity_words(shown.parity); !words.empty())
        document.add(Paragraph{std::move(words), "How alike:"});
    const auto no_rows_of_cells = [](const auto&...) { return std::string(); };
    if (auto plot = plots::cascade(shown.scopes, no_rows_of_cells)) document.add(std::move(*plot));
    PortabilityShown rest = shown;
    rest.parity.clear();
    const Document tables = portability_document(rest, rules);
    for (const Document::Part& part : tables.parts()) std::visit([&](const auto& piece) { document.add(piece); }, part);
    if (!shown.parity.empty()) document.add(parity_part(shown.parity));
    return document;
}

}  // namespace stele
