#include "harness/study/plots/cascade.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/base/text.hpp"
#include "harness/study/plots/specification.hpp"
#include "harness/study/portability_tables.hpp"

namespace stele::plots {

namespace {

constexpr const char* cascade_text = R"json({
  "width": "container", "height": 320,
  "transform": [{"filter": "datum.of === chosen"}],
  "layer": [
    {"mark": {"type": "line", "strokeWidth": 2}, "transform": [{"filter": "datum.step"}],
     "encoding": {"y": {"field": "value"}}},
    {"mark": {"type": "line", "strokeWidth": 1.5, "strokeDash": [4, 3]}, "encoding": {"y": {"field": "pp"}}},
    {"mark": {"type": "rule", "strokeWidth": 2}, "transform": [{"filter": "isValid(datum.low)"}],
     "encoding": {"y": {"field": "low"}, "y2": {"field": "high"}}},
    {"mark": {"type": "point", "filled": true, "size": 90, "opacity": 1},
     "encoding": {
       "y": {"field": "value"}, "href": {"field": "link"},
       "tooltip": [{"field": "language"}, {"field": "device"}, {"field": "text", "title": "efficiency or PP"},
                   {"field": "interval", "title": "95 %"}, {"field": "weakest", "title": "weakest there"}]}},
    {"mark": {"type": "text", "dy": -13}, "encoding": {"y": {"field": "value"}, "text": {"field": "mark"}}}
  ],
  "encoding": {
    "x": {"field": "place", "type": "ordinal",
          "axis": {"title": "each language's devices, its best first; then PP", "labelAngle": 0, "grid": true}},
    "xOffset": {"field": "language"},
    "y": {"type": "quantitative", "scale": {"domain": [0, 1.08], "nice": false},
          "axis": {"title": "efficiency, and PP (dashed)", "values": [0, 0.2, 0.4, 0.6, 0.8, 1]}}
  }
})json";

constexpr const char* whole_place = "PP";

std::string share_text(double share) { return fmt::format("{:.3f}", share); }

std::string interval_of(const std::optional<Estimate>& estimate) {
    return estimate ? fmt::format("{:.3f}–{:.3f}", estimate->interval.low, estimate->interval.high) : "–";
}

/// "1st", "2nd"; a reader counts devices on one hand.
std::string place_text(std::size_t place) {
    constexpr std::array endings{"st", "nd", "rd"};
    const bool is_teen = place / 10 % 10 == 1;
    const std::size_t digit = place % 10;
    return fmt::format("{}{}", place, !is_teen && digit >= 1 && digit <= 3 ? endings[digit - 1] : "th");
}

/// Letters by which the marks name devices, the same in all scopes.
class DeviceLetters {
public:
    std::string of(const PortabilityDevice& device) {
        auto found = std::ranges::find(devices_, device);
        if (found == devices_.end()) found = devices_.insert(devices_.end(), device);
        return letter(static_cast<std::size_t>(found - devices_.begin()));
    }
    std::string note() const {
        std::string text;
        for (std::size_t i = 0; i < devices_.size(); ++i)
            text += fmt::format("{}{}: {}", i == 0 ? "" : "; ", letter(i), devices_[i].text());
        return text;
    }

private:
    static std::string letter(std::size_t index) {
        return index < 26 ? std::string(1, static_cast<char>('A' + index)) : std::to_string(index + 1);
    }
    std::vector<PortabilityDevice> devices_;
};

bool has_cascade(const LanguagePortability& language) {
    return language.supported > 0 && language.pp && !language.cascade.empty();
}

/// One scope by one kind of efficiency: what can be chosen.
struct Choice {
    const ScopePortability* scope;
    const EfficiencyKind* kind;
    std::size_t languages = 0;  ///< with a cascade

    std::string text() const { return fmt::format("{}: share of the {}", scope->scope.text(), title_of(kind->of)); }
};

/// Those with the most to see first; of equal ones libraries count among the fastest.
std::vector<Choice> choices_of(std::span<const ScopePortability> scopes) {
    std::vector<Choice> choices;
    for (const ScopePortability& scope : scopes) {
        if (scope.devices.size() < 2) continue;
        for (const EfficiencyKind& kind : scope.kinds)
            if (const auto languages = std::ranges::count_if(kind.languages, has_cascade); languages > 0)
                choices.push_back({&scope, &kind, static_cast<std::size_t>(languages)});
    }
    std::ranges::stable_sort(choices, std::greater{}, [](const Choice& choice) {
        const auto even = std::ranges::count_if(choice.kind->languages, [](const LanguagePortability& language) {
            return has_cascade(language) && language.pp->value > 0;
        });
        return std::tuple{even, choice.languages, choice.kind->of == EfficiencyOf::libraries,
                          choice.scope->problems.size()};
    });
    return choices;
}

