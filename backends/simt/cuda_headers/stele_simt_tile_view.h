// Arrays in memory and their tiles for the CPU executor. A tile that a kernel may not touch ends the launch, by name.
#pragma once

#include <limits>
#include <string>

#include "stele_simt_tile_math.h"

namespace stele::simt::tile {

/// What a kernel promised the compiler and did not keep.
inline constexpr std::string_view broken_promise = "broken promise";

}  // namespace stele::simt::tile

namespace cuda::tiles {

using Where = stele::simt::Where;

/// What a masked load puts where the array has nothing.
enum class view_padding { zero, nan };

/// Extents, and how far neighbours lie apart in memory.
template <typename Extents, typename Strides>
struct layout_strided_mapping {
    Extents extents;
    Strides strides;
    layout_strided_mapping(Extents extents_, Strides strides_) : extents(extents_), strides(strides_) {}
};

/// An array in memory.
template <typename T, std::size_t rank_>
struct tensor_span {
    using element_type = T;
    static constexpr std::size_t rank() { return rank_; }

    T* data;
    std::array<long long, rank_> extents, strides;

    template <typename... E>
    tensor_span(T* from, tiles::extents<E...> extents_, layout_right = {}) : data(from), extents(extents_.values) {
        long long step = 1;
        for (std::size_t i = rank_; i-- > 0; step *= extents[i]) strides[i] = step;
    }
    template <typename... E>
    tensor_span(T* from, tiles::extents<E...> extents_, layout_left) : data(from), extents(extents_.values) {
        long long step = 1;
        for (std::size_t i = 0; i < rank_; step *= extents[i++]) strides[i] = step;
    }
    template <typename E, typename S>
    tensor_span(T* from, layout_strided_mapping<E, S> mapping)
        : data(from), extents(mapping.extents.values), strides(mapping.strides.values) {}
};
template <typename T, typename... E>
tensor_span(T*, extents<E...>) -> tensor_span<T, sizeof...(E)>;
template <typename T, typename Layout, typename... E>
tensor_span(T*, extents<E...>, Layout) -> tensor_span<T, sizeof...(E)>;
template <typename T, typename E, typename S>
tensor_span(T*, layout_strided_mapping<E, S>) -> tensor_span<T, E::rank()>;

/// The array as tiles of one shape. Indices count tiles.
template <typename Span, typename Shape>
class partition_view {
    using T = std::remove_const_t<typename Span::element_type>;
    static constexpr std::size_t rank = Span::rank();
    static_assert(rank == Shape::rank(), "a tile has as many dimensions as the array that it is taken from");

public:
    partition_view(Span span, Shape, Where where = Where::current()) : span_(span), where_(where) {}

    template <typename... I>
    auto load(I... index) const {
        return load_part<view_padding::zero>(part("partition_view::load", true, index...), "partition_view::load");
    }
    /// What lies beyond the array is `padding`; a tile that lies there as a whole is not there.
    template <view_padding padding = view_padding::zero, typename... I>
    auto load_masked(I... index) const {
        return load_part<padding>(part("partition_view::load_masked", false, index...), "partition_view::load_masked");
    }
    template <typename... I>
    void store(const tile<T, Shape>& from, I... index) const {
        store_part(from, part("partition_view::store", true, index...), "partition_view::store");
    }
    /// What lies beyond the array goes nowhere.
    template <typename... I>
    void store_masked(const tile<T, Shape>& from, I... index) const {
        store_part(from, part("partition_view::store_masked", false, index...), "partition_view::store_masked");
    }

private:
    /// Of one tile: its first element, and how many of each dimension the array has.
    struct Part {
        typename Span::element_type* first;
        stele::simt::tile::Index<rank> inside;
    };

    template <typename... I>
    STELE_SIMT_UNSEEN Part part(const char* what, bool whole, I... given) const {
        static_assert(sizeof...(I) == rank, "a tile has as many indices as dimensions");
        const std::array<long long, rank> index{static_cast<long long>(given)...};
        Part out{span_.data, {}};
        for (std::size_t i = 0; i < rank; ++i) {
            const auto extent = static_cast<long long>(Shape::values[i]);
            const long long begin = index[i] * extent, left = span_.extents[i] - begin;
            if (index[i] < 0 || left <= 0 || (whole && left < extent))
                stele::simt::fail(stele::simt::defect::out_of_bounds,
                                  std::string(what) + " of tile " + std::to_string(index[i]) + " of dimension " +
                                      std::to_string(i) + ", elements " + std::to_string(begin) + " to " +
                                      std::to_string(begin + extent - 1) + " of " + std::to_string(span_.extents[i]),
                                  where_);
            out.first += begin * span_.strides[i];
            out.inside[i] = static_cast<std::size_t>(std::min(left, extent));
        }
        return out;
    }

