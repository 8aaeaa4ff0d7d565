// Barriers, votes, shuffles and warp reductions.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <type_traits>

#include "backends/simt/executor/block.hpp"

namespace stele::simt {

/// All lanes of `mask` bring a value; `combine(lane, values)` makes each one's result, `values[lane]` being null for
/// lanes that take no part.
template <typename T, typename Result, typename F>
STELE_SIMT_UNSEEN Result exchange(std::uint32_t mask, const char* what, const T& value, F&& combine, Where where) {
    struct Item {
        const T* value;
        Result result;
    } item{&value, {}};
    collective(
        Scope::warp, mask, what, &item,
        [&](Values items) {
            const T* values[32];
            for (unsigned lane = 0; lane < 32; ++lane)
                values[lane] = items[lane] == nullptr ? nullptr : static_cast<Item*>(items[lane])->value;
            for (unsigned lane = 0; lane < 32; ++lane)
                if (items[lane] != nullptr)
                    static_cast<Item*>(items[lane])->result = static_cast<Result>(combine(lane, values));
        },
        where);
    return item.result;
}

template <typename T, typename Source>
STELE_SIMT_UNSEEN T shuffle(std::uint32_t mask, const char* what, const T& value, Source source, Where where) {
    static_assert(std::is_trivially_copyable_v<T>);
    struct Item {
        const T* value;
        unsigned from;
        T result;
    } item{&value, source(ids().lane), value};
    collective(
        Scope::warp, mask, what, &item,
        [&](Values items) {
            for (unsigned lane = 0; lane < 32; ++lane) {
                if (items[lane] == nullptr) continue;
                auto& mine = *static_cast<Item*>(items[lane]);
                if (items[mine.from] == nullptr)
                    fail(defect::uninitialised,
                         std::string(what) + ": lane " + std::to_string(lane) + " reads lane " +
                             std::to_string(mine.from) + ", which takes no part",
                         where);
                mine.result = *static_cast<Item*>(items[mine.from])->value;
            }
        },
        where);
    return item.result;
}

/// One fold of all values of a warp's mask, the same for each lane.
template <typename T, typename F>
STELE_SIMT_UNSEEN T reduce(std::uint32_t mask, const char* what, T value, F&& fold, Where where) {
    return exchange<T, T>(
        mask, what, value,
        [&](unsigned, const T* const* values) {
            bool first = true;
            T out{};
            for (unsigned lane = 0; lane < 32; ++lane) {
                if (values[lane] == nullptr) continue;
                out = first ? *values[lane] : fold(out, *values[lane]);
                first = false;
            }
            return out;
        },
        where);
}

/// How many threads of the block brought true.
inline STELE_SIMT_UNSEEN int count_true(bool mine, const char* what, Where where) {
    struct Item {
        bool value;
        int result;
    } item{mine, 0};
    collective(
        Scope::block, ~0u, what, &item,
        [threads = ids().threads](Values items) {
            int count = 0;
            for (unsigned i = 0; i < threads; ++i) count += static_cast<Item*>(items[i])->value ? 1 : 0;
            for (unsigned i = 0; i < threads; ++i) static_cast<Item*>(items[i])->result = count;
        },
        where);
    return item.result;
}

}  // namespace stele::simt

using SteleWhere = stele::simt::Where;

inline void __syncthreads(SteleWhere where = SteleWhere::current()) {
    stele::simt::meet(stele::simt::Scope::block, ~0u, "__syncthreads", where);
}
inline int __syncthreads_count(int predicate, SteleWhere where = SteleWhere::current()) {
    return stele::simt::count_true(predicate != 0, "__syncthreads_count", where);
}
inline int __syncthreads_and(int predicate, SteleWhere where = SteleWhere::current()) {
    return stele::simt::count_true(predicate == 0, "__syncthreads_and", where) == 0;
}
inline int __syncthreads_or(int predicate, SteleWhere where = SteleWhere::current()) {
    return stele::simt::count_true(predicate != 0, "__syncthreads_or", where) != 0;
}
inline void __syncwarp(unsigned mask = ~0u, SteleWhere where = SteleWhere::current()) {
    stele::simt::meet(stele::simt::Scope::warp, mask, "__syncwarp", where);
}

inline void __threadfence() {}
inline void __threadfence_block() {}
inline void __threadfence_system() {}
inline void __nanosleep(unsigned, SteleWhere where = SteleWhere::current()) {
    stele::simt::yield("__nanosleep", where);
}
inline unsigned __activemask() { return stele::simt::live_lanes(); }

