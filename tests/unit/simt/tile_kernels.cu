// Kernels of what the CPU executor has of CUDA Tile C++, one an operation; tests/unit/simt/tiles.cpp knows their
// results. Arrays are of 16 rows and 32 columns where nothing else is said.
#include "kernels/common/tiles.cuh"

namespace stele::cuda_tile {

constexpr int ROWS = 16, COLS = 32;
using Matrix = ct::shape<ROWS, COLS>;

template <typename T>
__tile__ auto whole(T* data) {
    return ct::partition_view{ct::tensor_span{data, ct::extents{ROWS, COLS}}, Matrix{}};
}

/// out[0] to out[6]: a matrix each, of a, a row and a column that repeat, and a number.
__tile_global__ void elements(const float* a, const float* row, const float* column, float* out) {
    const auto x = whole(a).load(0, 0);
    const auto r = ct::partition_view{ct::tensor_span{row, ct::extents{COLS}}, ct::shape<COLS>{}}.load(0);
    const auto c = ct::partition_view{ct::tensor_span{column, ct::extents{ROWS, 1}}, ct::shape<ROWS, 1>{}}.load(0, 0);
    const auto outs = ct::partition_view{ct::tensor_span{out, ct::extents{7 * ROWS, COLS}}, Matrix{}};
    outs.store(x + r, 0, 0);
    outs.store(x * c - 2.0f, 1, 0);
    outs.store(ct::select(x < r, x, -c), 2, 0);
    outs.store(ct::max(x, r) / 4.0f + ct::min(x, c), 3, 0);
    outs.store(ct::exp2(x) + ct::exp(r), 4, 0);
    outs.store(ct::select((x > 0.0f) & !(x == r), ct::sqrt(ct::abs(x)), ct::zeros<ct::tile<float, Matrix>>()), 5, 0);
    outs.store(ct::log(ct::abs(x) + 1.0f) + ct::log2(ct::abs(c) + 1.0f), 6, 0);
}

/// Sums of rows, then of columns, then the largest of rows.
__tile_global__ void reductions(const float* a, float* row_sums, float* column_sums, float* row_most) {
    const auto x = whole(a).load(0, 0);
    const auto rows = [](float* out) {
        return ct::partition_view{ct::tensor_span{out, ct::extents{ROWS, 1}}, ct::shape<ROWS, 1>{}};
    };
    rows(row_sums).store(ct::sum(x, 1_ic), 0, 0);
    rows(row_most).store(ct::reduce_max(x, 1_ic), 0, 0);
    ct::partition_view{ct::tensor_span{column_sums, ct::extents{1, COLS}}, ct::shape<1, COLS>{}}.store(ct::sum(x, 0_ic),
                                                                                                       0, 0);
}

/// a transposed, then a as [4, 4, 32] with its dimensions in the order 2, 0, 1, and a counted.
__tile_global__ void shapes(const float* a, float* transposed, float* permuted, int* counted) {
    const auto x = whole(a).load(0, 0);
    ct::partition_view{ct::tensor_span{transposed, ct::extents{COLS, ROWS}}, ct::shape<COLS, ROWS>{}}.store(
        ct::transpose(x), 0, 0);
    const auto cube = ct::permute(ct::reshape(x, ct::shape<4, 4, COLS>{}), ct::dimension_map<2, 0, 1>{});
    ct::partition_view{ct::tensor_span{permuted, ct::extents{COLS, 4, 4}}, ct::shape<COLS, 4, 4>{}}.store(cube, 0, 0,
                                                                                                          0);
    whole(counted).store(ct::iota<ct::tile<int, Matrix>>(), 0, 0);
}

/// A row and a column repeated to a matrix each.
__tile_global__ void repeats(const float* row, const float* column, float* rows, float* columns) {
    const auto r = ct::partition_view{ct::tensor_span{row, ct::extents{1, COLS}}, ct::shape<1, COLS>{}}.load(0, 0);
    const auto c = ct::partition_view{ct::tensor_span{column, ct::extents{ROWS, 1}}, ct::shape<ROWS, 1>{}}.load(0, 0);
    whole(rows).store(ct::broadcast<Matrix>(r), 0, 0);
    whole(columns).store(ct::broadcast<Matrix>(c), 0, 0);
}

/// counted[i] += 1 for every third i from `begin` to below `end`.
__tile_global__ void every_third(int* counted, int begin, int end) {
    for (auto i : ct::irange(begin, end, 3)) counted[i] += 1;
}

/// out = a b + out: a [16, 32], b [32, 8], of two products one behind the other.
template <typename T, typename Sum>
__tile_global__ void products(const T* a, const T* b, Sum* out) {
    const auto x = ct::partition_view{ct::tensor_span{a, ct::extents{2, 16, 32}}, ct::shape<2, 16, 32>{}}.load(0, 0, 0);
    const auto y = ct::partition_view{ct::tensor_span{b, ct::extents{2, 32, 8}}, ct::shape<2, 32, 8>{}}.load(0, 0, 0);
    const auto sums = ct::partition_view{ct::tensor_span{out, ct::extents{2, 16, 8}}, ct::shape<2, 16, 8>{}};
    sums.store(ct::mma(x, y, sums.load(0, 0, 0)), 0, 0, 0);
}

/// `in` [rows, cols] by tiles of 8 × 4 into `out`, where a tile takes 8 × 4 elements row after row, with zeros beyond;
/// into `nans` with NaN beyond; and back into `copy`. `by_columns`: in has its columns in its rows.
__tile_global__ void masks(const float* in, float* out, float* nans, float* copy, int rows, int cols, int by_columns) {
    using Part = ct::shape<8, 4>;
    const int i = static_cast<int>(ct::bid().y), j = static_cast<int>(ct::bid().x);
    const auto get = [&](auto view) {
        const auto tiles = ct::partition_view{
            ct::tensor_span{out, ct::extents{static_cast<int>(ct::num_blocks().y) * 8 * ct::num_blocks().x, 4}},
            Part{}};
        const auto with_nan = ct::partition_view{
            ct::tensor_span{nans, ct::extents{static_cast<int>(ct::num_blocks().y) * 8 * ct::num_blocks().x, 4}},
            Part{}};
        const int place = i * static_cast<int>(ct::num_blocks().x) + j;
        const auto tile = view.load_masked(i, j);
        tiles.store(tile, place, 0);
        with_nan.store(view.template load_masked<ct::view_padding::nan>(i, j), place, 0);
        ct::partition_view{ct::tensor_span{copy, ct::extents{rows, cols}}, Part{}}.store_masked(tile, i, j);
    };
    if (by_columns != 0)
        get(ct::partition_view{ct::tensor_span{in, ct::extents{rows, cols}, ct::layout_left{}}, Part{}});
    else
        get(ct::partition_view{ct::tensor_span{in, ct::extents{rows, cols}}, Part{}});
}

/// Every second row and every third column of `in` [16, 24], as [8, 8].
__tile_global__ void strides(const float* in, float* out) {
    const ct::layout_strided_mapping mapping{ct::extents{8, 8}, ct::extents{2 * 24, 3}};
    ct::partition_view{ct::tensor_span{out, ct::extents{8, 8}}, ct::shape<8, 8>{}}.store(
        ct::partition_view{ct::tensor_span{in, mapping}, ct::shape<8, 8>{}}.load(0, 0), 0, 0);
}

/// out[i] = in[index[i]] where index[i] ≥ 0, else −1.
__tile_global__ void gathers(const float* in, const int* index, float* out) {
    using Part = ct::shape<64>;
    const auto places = ct::partition_view{ct::tensor_span{index, ct::extents{64}}, Part{}}.load(0);
    const auto there = places >= 0;
    ct::store_masked(out + ct::iota<ct::tile<int, Part>>(), ct::load_masked(in + places, there, -1.0f),
                     places == places);
}

/// a in T and back.
template <typename T>
__tile_global__ void casts(const float* a, float* out) {
    whole(out).store(ct::element_cast<float>(ct::element_cast<T>(whole(a).load(0, 0))), 0, 0);
}

// -- Defects --------------------------------------------------------------------------------------------------------

/// The tile `at` of 16 of `size` numbers.
__tile_global__ void loads_tile(const float* in, float* out, int size, int at) {
    const auto from = ct::partition_view{ct::tensor_span{in, ct::extents{size}}, ct::shape<16>{}};
    ct::partition_view{ct::tensor_span{out, ct::extents{16}}, ct::shape<16>{}}.store(from.load(at), 0);
}
__tile_global__ void loads_masked(const float* in, float* out, int size, int at) {
    const auto from = ct::partition_view{ct::tensor_span{in, ct::extents{size}}, ct::shape<16>{}};
    ct::partition_view{ct::tensor_span{out, ct::extents{16}}, ct::shape<16>{}}.store(from.load_masked(at), 0);
}
__tile_global__ void promises(float* out, int offset, int count) {
    float* aligned = ct::assume_aligned(out + offset, 16_ic);
    *aligned = static_cast<float>(ct::assume_divisible(count, 8_ic));
}

std::vector<NativeInstance> tile_kernels() {
    NativeList list;
    list.add<elements>("elements", "");
    list.add<reductions>("reductions", "");
    list.add<shapes>("shapes", "");
    list.add<products<bf16, float>>("products", "bf16");
    list.add<products<float, float>>("products", "f32");
    list.add<products<__nv_fp8_e4m3, float>>("products", "e4m3");
    list.add<products<signed char, int>>("products", "s8");
    list.add<repeats>("repeats", "");
    list.add<every_third>("every_third", "");
    list.add<masks>("masks", "");
    list.add<strides>("strides", "");
    list.add<gathers>("gathers", "");
    list.add<casts<half>>("casts", "f16");
    list.add<casts<bf16>>("casts", "bf16");
    list.add<loads_tile>("loads_tile", "");
    list.add<loads_masked>("loads_masked", "");
    list.add<promises>("promises", "");
    return std::move(list);
}

}  // namespace stele::cuda_tile
