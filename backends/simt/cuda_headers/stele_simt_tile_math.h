// Arithmetic of tiles for the CPU executor: element by element, along a dimension, and the matrix product.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <tuple>

#include "backends/simt/executor/tile_multiply.hpp"
#include "stele_simt_half.h"
#include "stele_simt_tile_value.h"

namespace stele::simt::tile {

template <typename T>
concept Number = std::is_arithmetic_v<T> || AnyFloat16<T>;
template <typename T>
concept Operand = Tile<T> || Number<std::remove_cvref_t<T>>;
template <typename A, typename B>
concept Operands = Operand<A> && Operand<B> && (Tile<A> || Tile<B>);

/// What both are computed in: the tiles' own type, which a number beside a tile is taken to.
template <typename A, typename B>
struct Common {
    static_assert(!Tile<A> || !Tile<B> || std::is_same_v<ElementOf<A>, ElementOf<B>>,
                  "tiles of two types do not meet: cast one of them with element_cast");
    using type = ElementOf<std::conditional_t<Tile<A>, A, B>>;
};
template <typename A, typename B>
using CommonOf = typename Common<std::remove_cvref_t<A>, std::remove_cvref_t<B>>::type;

template <typename To, typename T>
STELE_SIMT_UNSEEN decltype(auto) as(const T& value) {
    if constexpr (Tile<T>)
        return (value);
    else
        return static_cast<To>(value);
}

}  // namespace stele::simt::tile

/// An operation on two elements, as a function of tiles and numbers that meet.
#define STELE_SIMT_TILE_BINARY(name, result, expression)                                                         \
    template <typename A, typename B>                                                                            \
        requires stele::simt::tile::Operands<A, B>                                                               \
    auto name(const A& left, const B& right) {                                                                   \
        using T = stele::simt::tile::CommonOf<A, B>;                                                             \
        return stele::simt::tile::map(                                                                           \
            [](T a, T b) __attribute__((always_inline, no_sanitize("thread"))) -> result { return expression; }, \
            stele::simt::tile::as<T>(left), stele::simt::tile::as<T>(right));                                    \
    }
#define STELE_SIMT_TILE_UNARY(name, expression)                                                                        \
    template <stele::simt::tile::Tile A>                                                                               \
    auto name(const A& from) {                                                                                         \
        using T = stele::simt::tile::ElementOf<A>;                                                                     \
        return stele::simt::tile::map(                                                                                 \
            [](T a) __attribute__((always_inline, no_sanitize("thread"))) -> T { return static_cast<T>(expression); }, \
            from);                                                                                                     \
    }

namespace cuda::tiles {

STELE_SIMT_TILE_BINARY(operator+, T, static_cast<T>(a + b))
STELE_SIMT_TILE_BINARY(operator-, T, static_cast<T>(a - b))
STELE_SIMT_TILE_BINARY(operator*, T, static_cast<T>(a* b))
STELE_SIMT_TILE_BINARY(operator/, T, static_cast<T>(a / b))
STELE_SIMT_TILE_BINARY(operator%, T, static_cast<T>(a % b))
STELE_SIMT_TILE_BINARY(operator&, T, static_cast<T>(a& b))
STELE_SIMT_TILE_BINARY(operator|, T, static_cast<T>(a | b))
STELE_SIMT_TILE_BINARY(operator<, bool, a < b)
STELE_SIMT_TILE_BINARY(operator<=, bool, a <= b)
STELE_SIMT_TILE_BINARY(operator>, bool, a > b)
STELE_SIMT_TILE_BINARY(operator>=, bool, a >= b)
STELE_SIMT_TILE_BINARY(operator==, bool, a == b)
STELE_SIMT_TILE_BINARY(operator!=, bool, a != b)
// A NaN loses against a number, as in fmaxf.
STELE_SIMT_TILE_BINARY(max, T, a > b || b != b ? a : b)
STELE_SIMT_TILE_BINARY(min, T, a < b || b != b ? a : b)

STELE_SIMT_TILE_UNARY(operator-, -a)
STELE_SIMT_TILE_UNARY(operator!, !a)
STELE_SIMT_TILE_UNARY(exp, std::exp(a))
STELE_SIMT_TILE_UNARY(exp2, std::exp2(a))
STELE_SIMT_TILE_UNARY(log, std::log(a))
STELE_SIMT_TILE_UNARY(log2, std::log2(a))
STELE_SIMT_TILE_UNARY(sqrt, std::sqrt(a))
STELE_SIMT_TILE_UNARY(abs, std::abs(a))

/// Where `condition`, `left`, else `right`.
template <stele::simt::tile::Tile Condition, typename A, typename B>
auto select(const Condition& condition, const A& left, const B& right) {
    static_assert(std::is_same_v<typename Condition::element_type, bool>, "select() asks a tile of bool");
    using T = stele::simt::tile::CommonOf<A, B>;
    return stele::simt::tile::map(
        [](bool which, T a, T b) __attribute__((always_inline, no_sanitize("thread"))) -> T { return which ? a : b; },
        condition, stele::simt::tile::as<T>(left), stele::simt::tile::as<T>(right));
}

/// Rounds to nearest even.
template <typename To, stele::simt::tile::Tile T>
auto element_cast(const T& from) {
    using From = typename T::element_type;
    return stele::simt::tile::map(
        [](From a) __attribute__((always_inline, no_sanitize("thread"))) -> To { return static_cast<To>(a); }, from);
}

}  // namespace cuda::tiles

