#include "harness/study/portability.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/study/portability_cells.hpp"

namespace stele {
namespace {

constexpr std::array all_kinds{EfficiencyOf::kernels, EfficiencyOf::libraries, EfficiencyOf::ceiling};

/// Of a scope, one drawing of all its times, or the estimates: by problem, as portability_cells() has them.
using Times = std::vector<std::vector<std::vector<double>>>;

/// The choice of a language that takes the least; null where it has none.
const TimedChoice* fastest(const AskedProblem& problem, std::span<const double> ns, Language language, double& least) {
    const TimedChoice* best = nullptr;
    least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < ns.size(); ++i) {
        if (problem.choices[i].language != language || ns[i] >= least) continue;
        best = &problem.choices[i];
        least = ns[i];
    }
    return best;
}

/// What the time of a language is held against; 0: not known.
double reference_ns(EfficiencyOf of, const AskedProblem& problem, std::span<const double> ns,
                    const TimedChoice& choice) {
    if (of == EfficiencyOf::ceiling) return choice.ceiling_ns.value_or(0);
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < ns.size(); ++i)
        if (of == EfficiencyOf::libraries || problem.choices[i].language != Language::vendor)
            least = std::min(least, ns[i]);
    return std::isfinite(least) ? least : 0;
}

/// One language in one scope, by one kind of efficiency.
struct EfficiencyQuestion {
    EfficiencyOf of;
    Language language;
};

/// By device: the harmonic mean over its problems, and where wanted what it is made of.
std::vector<std::optional<double>> efficiencies_of(const ScopeCells& cells, const Times& times,
                                                   const EfficiencyQuestion& asked,
                                                   std::vector<LanguageOnDevice>* told = nullptr) {
    std::vector<std::optional<double>> out(cells.devices.size());
    for (std::size_t device = 0; device < cells.devices.size(); ++device) {
        double inverses = 0, counted = 0;
        std::size_t place = 0;
        for (const auto& [text, problem] : cells.problems[device]) {
            const std::vector<double>& ns = times[device][place++];
            double own = 0;
            const TimedChoice* choice = fastest(problem, ns, asked.language, own);
            const double reference = choice == nullptr ? 0 : reference_ns(asked.of, problem, ns, *choice);
            if (told != nullptr && choice != nullptr) ++(*told)[device].taken;
            if (reference == 0) continue;
            inverses += own / reference;
            ++counted;
            if (told != nullptr) (*told)[device].cells.push_back({text, choice->variant, own, reference / own});
        }
        if (counted > 0) out[device] = counted / inverses;
    }
    return out;
}

Times times_of(const ScopeCells& cells, const auto& time) {
    Times times;
    for (const auto& problems : cells.problems) {
        auto& of_device = times.emplace_back();
        for (const auto& [text, problem] : problems) {
            auto& ns = of_device.emplace_back();
            for (const TimedChoice& choice : problem.choices) ns.push_back(time(choice));
        }
    }
    return times;
}

/// What is drawn again and again, and the value itself.
class Draws {
public:
    explicit Draws(std::optional<double> value) : value_(value) {}
    void add(std::optional<double> drawn) {
        if (drawn) drawn_.push_back(*drawn);
    }
    std::optional<Estimate> estimate(double confidence) {
        if (!value_) return std::nullopt;
        if (drawn_.empty()) return Estimate{*value_, {*value_, *value_, confidence}};
        std::ranges::sort(drawn_);
        const auto skip = static_cast<std::size_t>((1 - confidence) / 2 * static_cast<double>(drawn_.size()));
        return Estimate{*value_, {drawn_[skip], drawn_[drawn_.size() - 1 - skip], confidence}};
    }

private:
    std::optional<double> value_;
    std::vector<double> drawn_;
};

/// All figures of a question that have intervals.
struct Figures {
    std::vector<Draws> efficiencies;
    Draws pp, supported_mean, minimum;

    Figures(Efficiencies values, bool has_pp)
        : efficiencies(values.begin(), values.end()),
          pp(has_pp ? std::optional(performance_portability(values).pp) : std::nullopt),
          supported_mean(of_some(values, &PerformancePortability::supported_mean)),
          minimum(of_some(values, &PerformancePortability::minimum)) {}

    void add(Efficiencies values) {
        for (std::size_t i = 0; i < values.size(); ++i) efficiencies[i].add(values[i]);
        pp.add(performance_portability(values).pp);
        supported_mean.add(of_some(values, &PerformancePortability::supported_mean));
        minimum.add(of_some(values, &PerformancePortability::minimum));
    }

private:
    static std::optional<double> of_some(Efficiencies values, double PerformancePortability::* member) {
        const PerformancePortability all = performance_portability(values);
        return all.coverage > 0 ? std::optional(all.*member) : std::nullopt;
    }
};

