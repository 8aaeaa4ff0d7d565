// Names of enumerations: each has one list, beside its enumerators, by which it is written, read and counted through.
//
//     enum class Fill { normal, zeros };
//     constexpr auto name_list(Fill) { return name_rows<Fill>({{Fill::normal, "normal"}, {Fill::zeros, "zeros"}}); }
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stele {

template <typename E>
struct Named {
    E value;
    std::string_view name;
};

template <typename E, std::size_t n>
constexpr std::array<Named<E>, n> name_rows(const Named<E> (&rows)[n]) {
    return std::to_array(rows);
}

template <typename E>
concept NamedEnumeration = requires { name_list(E{}); };

namespace names_detail {

#if defined(__GNUC__) && !defined(__CUDACC__)
/// A compiler writes an enumerator by its name, and any other value as a cast of a number.
template <auto value>
constexpr bool is_enumerator() {
    constexpr std::string_view text = __PRETTY_FUNCTION__;
    constexpr std::size_t at = text.find("value = ") + std::string_view("value = ").size();
    return text[at] != '(' && (text[at] < '0' || text[at] > '9');
}
#endif

/// Each enumerator once, in their order, and none forgotten after the last.
template <NamedEnumeration E>
constexpr bool is_whole() {
    constexpr auto rows = name_list(E{});
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (static_cast<std::size_t>(rows[i].value) != i) return false;
#if defined(__GNUC__) && !defined(__CUDACC__)
    return !is_enumerator<static_cast<E>(rows.size())>();
#else
    return true;
#endif
}

template <NamedEnumeration E>
inline constexpr auto rows = name_list(E{});

}  // namespace names_detail

/// All values of an enumeration with their names, in the order of the enumerators.
template <NamedEnumeration E>
constexpr const auto& named_values() {
    static_assert(names_detail::is_whole<E>(),
                  "an enumerator has no name in name_list(), or they are in another order");
    return names_detail::rows<E>;
}

template <NamedEnumeration E>
constexpr std::string_view name(E value) {
    const auto& rows = named_values<E>();
    const auto index = static_cast<std::size_t>(value);
    return index < rows.size() ? rows[index].name : std::string_view("unknown");
}

template <NamedEnumeration E>
constexpr std::optional<E> from_name(std::string_view text) {
    for (const Named<E>& row : named_values<E>())
        if (row.name == text) return row.value;
    return std::nullopt;
}

template <NamedEnumeration E>
std::vector<std::string> names_of() {
    std::vector<std::string> out;
    for (const Named<E>& row : named_values<E>()) out.emplace_back(row.name);
    return out;
}

}  // namespace stele
