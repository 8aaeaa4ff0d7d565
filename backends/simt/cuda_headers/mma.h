// nvcuda::wmma: matrix fragments of a warp. Which lane holds which element is unspecified, and differs from any GPU's.
#pragma once

#include <bit>
#include <cstdint>

#include "cuda_bf16.h"
#include "cuda_fp16.h"
#include "stele_simt_language.h"
#include "stele_simt_sync.h"

namespace nvcuda::wmma {

using Where = stele::simt::Where;

struct matrix_a;
struct matrix_b;
struct accumulator;
struct row_major;
struct col_major;
enum layout_t { mem_row_major, mem_col_major };
namespace precision {
struct tf32;
}

namespace detail {

template <typename T>
struct Storage {
    using type = T;
};
template <>
struct Storage<precision::tf32> {
    using type = float;
};

template <typename Use, int m, int n, int k>
struct Extents;
template <int m, int n, int k>
struct Extents<matrix_a, m, n, k> {
    static constexpr int rows = m, cols = k;
};
template <int m, int n, int k>
struct Extents<matrix_b, m, n, k> {
    static constexpr int rows = k, cols = n;
};
template <int m, int n, int k>
struct Extents<accumulator, m, n, k> {
    static constexpr int rows = m, cols = n;
};

template <typename T, int m, int n, int k>
constexpr bool shape_exists() {
    if constexpr (std::is_same_v<T, precision::tf32>)
        return m == 16 && n == 16 && k == 8;
    else
        return k == 16 && ((m == 16 && n == 16) || (m == 32 && n == 8) || (m == 8 && n == 32));
}

/// The operand as the matrix unit takes it.
template <typename T>
auto operand(typename Storage<T>::type x) {
    // tf32 has ten bits of fraction; the unit ignores the others.
    if constexpr (std::is_same_v<T, precision::tf32>)
        return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) & 0xFFFFE000u);
    else if constexpr (std::is_integral_v<T>)
        return int{x};
    else
        return float{x};
}

}  // namespace detail

template <typename Use, int m, int n, int k, typename T, typename Layout = void>
class fragment {
public:
    using element_type = typename detail::Storage<T>::type;
    using storage_element_type = element_type;
    static constexpr int rows = detail::Extents<Use, m, n, k>::rows, cols = detail::Extents<Use, m, n, k>::cols;
    static constexpr int num_elements = rows * cols / 32;
    static constexpr int num_storage_elements = num_elements;
    element_type x[num_elements];

    /// Element `e` of a lane is at this place of the matrix, row by row.
    static constexpr int place(int lane, int e) { return e * 32 + lane; }
};

template <typename Use, int m, int n, int k, typename T, typename Layout>
void fill_fragment(fragment<Use, m, n, k, T, Layout>& to,
                   std::type_identity_t<typename detail::Storage<T>::type> value) {
    for (auto& x : to.x) x = value;
}

namespace detail {

template <typename T>
void check_tile(const T* from, unsigned leading, const char* what, Where where) {
    stele::simt::check_aligned(from, 32, what, where);
    if (leading * sizeof(T) % 16 != 0)
        stele::simt::fail(stele::simt::defect::misaligned,
                          std::string(what) + " wants rows that are a multiple of 16 bytes apart, not " +
                              std::to_string(leading * sizeof(T)),
                          where);
}

template <typename Use, int m, int n, int k, typename T, typename Layout, typename F>
void each_element(fragment<Use, m, n, k, T, Layout>& of, unsigned leading, bool rows_follow, F&& f) {
    using Fragment = fragment<Use, m, n, k, T, Layout>;
    const int lane = static_cast<int>(stele::simt::ids().lane);
    for (int e = 0; e < Fragment::num_elements; ++e) {
        const int place = Fragment::place(lane, e), row = place / Fragment::cols, col = place % Fragment::cols;
        f(of.x[e], rows_follow ? std::size_t{leading} * static_cast<unsigned>(row) + static_cast<unsigned>(col)
                               : std::size_t{leading} * static_cast<unsigned>(col) + static_cast<unsigned>(row));
    }
}

}  // namespace detail

