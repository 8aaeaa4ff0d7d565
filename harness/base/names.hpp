// Enumerations read and listed by their names.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/record/measurement.hpp"

namespace stele {

/// The last enumerator, so that all of them can be counted through.
template <typename E>
inline constexpr E last_enumerator = E{};
template <>
inline constexpr Language last_enumerator<Language> = Language::vendor;
template <>
inline constexpr Dtype last_enumerator<Dtype> = Dtype::s8;
template <>
inline constexpr Fill last_enumerator<Fill> = Fill::zeros;
template <>
inline constexpr Outcome last_enumerator<Outcome> = Outcome::timeout;
template <>
inline constexpr Regime last_enumerator<Regime> = Regime::sustained;
template <>
inline constexpr CacheMode last_enumerator<CacheMode> = CacheMode::warm;

template <typename E>
std::vector<std::string> names_of() {
    std::vector<std::string> names;
    for (int i = 0; i <= static_cast<int>(last_enumerator<E>); ++i) names.emplace_back(name(static_cast<E>(i)));
    return names;
}

template <typename E>
std::optional<E> from_name(std::string_view text) {
    for (int i = 0; i <= static_cast<int>(last_enumerator<E>); ++i)
        if (name(static_cast<E>(i)) == text) return static_cast<E>(i);
    return std::nullopt;
}

}  // namespace stele