inline unsigned __ballot_sync(unsigned mask, int predicate, SteleWhere where = SteleWhere::current()) {
    return stele::simt::exchange<int, unsigned>(
        mask, "__ballot_sync", predicate,
        [](unsigned, const int* const* values) {
            unsigned bits = 0;
            for (unsigned lane = 0; lane < 32; ++lane)
                if (values[lane] != nullptr && *values[lane] != 0) bits |= 1u << lane;
            return bits;
        },
        where);
}
inline int __any_sync(unsigned mask, int predicate, SteleWhere where = SteleWhere::current()) {
    return stele::simt::reduce(mask, "__any_sync", int{predicate != 0}, [](int a, int b) { return a | b; }, where);
}
inline int __all_sync(unsigned mask, int predicate, SteleWhere where = SteleWhere::current()) {
    return stele::simt::reduce(mask, "__all_sync", int{predicate != 0}, [](int a, int b) { return a & b; }, where);
}
template <typename T>
unsigned __match_any_sync(unsigned mask, T value, SteleWhere where = SteleWhere::current()) {
    return stele::simt::exchange<T, unsigned>(
        mask, "__match_any_sync", value,
        [](unsigned mine, const T* const* values) {
            unsigned bits = 0;
            for (unsigned lane = 0; lane < 32; ++lane)
                if (values[lane] != nullptr && *values[lane] == *values[mine]) bits |= 1u << lane;
            return bits;
        },
        where);
}
template <typename T>
unsigned __match_all_sync(unsigned mask, T value, int* all, SteleWhere where = SteleWhere::current()) {
    const unsigned same = __match_any_sync(mask, value, where);
    *all = same == (mask & stele::simt::live_lanes());
    return *all ? same : 0;
}

// Shuffles: within segments of `width` lanes, a power of two.
template <typename T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, SteleWhere where = SteleWhere::current()) {
    return stele::simt::shuffle(
        mask, "__shfl_sync", value,
        [=](unsigned lane) { return (lane & ~(width - 1u)) | (static_cast<unsigned>(source) & (width - 1u)); }, where);
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32, SteleWhere where = SteleWhere::current()) {
    return stele::simt::shuffle(
        mask, "__shfl_xor_sync", value,
        [=](unsigned lane) {
            // A lane of a later segment keeps its own value; one of an earlier segment may be read.
            const unsigned from = lane ^ static_cast<unsigned>(bits);
            return from < 32 && from <= (lane | (width - 1u)) ? from : lane;
        },
        where);
}
template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, SteleWhere where = SteleWhere::current()) {
    return stele::simt::shuffle(
        mask, "__shfl_up_sync", value,
        [=](unsigned lane) { return (lane & (width - 1u)) >= delta ? lane - delta : lane; }, where);
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, SteleWhere where = SteleWhere::current()) {
    return stele::simt::shuffle(
        mask, "__shfl_down_sync", value,
        [=](unsigned lane) {
            return (lane & (width - 1u)) + delta < static_cast<unsigned>(width) ? lane + delta : lane;
        },
        where);
}

template <typename T>
    requires std::is_integral_v<T>
T __reduce_add_sync(unsigned mask, T value, SteleWhere where = SteleWhere::current()) {
    return static_cast<T>(stele::simt::reduce(
        mask, "__reduce_add_sync", static_cast<unsigned>(value), [](unsigned a, unsigned b) { return a + b; }, where));
}
template <typename T>
    requires std::is_integral_v<T>
T __reduce_min_sync(unsigned mask, T value, SteleWhere where = SteleWhere::current()) {
    return stele::simt::reduce(mask, "__reduce_min_sync", value, [](T a, T b) { return b < a ? b : a; }, where);
}
template <typename T>
    requires std::is_integral_v<T>
T __reduce_max_sync(unsigned mask, T value, SteleWhere where = SteleWhere::current()) {
    return stele::simt::reduce(mask, "__reduce_max_sync", value, [](T a, T b) { return a < b ? b : a; }, where);
}
inline unsigned __reduce_and_sync(unsigned mask, unsigned value, SteleWhere where = SteleWhere::current()) {
    return stele::simt::reduce(mask, "__reduce_and_sync", value, [](unsigned a, unsigned b) { return a & b; }, where);
}
inline unsigned __reduce_or_sync(unsigned mask, unsigned value, SteleWhere where = SteleWhere::current()) {
    return stele::simt::reduce(mask, "__reduce_or_sync", value, [](unsigned a, unsigned b) { return a | b; }, where);
}
inline unsigned __reduce_xor_sync(unsigned mask, unsigned value, SteleWhere where = SteleWhere::current()) {
    return stele::simt::reduce(mask, "__reduce_xor_sync", value, [](unsigned a, unsigned b) { return a ^ b; }, where);
}

inline std::size_t __cvta_generic_to_shared(const void* pointer, SteleWhere where = SteleWhere::current()) {
    return stele::simt::shared_address(pointer, where);
}
inline std::size_t __cvta_generic_to_global(const void* pointer) { return reinterpret_cast<std::size_t>(pointer); }
