#include "harness/study/portability_tables.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/base/text.hpp"

namespace stele {
namespace {

constexpr std::string_view absent_text = "–";

std::string share_text(double share) { return fmt::format("{:.3f}", share); }

std::string value_text(const std::optional<Estimate>& estimate) {
    return estimate ? share_text(estimate->value) : std::string(absent_text);
}

std::string bounds_text(const std::optional<Estimate>& estimate) {
    return estimate ? fmt::format("{:.3f}–{:.3f}", estimate->interval.low, estimate->interval.high)
                    : std::string(absent_text);
}

bool says_anything(const LanguagePortability& language) { return language.supported > 0; }

Table scores_table(const ScopePortability& scope) {
    Table table;
    table.title = fmt::format("{}: performance portability over {} devices", scope.scope.text(), scope.devices.size());
    table.columns = {{"language", Align::left}, {"share of", Align::left}, {"PP", Align::right},
                     {"95 %", Align::right},    {"mean", Align::right},    {"95 %", Align::right},
                     {"least", Align::right},   {"95 %", Align::right},    {"devices", Align::right}};
    for (const EfficiencyKind& kind : scope.kinds)
        for (const LanguagePortability& language : kind.languages) {
            if (!says_anything(language)) continue;
            table.rows.push_back(
                {{std::string(name(language.language)), std::string(title_of(kind.of)), value_text(language.pp),
                  bounds_text(language.pp), value_text(language.supported_mean), bounds_text(language.supported_mean),
                  value_text(language.minimum), bounds_text(language.minimum),
                  fmt::format("{} of {}{}", language.supported, language.devices.size(),
                              language.unknown > 0 ? fmt::format(", {} unknown", language.unknown) : "")},
                 {}});
        }
    for (std::size_t i = 0; i < scope.devices.size(); ++i)
        table.notes.push_back(fmt::format("device {}: {}", i + 1, scope.devices[i].text()));
    table.notes.push_back(
        fmt::format("{} problems, of which {} were measured on every device", scope.problems.size(), scope.common));
    return table;
}

/// A language's answers of each kind on one device.
std::vector<const LanguageOnDevice*> answers_of(const ScopePortability& scope, Language language, std::size_t device) {
    std::vector<const LanguageOnDevice*> out;
    for (const EfficiencyKind& kind : scope.kinds) {
        const auto found = std::ranges::find(kind.languages, language, &LanguagePortability::language);
        out.push_back(found == kind.languages.end() ? nullptr : &found->devices[device]);
    }
    return out;
}

std::vector<Language> languages_in(const ScopePortability& scope) {
    std::vector<Language> languages;
    for (const EfficiencyKind& kind : scope.kinds)
        for (const LanguagePortability& language : kind.languages)
            if (std::ranges::find(languages, language.language) == languages.end())
                languages.push_back(language.language);
    std::ranges::sort(languages);
    return languages;
}

Table device_table(const ScopePortability& scope, std::size_t device) {
    Table table;
    table.title = fmt::format("{}: efficiency on {}", scope.scope.text(), scope.devices[device].text());
    table.columns = {{"language", Align::left}, {"problems", Align::right}};
    for (const EfficiencyKind& kind : scope.kinds)
        table.columns.insert(table.columns.end(),
                             {{std::string(title_of(kind.of)), Align::right}, {"95 %", Align::right}});
    for (const Language language : languages_in(scope)) {
        const auto answers = answers_of(scope, language, device);
        const auto told = std::ranges::find_if(answers, [](const auto* answer) { return answer != nullptr; });
        const LanguageOnDevice& first = **told;
        Row& row = table.rows.emplace_back(Row{{std::string(name(language))}, {}});
        row.cells.push_back(fmt::format("{} of {}", first.taken, first.asked));
        if (first.taken == 0) {
            row.message = fmt::format("{}{}", first.supported ? "" : "unsupported: ", first.why_not);
            continue;
        }
        for (const LanguageOnDevice* answer : answers) {
            const std::optional<Estimate> none, &own = answer == nullptr ? none : answer->efficiency;
            row.cells.insert(row.cells.end(), {value_text(own), bounds_text(own)});
        }
    }
    return table;
}

Table cascade_table(const ScopePortability& scope) {
    Table table;
    table.title = fmt::format("{}: cascade, best device first, with PP over those up to it", scope.scope.text());
    table.columns = {{"language", Align::left}, {"share of", Align::left}, {"device: efficiency, PP", Align::left}};
    for (const EfficiencyKind& kind : scope.kinds)
        for (const LanguagePortability& language : kind.languages) {
            if (language.cascade.empty() || !says_anything(language)) continue;
            std::vector<std::string> steps;
            for (const CascadeStep& step : language.cascade)
                steps.push_back(
                    fmt::format("{}: {}, {}", step.device + 1, share_text(step.efficiency), share_text(step.pp)));
            table.rows.push_back({{std::string(name(language.language)), std::string(title_of(kind.of))},
                                  fmt::format("{}", fmt::join(steps, "; "))});
        }
    return table;
}

Table problems_table(const ScopePortability& scope, std::size_t device) {
    Table table;
    table.title = fmt::format("{}: problems on {}", scope.scope.text(), scope.devices[device].text());
    table.columns = {{"problem", Align::left}, {"language", Align::left}, {"time", Align::right}};
    for (const EfficiencyKind& kind : scope.kinds)
        table.columns.push_back({std::string(title_of(kind.of)), Align::right});
    table.columns.push_back({"its fastest", Align::left});
    for (const std::string& problem : scope.problems)
        for (const Language language : languages_in(scope)) {
            Row row{{problem, std::string(name(language)), {}}, {}};
            for (const LanguageOnDevice* answer : answers_of(scope, language, device)) {
                const FastestCell* cell = nullptr;
                if (answer != nullptr)
                    if (const auto found = std::ranges::find(answer->cells, problem, &FastestCell::problem);
                        found != answer->cells.end())
                        cell = &*found;
                row.cells.push_back(cell == nullptr ? std::string(absent_text) : share_text(cell->efficiency));
                if (cell == nullptr) continue;
                row.cells[2] = time_text(cell->ns);
                row.message = cell->variant;
            }
            if (!row.message.empty()) table.rows.push_back(std::move(row));
        }
    return table;
}

Table divergence_table(const CodeDivergence& divergence) {
    Table table;
    table.title = fmt::format("{}: code divergence {:.3f}", divergence.operation, divergence.mean);
    table.columns = {{"language", Align::left},
                     {"beside", Align::left},
                     {"distance", Align::right},
                     {"algorithms of both", Align::right},
                     {"distance of these", Align::right}};
    for (const LanguageDistance& pair : divergence.pairs)
        table.rows.push_back(
            {{std::string(name(pair.first)), std::string(name(pair.second)), share_text(pair.distance),
              std::to_string(pair.both), pair.of_both ? share_text(*pair.of_both) : std::string(absent_text)},
             {}});
    for (const LanguageSources& language : divergence.languages)
        table.notes.push_back(fmt::format("{}: {} lines of code, in files: {}", name(language.language), language.lines,
                                          language.files.size()));
    table.notes.emplace_back(
        "distance: Jaccard's, of the kernels' lines of code, 0 the same, 1 none in common; divergence: its mean");
    return table;
}

Table reading_table(const PortabilityShown& shown, const PortabilityRules& rules) {
    Table table;
    table.title = "How to read this";
    table.notes = shown.reports;
    table.notes.emplace_back(
        "efficiency: the time of the fastest, or at the ceilings, ÷ the language's own fastest time, as the harmonic "
        "mean over the problems that it takes; its algorithms and tiles are what it has there, so this is what a "
        "language reaches; of one algorithm, by --variants, it is what the language costs");
    table.notes.emplace_back(
        "PP: the harmonic mean over all devices, 0 where one is unsupported; mean: over those that are supported");
    table.notes.push_back(fmt::format(
        "95 %: percentile intervals of {} resamples of each cell's rounds and samples, from which all is made anew; a "
        "report of one process has in them what differs between samples, and not between processes",
        rules.resamples));
    if (!shown.no_divergence.empty()) table.notes.push_back("no code divergence: " + shown.no_divergence);
    return table;
}

}  // namespace

std::string_view title_of(EfficiencyOf of) {
    switch (of) {
        case EfficiencyOf::kernels:
            return "fastest kernel";
        case EfficiencyOf::libraries:
            return "fastest, libraries too";
        case EfficiencyOf::ceiling:
            return "measured ceiling";
    }
    return {};
}

Document portability_document(const PortabilityShown& shown, const PortabilityRules& rules) {
    Document document;
    document.add(reading_table(shown, rules));
    for (const ScopePortability& scope : shown.scopes) {
        if (scope.devices.size() > 1) {
            document.add(scores_table(scope));
            document.add(cascade_table(scope));
        }
        for (std::size_t device = 0; device < scope.devices.size(); ++device) {
            document.add(device_table(scope, device));
            if (shown.all) document.add(problems_table(scope, device));
        }
    }
    if (!shown.parity.empty()) document.add(parity_table(shown.parity));
    for (const CodeDivergence& divergence : shown.divergence) document.add(divergence_table(divergence));
    return document;
}

}  // namespace stele
