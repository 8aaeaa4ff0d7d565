// Tiles for the CPU executor: values of a shape, made of one number, of counting, or of other tiles.
#pragma once

#include <concepts>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#include "backends/simt/executor/block.hpp"
#include "backends/simt/executor/tile_memory.hpp"
#include "stele_simt_tile_shape.h"

namespace cuda::tiles {

/// A value: copies are independent. Uninitialised ones hold NaN patterns.
template <typename T, typename Shape>
class tile {
public:
    using element_type = T;
    using shape_type = Shape;
    static constexpr std::size_t size() { return Shape::size; }
    static constexpr std::size_t rank() { return Shape::rank(); }

    STELE_SIMT_UNSEEN tile() : elements_(static_cast<T*>(stele::simt::take_tile_memory(bytes))) {}
    STELE_SIMT_UNSEEN tile(const tile& other) : tile() { std::memcpy(elements_, other.elements_, bytes); }
    STELE_SIMT_UNSEEN tile(tile&& other) noexcept : elements_(std::exchange(other.elements_, nullptr)) {}
    STELE_SIMT_UNSEEN tile& operator=(tile other) noexcept {
        std::swap(elements_, other.elements_);
        return *this;
    }
    STELE_SIMT_UNSEEN ~tile() {
        if (elements_ != nullptr) stele::simt::give_back_tile_memory(elements_, bytes);
    }
    /// A tile of one element is a number.
    STELE_SIMT_UNSEEN operator T() const
        requires(Shape::size == 1)
    {
        return elements_[0];
    }

    /// The executor's own: row after row.
    T* elements() { return elements_; }
    const T* elements() const { return elements_; }

private:
    static constexpr std::size_t bytes = sizeof(T) * Shape::size;
    T* elements_;
};

}  // namespace cuda::tiles

namespace stele::simt::tile {

template <typename T>
inline constexpr bool is_tile = false;
template <typename T, typename Shape>
inline constexpr bool is_tile<::cuda::tiles::tile<T, Shape>> = true;
template <typename T>
concept Tile = is_tile<std::remove_cvref_t<T>>;

/// A number is a tile without dimensions.
template <typename T>
struct Traits {
    using Element = T;
    using Shape = ::cuda::tiles::shape<>;
};
template <auto number>
struct Traits<::cuda::tiles::integral_constant<number>> {
    using Element = decltype(number);
    using Shape = ::cuda::tiles::shape<>;
};
template <typename T, typename S>
struct Traits<::cuda::tiles::tile<T, S>> {
    using Element = T;
    using Shape = S;
};
template <typename T>
using ElementOf = typename Traits<std::remove_cvref_t<T>>::Element;
template <typename T>
using ShapeOf = typename Traits<std::remove_cvref_t<T>>::Shape;

template <typename T>
STELE_SIMT_UNSEEN const ElementOf<T>* elements_of(const T& value) {
    if constexpr (Tile<T>)
        return value.elements();
    else
        return &value;
}

// -- Shapes that meet: from the last dimension, equal or 1 ------------------------------------------------------------

template <std::size_t i, typename Shape>
constexpr std::size_t extent_from_last() {
    if constexpr (i < Shape::rank())
        return Shape::values[Shape::rank() - 1 - i];
    else
        return 1;
}

template <typename A, typename B>
struct Joined {
    static constexpr std::size_t rank = A::rank() > B::rank() ? A::rank() : B::rank();
    template <std::size_t i>
    static constexpr std::size_t extent() {
        constexpr std::size_t a = extent_from_last<rank - 1 - i, A>(), b = extent_from_last<rank - 1 - i, B>();
        static_assert(a == b || a == 1 || b == 1, "tiles of these shapes do not meet: an extent is equal, or 1 in one");
        return a > b ? a : b;
    }
    template <std::size_t... i>
    static ::cuda::tiles::shape<extent<i>()...> make(std::index_sequence<i...>);
    using type = decltype(make(std::make_index_sequence<rank>{}));
};
template <typename A, typename... Others>
struct Meeting {
    using type = A;
};
template <typename A, typename B, typename... Others>
struct Meeting<A, B, Others...> : Meeting<typename Joined<A, B>::type, Others...> {};
template <typename... Shapes>
using MeetingShape = typename Meeting<Shapes...>::type;

/// Distances in a tile of shape `From`, as one of shape `To` walks over it: 0 where it is repeated.
template <typename From, typename To>
constexpr Index<To::rank()> repeated_strides() {
    Index<To::rank()> out{};
    const auto own = row_major(From::values);
    for (std::size_t i = 0; i < From::rank(); ++i)
        if (From::values[i] != 1) out[To::rank() - From::rank() + i] = own[i];
    return out;
}

/// The tile of f(element of each operand) over the shape in which the operands meet.
template <typename F, typename... Operands>
STELE_SIMT_UNSEEN auto map(F f, const Operands&... operands) {
    using Shape = MeetingShape<ShapeOf<Operands>...>;
    using Result = decltype(f(*elements_of(operands)...));
    ::cuda::tiles::tile<Result, Shape> out;
    std::tuple strides{repeated_strides<ShapeOf<Operands>, Shape>()...};
    std::tuple elements{elements_of(operands)...};
    Result* to = out.elements();
    Index<Shape::rank()> index{};
    for (std::size_t flat = 0; flat < Shape::size; ++flat) {
        [&]<std::size_t... i>(std::index_sequence<i...>) __attribute__((always_inline, no_sanitize("thread"))) {
            to[flat] = f(std::get<i>(elements)[place(index, std::get<i>(strides))]...);
        }(std::index_sequence_for<Operands...>{});
        for (std::size_t i = Shape::rank(); i > 0 && ++index[i - 1] == Shape::values[i - 1];) index[--i] = 0;
    }
    return out;
}

}  // namespace stele::simt::tile

