// Attention composed of a CPU library's matrix products, as one does who has nothing better: per key-value head
// S = Q Kᵀ, softmax, O = P V. Libraries differ in the products alone; the softmax between them is ours, since theirs
// know neither the mask nor lse.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "kernels/attention/rows.hpp"

namespace stele::attention {

/// The two products of one key-value head, on row-major f32 with rows = group · seq_q:
/// scores[rows, seq_k] = Q[rows, head_dim] K[seq_k, head_dim]ᵀ and O[rows, value_dim] = P[rows, seq_k] V[seq_k,
/// value_dim], whose rows are head_dim apart.
struct Products {
    std::function<void(const float* q, const float* k, float* scores)> score;
    std::function<void(const float* p, const float* v, float* o)> weigh;
};

/// What a library brings.
struct ComposedLibrary {
    std::string name;                      ///< "openblas"
    std::function<std::string()> why_not;  ///< empty if it is here
    std::function<std::string()> description;
    std::function<Products(const Shape&)> products;  ///< extents are at least 1
};

/// The row attention/vendor.<name> on `host`: f32, and f16 and bf16 converted to it and back in each call.
Variant composed_row(const ComposedLibrary& library);

/// V [keys, columns], rows `stride` apart.
struct Values {
    const float* v;
    std::int64_t keys, columns, stride;
};

/// O[rows, columns] = P[rows, keys] V by `multiply`, of a row the keys seen(row) alone: where a key that some row does
/// not see holds NaN or infinity, which P's 0 would carry there, it is left out of the product and added to the rows
/// that see it.
void weigh_seen(std::int64_t rows, const Values& values, const float* p, float* o,
                const std::function<KeyRange(std::int64_t row)>& seen,
                const std::function<void(const float* p, const float* v, float* o)>& multiply);

/// Turns one row of `all` unscaled scores into probabilities in place: those of keys `seen` count, the others become 0.
/// Returns the row's lse, −inf where nothing is seen.
float softmax_row(float* row, KeyRange seen, std::int64_t all, float softmax_scale);

/// Turns the scores of one key-value head into probabilities in place, and writes their lse.
void softmax_rows(const Shape& shape, float* scores, float* lse);

}  // namespace stele::attention