/// Why a language has no efficiency on a device, and whether that is for want of support.
void explain_absence(const ScopeCells& cells, std::size_t device, const EfficiencyQuestion& asked,
                     LanguageOnDevice& out) {
    for (const auto& [text, problem] : cells.problems[device]) {
        const auto found = problem.asked.find(asked.language);
        if (found == problem.asked.end()) continue;
        ++out.asked;
        if (out.why_not.empty()) out.why_not = found->second;
    }
    if (!cells.spoken[device].contains(asked.language) && out.asked == 0) {
        out.supported = false;
        out.why_not = fmt::format("no runtime of this device speaks {}", name(asked.language));
    } else if (out.asked == 0) {
        out.why_not = "not measured";
    } else if (out.taken == 0) {
        out.supported = false;
    } else {
        out.why_not = out.cells.empty() ? "no ceiling is known that bounds it" : "";
    }
}

LanguagePortability answer(const ScopeCells& cells, const EfficiencyQuestion& asked, const Times& estimates,
                           std::span<const Times> drawn, double confidence) {
    LanguagePortability out;
    out.language = asked.language;
    out.devices.resize(cells.devices.size());
    const std::vector<std::optional<double>> values = efficiencies_of(cells, estimates, asked, &out.devices);
    for (std::size_t device = 0; device < values.size(); ++device) {
        LanguageOnDevice& own = out.devices[device];
        explain_absence(cells, device, asked, own);
        ++(values[device] ? out.supported : own.supported ? out.unknown : out.unsupported);
    }
    Figures figures(values, out.unknown == 0 || out.unsupported > 0);
    for (const Times& times : drawn) figures.add(efficiencies_of(cells, times, asked));
    for (std::size_t device = 0; device < values.size(); ++device)
        out.devices[device].efficiency = figures.efficiencies[device].estimate(confidence);
    out.pp = figures.pp.estimate(confidence);
    out.supported_mean = figures.supported_mean.estimate(confidence);
    out.minimum = figures.minimum.estimate(confidence);
    if (out.pp) out.cascade = cascade(values);
    return out;
}

/// The problems of all devices, and those that each of them has.
void count_problems(const ScopeCells& cells, ScopePortability& out) {
    std::map<std::string, std::size_t> devices;
    for (const auto& problems : cells.problems)
        for (const auto& [text, problem] : problems) ++devices[text];
    for (const auto& [text, count] : devices) {
        out.problems.push_back(text);
        out.common += count == cells.devices.size();
    }
}

std::set<Language> languages_of(const ScopeCells& cells) {
    std::set<Language> languages;
    for (const auto& problems : cells.problems)
        for (const auto& [text, problem] : problems)
            for (const TimedChoice& choice : problem.choices) languages.insert(choice.language);
    return languages;
}

void keep_common(ScopeCells& cells) {
    const auto all = cells.problems;
    for (auto& problems : cells.problems)
        std::erase_if(problems, [&](const auto& problem) {
            return std::ranges::any_of(all, [&](const auto& other) { return !other.contains(problem.first); });
        });
}

}  // namespace

std::string PortabilityScope::text() const {
    return fmt::format("{} {}, {} {} {}", operation, name(dtype), name(regime), name(cache), name(fill));
}

std::string PortabilityDevice::text() const {
    return fmt::format("{}{}{}", hardware, cpus.empty() ? "" : " on CPUs " + cpus,
                       cpu_quota > 0 ? fmt::format(" for {}", cpu_quota) : "");
}

std::vector<ScopePortability> portability_of(std::span<const Report> reports, const PortabilityRules& rules) {
    std::vector<ScopePortability> out;
    for (auto& [scope, cells] : portability_cells(reports)) {
        if (scope.operation == "ceiling") continue;  // what efficiencies are shares of
        ScopePortability one{scope, cells.devices, {}, 0, {}};
        if (rules.common_problems) keep_common(cells);
        count_problems(cells, one);
        if (one.problems.empty()) continue;
        const Times estimates = times_of(cells, [](const TimedChoice& choice) { return choice.ns; });
        SeededDraws draws(rules.seed);
        std::vector<Times> drawn;
        for (int i = 0; i < rules.resamples; ++i)
            drawn.push_back(times_of(cells, [&](const TimedChoice& choice) { return choice.draw_ns(draws); }));
        for (const EfficiencyOf of : all_kinds) {
            EfficiencyKind& kind = one.kinds.emplace_back(EfficiencyKind{of, {}});
            for (const Language language : languages_of(cells))
                if (of != EfficiencyOf::kernels || language != Language::vendor)
                    kind.languages.push_back(answer(cells, {of, language}, estimates, drawn, rules.confidence));
        }
        out.push_back(std::move(one));
    }
    return out;
}

}  // namespace stele