/// All lanes of the warp, on the same tile; `from` is a multiple of 32 bytes, rows of 16.
template <typename Use, int m, int n, int k, typename T, typename Layout>
void load_matrix_sync(fragment<Use, m, n, k, T, Layout>& to, const typename detail::Storage<T>::type* from,
                      unsigned leading, Where where = Where::current()) {
    static_assert(!std::is_void_v<Layout>, "an accumulator is loaded with its layout as argument");
    detail::check_tile(from, leading, "wmma::load_matrix_sync", where);
    stele::simt::collective(
        stele::simt::Scope::warp, ~0u, "wmma::load_matrix_sync", &to, [](stele::simt::Values) {}, where);
    detail::each_element(to, leading, std::is_same_v<Layout, row_major>,
                         [&](auto& x, std::size_t at) { x = from[at]; });
}
template <int m, int n, int k, typename T>
void load_matrix_sync(fragment<accumulator, m, n, k, T>& to, const T* from, unsigned leading, layout_t layout,
                      Where where = Where::current()) {
    detail::check_tile(from, leading, "wmma::load_matrix_sync", where);
    stele::simt::collective(
        stele::simt::Scope::warp, ~0u, "wmma::load_matrix_sync", &to, [](stele::simt::Values) {}, where);
    detail::each_element(to, leading, layout == mem_row_major, [&](T& x, std::size_t at) { x = from[at]; });
}
template <int m, int n, int k, typename T>
void store_matrix_sync(T* to, const fragment<accumulator, m, n, k, T>& from, unsigned leading, layout_t layout,
                       Where where = Where::current()) {
    detail::check_tile(to, leading, "wmma::store_matrix_sync", where);
    stele::simt::collective(
        stele::simt::Scope::warp, ~0u, "wmma::store_matrix_sync", nullptr, [](stele::simt::Values) {}, where);
    auto copy = from;
    detail::each_element(copy, leading, layout == mem_row_major, [&](T& x, std::size_t at) { to[at] = x; });
}

/// D = A B + C, in the accumulator's precision.
template <int m, int n, int k, typename T, typename LayoutA, typename LayoutB, typename Acc>
void mma_sync(fragment<accumulator, m, n, k, Acc>& d, const fragment<matrix_a, m, n, k, T, LayoutA>& a,
              const fragment<matrix_b, m, n, k, T, LayoutB>& b, const fragment<accumulator, m, n, k, Acc>& c,
              Where where = Where::current()) {
    static_assert(detail::shape_exists<T, m, n, k>(), "wmma has no such shape for this type");
    using A = fragment<matrix_a, m, n, k, T, LayoutA>;
    using B = fragment<matrix_b, m, n, k, T, LayoutB>;
    using C = fragment<accumulator, m, n, k, Acc>;
    using Value = std::conditional_t<std::is_integral_v<Acc>, int, float>;
    struct Item {
        C* d;
        const A* a;
        const B* b;
        const C* c;
    } item{&d, &a, &b, &c};
    stele::simt::collective(
        stele::simt::Scope::warp, ~0u, "wmma::mma_sync", &item,
        [where](stele::simt::Values items) {
            for (int lane = 0; lane < 32; ++lane)
                if (items[lane] == nullptr)
                    stele::simt::fail(stele::simt::defect::divergent_barrier,
                                      "wmma::mma_sync takes all 32 lanes, and lane " + std::to_string(lane) +
                                          " has left the kernel or never was",
                                      where);
            Value left[m][k], right[k][n], sum[m][n];
            for (int lane = 0; lane < 32; ++lane) {
                const auto& mine = *static_cast<Item*>(items[lane]);
                for (int e = 0; e < A::num_elements; ++e)
                    left[A::place(lane, e) / k][A::place(lane, e) % k] = detail::operand<T>(mine.a->x[e]);
                for (int e = 0; e < B::num_elements; ++e)
                    right[B::place(lane, e) / n][B::place(lane, e) % n] = detail::operand<T>(mine.b->x[e]);
                for (int e = 0; e < C::num_elements; ++e)
                    sum[C::place(lane, e) / n][C::place(lane, e) % n] = static_cast<Value>(mine.c->x[e]);
            }
            for (int row = 0; row < m; ++row)
                for (int i = 0; i < k; ++i)
                    for (int col = 0; col < n; ++col) sum[row][col] += left[row][i] * right[i][col];
            for (int lane = 0; lane < 32; ++lane)
                for (int e = 0; e < C::num_elements; ++e)
                    static_cast<Item*>(items[lane])->d->x[e] =
                        static_cast<Acc>(sum[C::place(lane, e) / n][C::place(lane, e) % n]);
        },
        where);
}

/// Rounds to tf32: ten bits of fraction, ties away from zero.
inline float __float_to_tf32(float x) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    if ((bits & 0x7F800000u) == 0x7F800000u) return x;
    return std::bit_cast<float>((bits + 0x1000u) & 0xFFFFE000u);
}

}  // namespace nvcuda::wmma