#undef STELE_SIMT_TILE_BINARY
#undef STELE_SIMT_TILE_UNARY

namespace stele::simt::tile {

/// The elements along `dimension` folded into one, in `Wide`; that dimension then has one.
template <typename Wide, std::size_t dimension, typename T, typename F>
STELE_SIMT_UNSEEN auto fold(const T& from, Wide start, F f) {
    using From = typename T::shape_type;
    static_assert(dimension < From::rank(), "a reduction goes along a dimension that the tile has");
    using Shape = decltype([]<std::size_t... i>(std::index_sequence<i...>) {
        return ::cuda::tiles::shape<(i == dimension ? 1 : From::values[i])...>{};
    }(std::make_index_sequence<From::rank()>{}));
    constexpr auto strides = row_major(From::values);
    ::cuda::tiles::tile<typename T::element_type, Shape> out;
    std::size_t flat = 0;
    for_each_index(Shape::values, [&](const auto& index) __attribute__((no_sanitize("thread"))) {
        Wide value = start;
        const auto* element = from.elements() + place(index, strides);
        for (std::size_t i = 0; i < From::values[dimension]; ++i)
            value = f(value, static_cast<Wide>(element[i * strides[dimension]]));
        out.elements()[flat++] = static_cast<typename T::element_type>(value);
    });
    return out;
}

/// Products that a matrix instruction sums before it rounds: 32 bytes of them, and one where it is no matrix unit.
template <typename T>
inline constexpr std::size_t products_at_once = sizeof(T) == 4 ? 1 : 32 / sizeof(T);

template <typename A, typename B, typename C>
inline constexpr bool multiplies =
    std::is_same_v<A, B> && (std::is_integral_v<A> ? std::is_same_v<C, std::int32_t> : std::is_same_v<C, float>);

}  // namespace stele::simt::tile

namespace cuda::tiles {

/// Sums along a dimension: of floats in double, rounded once.
template <stele::simt::tile::Tile T, auto dimension>
auto sum(const T& from, integral_constant<dimension>) {
    using Wide = std::conditional_t<std::is_integral_v<typename T::element_type>, std::int64_t, double>;
    return stele::simt::tile::fold<Wide, dimension>(from, Wide{}, [](Wide a, Wide b) { return a + b; });
}
template <stele::simt::tile::Tile T, auto dimension>
auto reduce_max(const T& from, integral_constant<dimension>) {
    using E = typename T::element_type;
    using Wide = std::conditional_t<std::is_integral_v<E>, E, float>;
    constexpr Wide least =
        std::is_integral_v<E> ? std::numeric_limits<Wide>::lowest() : -std::numeric_limits<Wide>::infinity();
    return stele::simt::tile::fold<Wide, dimension>(from, least,
                                                    [](Wide a, Wide b) { return b > a || a != a ? b : a; });
}

/// a b + c: matrices, or several of them one behind the other.
template <stele::simt::tile::Tile A, stele::simt::tile::Tile B, stele::simt::tile::Tile C>
STELE_SIMT_UNSEEN C mma(const A& a, const B& b, C c) {
    using T = typename A::element_type;
    using Sum = typename C::element_type;
    static_assert(stele::simt::tile::multiplies<T, typename B::element_type, Sum>,
                  "mma() multiplies two tiles of one type, of floats onto float, of whole numbers onto int");
    constexpr std::size_t rank = A::rank();
    static_assert(rank == B::rank() && rank == C::rank() && (rank == 2 || rank == 3),
                  "mma() takes three matrices, or three times several");
    constexpr auto left = A::shape_type::values, right = B::shape_type::values, out = C::shape_type::values;
    static_assert(left[rank - 1] == right[rank - 2] && left[rank - 2] == out[rank - 2] &&
                      right[rank - 1] == out[rank - 1] && (rank == 2 || (left[0] == out[0] && right[0] == out[0])),
                  "mma() multiplies [M,K] by [K,N] onto [M,N]");
    constexpr stele::simt::ProductShape shape{out[rank - 2], out[rank - 1], left[rank - 1]};
    const auto wide_a = element_cast<Sum>(a);
    const auto wide_b = element_cast<Sum>(b);
    for (std::size_t i = 0; i < (rank == 3 ? out[0] : 1); ++i) {
        const Sum* from_a = wide_a.elements() + i * shape.rows * shape.depth;
        const Sum* from_b = wide_b.elements() + i * shape.depth * shape.columns;
        Sum* to = c.elements() + i * shape.rows * shape.columns;
        if constexpr (std::is_integral_v<T>)
            stele::simt::multiply_tiles(shape, from_a, from_b, to);
        else
            stele::simt::multiply_tiles(shape, from_a, from_b, to, stele::simt::tile::products_at_once<T>);
    }
    return c;
}

}  // namespace cuda::tiles
