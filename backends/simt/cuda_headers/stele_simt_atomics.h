// Atomic operations. Blocks run on several threads of the host, so these are the host's atomics.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "backends/simt/executor/block.hpp"

namespace stele::simt {

/// Replaces *address by change(*address) at once; returns what was there.
template <typename T, typename F>
STELE_SIMT_UNSEEN T atomically(T* address, const char* what, F&& change, Where where) {
    using Bits = std::conditional_t<sizeof(T) == 8, std::uint64_t,
                                    std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint16_t>>;
    static_assert(sizeof(T) == sizeof(Bits));
    atomic_memory(address, sizeof(T), what, where);
    auto* at = reinterpret_cast<Bits*>(address);
    Bits old = __atomic_load_n(at, __ATOMIC_RELAXED);
    for (;;) {
        const T before = __builtin_bit_cast(T, old);
        const T after = change(before);
        if (__atomic_compare_exchange_n(at, &old, __builtin_bit_cast(Bits, after), false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
            return before;
    }
}

}  // namespace stele::simt

// A second type lets a literal convert to the type of what it is added to, as CUDA's overloads do.
template <typename T>
T atomicAdd(T* address, std::type_identity_t<T> value, stele::simt::Where where = stele::simt::Where::current()) {
    return stele::simt::atomically(address, "atomicAdd", [=](T old) { return static_cast<T>(old + value); }, where);
}
template <typename T>
T atomicSub(T* address, std::type_identity_t<T> value, stele::simt::Where where = stele::simt::Where::current()) {
    return stele::simt::atomically(address, "atomicSub", [=](T old) { return static_cast<T>(old - value); }, where);
}
template <typename T>
T atomicExch(T* address, std::type_identity_t<T> value, stele::simt::Where where = stele::simt::Where::current()) {
    return stele::simt::atomically(address, "atomicExch", [=](T) { return value; }, where);
}
template <typename T>
T atomicMin(T* address, std::type_identity_t<T> value, stele::simt::Where where = stele::simt::Where::current()) {
    return stele::simt::atomically(address, "atomicMin", [=](T old) { return value < old ? value : old; }, where);
}
template <typename T>
T atomicMax(T* address, std::type_identity_t<T> value, stele::simt::Where where = stele::simt::Where::current()) {
    return stele::simt::atomically(address, "atomicMax", [=](T old) { return old < value ? value : old; }, where);
}
template <typename T>
T atomicAnd(T* address, std::type_identity_t<T> value, stele::simt::Where where = stele::simt::Where::current()) {
    return stele::simt::atomically(address, "atomicAnd", [=](T old) { return old & value; }, where);
}
template <typename T>
T atomicOr(T* address, std::type_identity_t<T> value, stele::simt::Where where = stele::simt::Where::current()) {
    return stele::simt::atomically(address, "atomicOr", [=](T old) { return old | value; }, where);
}
template <typename T>
T atomicXor(T* address, std::type_identity_t<T> value, stele::simt::Where where = stele::simt::Where::current()) {
    return stele::simt::atomically(address, "atomicXor", [=](T old) { return old ^ value; }, where);
}
template <typename T>
T atomicCAS(T* address, std::type_identity_t<T> expected, std::type_identity_t<T> value,
            stele::simt::Where where = stele::simt::Where::current()) {
    return stele::simt::atomically(address, "atomicCAS", [=](T old) { return old == expected ? value : old; }, where);
}
inline unsigned atomicInc(unsigned* address, unsigned bound, stele::simt::Where where = stele::simt::Where::current()) {
    return stele::simt::atomically(
        address, "atomicInc", [=](unsigned old) { return old >= bound ? 0 : old + 1; }, where);
}
inline unsigned atomicDec(unsigned* address, unsigned bound, stele::simt::Where where = stele::simt::Where::current()) {
    return stele::simt::atomically(
        address, "atomicDec", [=](unsigned old) { return old == 0 || old > bound ? bound : old - 1; }, where);
}