/// The rows of the plot and of its table.
class Rows {
public:
    explicit Rows(const CellLink& cell_link) : cell_link_(cell_link) {
        table.title = "Languages over devices";
        table.columns = {{"share of", Align::left},   {"language", Align::left},    {"place", Align::left},
                         {"device", Align::left},     {"efficiency", Align::right}, {"95 %", Align::right},
                         {"PP so far", Align::right}, {"problems", Align::right},   {"weakest there", Align::left}};
    }

    void add(const Choice& choice, const LanguagePortability& language) {
        languages.insert(language.language);
        for (std::size_t i = 0; i < language.cascade.size(); ++i) add_step(choice, language, i);
        const std::string devices = fmt::format("all {}", language.devices.size());
        Json& row = start(choice, language, whole_place, devices);
        put(row, language.pp);
        row["pp"] = language.pp->value;
        row["mark"] = language.pp->value > 0 ? three_digits(language.pp->value) : "0";
        row["weakest"] = "–";
        row["link"] = link_to(table.rows.back().anchor);
        table.rows.back().cells.insert(table.rows.back().cells.end(),
                                       {"–", interval_of(language.pp), share_text(language.pp->value), "–", "–"});
    }

    Table table;
    Json json = Json::array();
    std::set<Language> languages;
    DeviceLetters letters;

private:
    Json& start(const Choice& choice, const LanguagePortability& language, const std::string& place,
                const std::string& device) {
        table.rows.push_back({{choice.text(), language_title(language.language), place, device},
                              {},
                              fmt::format("cascade-{}", table.rows.size() + 1)});
        return json.emplace_back(Json{{"of", choice.text()},
                                      {"language", language_title(language.language)},
                                      {"place", place},
                                      {"device", device}});
    }

    static void put(Json& row, const std::optional<Estimate>& estimate) {
        row["value"] = estimate ? estimate->value : 0;
        row["text"] = share_text(estimate ? estimate->value : 0);
        row["interval"] = interval_of(estimate);
        if (!estimate) return;
        row["low"] = estimate->interval.low;
        row["high"] = estimate->interval.high;
    }

    void add_step(const Choice& choice, const LanguagePortability& language, std::size_t number) {
        const CascadeStep& step = language.cascade[number];
        const PortabilityDevice& device = choice.scope->devices[step.device];
        const LanguageOnDevice& own = language.devices[step.device];
        Json& row = start(choice, language, place_text(number + 1), device.text());
        const auto weakest = std::ranges::min_element(own.cells, {}, &FastestCell::efficiency);
        const bool is_known = weakest != own.cells.end();
        put(row, own.efficiency);
        row["step"] = true;
        row["pp"] = step.pp;
        row["mark"] = letters.of(device);
        row["weakest"] =
            is_known ? fmt::format("{} ({}): {}", weakest->variant, weakest->problem, share_text(weakest->efficiency))
                     : own.why_not;
        const std::string cell = is_known ? cell_link_(choice.scope->scope, device, *weakest) : "";
        Row& shown = table.rows.back();
        row["link"] = link_to(cell.empty() ? shown.anchor : cell);
        shown.cells.insert(shown.cells.end(),
                           {share_text(step.efficiency), interval_of(own.efficiency), share_text(step.pp),
                            std::to_string(own.cells.size()), row["weakest"].get<std::string>()});
    }

    const CellLink& cell_link_;
};

}  // namespace

std::optional<Plot> cascade(std::span<const ScopePortability> scopes, const CellLink& cell_link) {
    const std::vector<Choice> choices = choices_of(scopes);
    if (choices.empty()) return std::nullopt;
    Rows rows(cell_link);
    Json options = Json::array(), places = Json::array();
    std::size_t most_devices = 0;
    for (const Choice& choice : choices) {
        options.push_back(choice.text());
        most_devices = std::max(most_devices, choice.scope->devices.size());
        for (const LanguagePortability& language : choice.kind->languages)
            if (has_cascade(language)) rows.add(choice, language);
    }
    for (std::size_t place = 1; place <= most_devices; ++place) places.push_back(place_text(place));
    places.push_back(whole_place);
    rows.table.notes = {
        "Each language's devices from its best to its worst. Efficiency: how much of the speed of the fastest on that "
        "device the language reaches there, over its problems (1 where nothing else was timed); 0 where it is not "
        "supported. Dashed: PP, the harmonic mean over the devices up to there, 0 from the first on that is not "
        "supported; at the right over all, with its 95 % interval. A level line at the top is a language that costs "
        "nothing anywhere.",
        rows.letters.note()};
    Json whole = specification(cascade_text);
    whole["encoding"]["x"]["sort"] = std::move(places);
    whole["encoding"]["color"] = language_colour(rows.languages);
    whole["layer"][3]["encoding"]["shape"] = language_shape(rows.languages);
    Json chosen{{"name", "chosen"}, {"value", options.front()}};
    if (options.size() > 1)
        chosen["bind"] = {{"input", "select"}, {"name", "share: "}, {"options", std::move(options)}};
    whole["params"] = Json::array({std::move(chosen)});
    return plot_of(std::move(rows.table), std::move(whole), std::move(rows.json));
}

}  // namespace stele::plots
