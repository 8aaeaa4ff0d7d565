#include "harness/record/measurement.hpp"

#include <algorithm>
#include <array>

namespace stele {
namespace {

template <typename E, std::size_t n>
using Names = std::array<std::pair<E, std::string_view>, n>;

constexpr Names<Outcome, 6> outcomes{{{Outcome::passed, "passed"},
                                      {Outcome::wrong, "wrong"},
                                      {Outcome::impossible, "impossible"},
                                      {Outcome::skipped, "skipped"},
                                      {Outcome::error, "error"},
                                      {Outcome::timeout, "timeout"}}};
constexpr Names<Regime, 2> regimes{{{Regime::burst, "burst"}, {Regime::sustained, "sustained"}}};
constexpr Names<CacheMode, 2> cache_modes{{{CacheMode::cold, "cold"}, {CacheMode::warm, "warm"}}};

template <typename E, std::size_t n>
std::string_view name_in(const Names<E, n>& names, E value) {
    const auto found = std::find_if(names.begin(), names.end(), [&](const auto& row) { return row.first == value; });
    return found == names.end() ? std::string_view("unknown") : found->second;
}

template <typename E, std::size_t n>
std::optional<E> parse_in(const Names<E, n>& names, std::string_view text) {
    const auto found = std::find_if(names.begin(), names.end(), [&](const auto& row) { return row.second == text; });
    if (found == names.end()) return std::nullopt;
    return found->first;
}

}  // namespace

std::string_view name(Outcome outcome) { return name_in(outcomes, outcome); }
std::optional<Outcome> parse_outcome(std::string_view text) { return parse_in(outcomes, text); }
bool is_failure(Outcome outcome) { return outcome != Outcome::passed && outcome != Outcome::skipped; }

std::string_view name(Regime regime) { return name_in(regimes, regime); }
std::optional<Regime> parse_regime(std::string_view text) { return parse_in(regimes, text); }
std::string_view name(CacheMode cache) { return name_in(cache_modes, cache); }
std::optional<CacheMode> parse_cache_mode(std::string_view text) { return parse_in(cache_modes, text); }

bool Report::any_failure() const {
    return std::any_of(measurements.begin(), measurements.end(),
                       [](const Measurement& m) { return is_failure(m.verdict.outcome); });
}

bool Report::any_passed() const {
    return std::any_of(measurements.begin(), measurements.end(),
                       [](const Measurement& m) { return m.verdict.outcome == Outcome::passed; });
}

}  // namespace stele
