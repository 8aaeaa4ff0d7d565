// Shapes of tiles for the CPU executor: constants, extents of arrays, and walks over indices.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <type_traits>

namespace cuda::tiles {

/// A number that the compiler knows: `16_ic`.
template <auto number>
struct integral_constant {
    static constexpr auto value = number;
    constexpr operator decltype(number)() const { return number; }
};

namespace literals {
template <char... digits>
constexpr auto operator""_ic() {
    constexpr int value = [] {
        int sum = 0;
        ((sum = sum * 10 + (digits - '0')), ...);
        return sum;
    }();
    return integral_constant<value>{};
}
}  // namespace literals

/// Extents of a tile.
template <std::size_t... extents_>
struct shape {
    static constexpr std::size_t size = (std::size_t{1} * ... * extents_);
    static constexpr std::array<std::size_t, sizeof...(extents_)> values{extents_...};
    static constexpr std::size_t rank() { return sizeof...(extents_); }
    static_assert((std::has_single_bit(extents_) && ...), "the extents of a tile are powers of two");
};

/// Extents of an array in memory.
template <typename... Extents>
struct extents {
    std::array<long long, sizeof...(Extents)> values;
    constexpr extents(Extents... given) : values{static_cast<long long>(given)...} {}
    static constexpr std::size_t rank() { return sizeof...(Extents); }
};

/// The last index is the one whose neighbours are neighbours in memory; of layout_left, the first.
struct layout_right {};
struct layout_left {};

/// Which dimension of a tensor becomes the i-th.
template <std::size_t... dimensions>
struct dimension_map {
    static constexpr std::array<std::size_t, sizeof...(dimensions)> values{dimensions...};
};

}  // namespace cuda::tiles

namespace stele::simt::tile {

template <std::size_t rank>
using Index = std::array<std::size_t, rank>;

/// Distances of neighbours, by dimension, of elements that lie row after row.
template <std::size_t rank>
constexpr Index<rank> row_major(const Index<rank>& extents) {
    Index<rank> out{};
    std::size_t step = 1;
    for (std::size_t i = rank; i-- > 0; step *= extents[i]) out[i] = step;
    return out;
}

template <std::size_t rank>
constexpr std::size_t place(const Index<rank>& index, const Index<rank>& strides) {
    std::size_t out = 0;
    for (std::size_t i = 0; i < rank; ++i) out += index[i] * strides[i];
    return out;
}

/// Calls f(index) for every index below `extents`, the last dimension fastest.
template <std::size_t rank, typename F>
constexpr void for_each_index(const Index<rank>& extents, F&& f) {
    for (const std::size_t extent : extents)
        if (extent == 0) return;
    Index<rank> index{};
    for (;;) {
        f(std::as_const(index));
        std::size_t i = rank;
        while (i > 0 && ++index[i - 1] == extents[i - 1]) index[--i] = 0;
        if (i == 0) return;
    }
}

}  // namespace stele::simt::tile