namespace cuda::tiles {

template <typename T, typename Element = typename T::element_type>
STELE_SIMT_UNSEEN T full(std::type_identity_t<Element> value) {
    T out;
    for (std::size_t i = 0; i < T::size(); ++i) out.elements()[i] = value;
    return out;
}
template <typename T>
T zeros() {
    return full<T>(typename T::element_type(0));
}
template <typename T>
T ones() {
    return full<T>(typename T::element_type(1));
}
/// 0, 1, 2, … row after row.
template <typename T>
STELE_SIMT_UNSEEN T iota() {
    static_assert(std::is_integral_v<typename T::element_type>, "iota() counts in whole numbers");
    T out;
    for (std::size_t i = 0; i < T::size(); ++i) out.elements()[i] = static_cast<typename T::element_type>(i);
    return out;
}

/// The same elements, row after row, in another shape.
template <typename Shape, stele::simt::tile::Tile T>
STELE_SIMT_UNSEEN auto reshape(const T& from, Shape = {}) {
    static_assert(Shape::size == T::size(), "reshape() keeps the number of elements");
    tile<typename T::element_type, Shape> out;
    std::memcpy(out.elements(), from.elements(), sizeof(typename T::element_type) * Shape::size);
    return out;
}

/// Repeated along the dimensions in which `from` has one element.
template <typename Shape, stele::simt::tile::Tile T>
STELE_SIMT_UNSEEN auto broadcast(const T& from, Shape = {}) {
    static_assert(std::is_same_v<stele::simt::tile::MeetingShape<typename T::shape_type, Shape>, Shape>,
                  "broadcast() repeats a tile to a shape that it meets");
    constexpr auto strides = stele::simt::tile::repeated_strides<typename T::shape_type, Shape>();
    tile<typename T::element_type, Shape> out;
    std::size_t flat = 0;
    stele::simt::tile::for_each_index(Shape::values, [&](const auto& index) __attribute__((no_sanitize("thread"))) {
        out.elements()[flat++] = from.elements()[stele::simt::tile::place(index, strides)];
    });
    return out;
}

/// Dimension i of the result is dimension map[i] of `from`.
template <stele::simt::tile::Tile T, std::size_t... dimensions>
STELE_SIMT_UNSEEN auto permute(const T& from, dimension_map<dimensions...>) {
    static_assert(sizeof...(dimensions) == T::rank(), "permute() takes each dimension once");
    using From = typename T::shape_type;
    using Shape = shape<From::values[dimensions]...>;
    constexpr auto strides = stele::simt::tile::row_major(From::values);
    tile<typename T::element_type, Shape> out;
    std::size_t flat = 0;
    stele::simt::tile::for_each_index(Shape::values, [&](const auto& index) __attribute__((no_sanitize("thread"))) {
        out.elements()[flat++] = from.elements()[stele::simt::tile::place(
            index, stele::simt::tile::Index<T::rank()>{strides[dimensions]...})];
    });
    return out;
}
/// The last two dimensions exchanged.
template <stele::simt::tile::Tile T>
auto transpose(const T& from) {
    static_assert(T::rank() == 2 || T::rank() == 3, "transpose() takes a matrix, or several");
    if constexpr (T::rank() == 2)
        return permute(from, dimension_map<1, 0>{});
    else
        return permute(from, dimension_map<0, 2, 1>{});
}

}  // namespace cuda::tiles