    /// Calls f(element in memory, its place in the tile, step in the tile, count) for each run of neighbours in memory.
    template <typename F>
    STELE_SIMT_UNSEEN void for_each_run(const Part& part, F f) const {
        constexpr auto in_tile = stele::simt::tile::row_major(Shape::values);
        std::size_t along = rank - 1;
        for (std::size_t i = 0; i < rank; ++i)
            if (span_.strides[i] == 1 && Shape::values[i] > Shape::values[along]) along = i;
        if (span_.strides[along] != 1)
            for (std::size_t i = 0; i < rank; ++i)
                if (span_.strides[i] == 1) along = i;
        const bool neighbours = span_.strides[along] == 1;
        auto runs = part.inside;
        const std::size_t count = neighbours ? std::exchange(runs[along], 1) : 1;
        stele::simt::tile::for_each_index(runs, [&](const auto& index) __attribute__((no_sanitize("thread"))) {
            long long offset = 0;
            for (std::size_t i = 0; i < rank; ++i) offset += static_cast<long long>(index[i]) * span_.strides[i];
            f(part.first + offset, stele::simt::tile::place(index, in_tile), in_tile[along], count);
        });
    }

    template <view_padding padding>
    STELE_SIMT_UNSEEN tile<T, Shape> load_part(const Part& part, const char* what) const {
        auto out = full<tile<T, Shape>>([] {
            if constexpr (padding == view_padding::zero)
                return T(0);
            else
                return T(std::numeric_limits<float>::quiet_NaN());
        }());
        for_each_run(part, [&](const T* from, std::size_t at, std::size_t step, std::size_t count)
                               __attribute__((no_sanitize("thread"))) {
                                   stele::simt::read_memory(from, count * sizeof(T), what, where_);
                                   for (std::size_t i = 0; i < count; ++i) out.elements()[at + i * step] = from[i];
                               });
        return out;
    }
    STELE_SIMT_UNSEEN void store_part(const tile<T, Shape>& from, const Part& part, const char* what) const {
        for_each_run(part, [&](T* to, std::size_t at, std::size_t step, std::size_t count)
                               __attribute__((no_sanitize("thread"))) {
                                   stele::simt::write_memory(to, count * sizeof(T), what, where_);
                                   for (std::size_t i = 0; i < count; ++i) to[i] = from.elements()[at + i * step];
                               });
    }

    Span span_;
    Where where_;
};

// -- Tiles of addresses ----------------------------------------------------------------------------------------------

template <typename T, typename I, typename Shape>
auto operator+(T* base, const tile<I, Shape>& offsets) {
    return stele::simt::tile::map(
        [base](I offset) __attribute__((always_inline, no_sanitize("thread"))) -> T* { return base + offset; },
        offsets);
}

/// The elements at these addresses where `mask`, else `other`.
template <typename T, typename Shape>
STELE_SIMT_UNSEEN auto load_masked(const tile<T*, Shape>& from, const tile<bool, Shape>& mask,
                                   std::remove_const_t<T> other, Where where = Where::current()) {
    auto out = full<tile<std::remove_const_t<T>, Shape>>(other);
    for (std::size_t i = 0; i < Shape::size; ++i)
        if (mask.elements()[i]) {
            stele::simt::read_memory(from.elements()[i], sizeof(T), "load_masked", where);
            out.elements()[i] = *from.elements()[i];
        }
    return out;
}
template <typename T, typename Shape>
STELE_SIMT_UNSEEN void store_masked(const tile<T*, Shape>& to, const tile<T, Shape>& from,
                                    const tile<bool, Shape>& mask, Where where = Where::current()) {
    for (std::size_t i = 0; i < Shape::size; ++i)
        if (mask.elements()[i]) {
            stele::simt::write_memory(to.elements()[i], sizeof(T), "store_masked", where);
            *to.elements()[i] = from.elements()[i];
        }
}

// -- Promises to the compiler, which the executor holds the kernel to -------------------------------------------------

template <typename T, auto bytes>
T* assume_aligned(T* pointer, integral_constant<bytes>, Where where = Where::current()) {
    stele::simt::check_aligned(pointer, bytes, "assume_aligned", where);
    return pointer;
}
template <typename I, auto divisor>
I assume_divisible(I value, integral_constant<divisor>, Where where = Where::current()) {
    if (value % divisor != 0)
        stele::simt::fail(stele::simt::tile::broken_promise,
                          std::to_string(value) + " is not a multiple of " + std::to_string(divisor), where);
    return value;
}

}  // namespace cuda::tiles
