// Attention, forward: O = softmax(softmax_scale · Q Kᵀ, masked) V and lse, with grouped heads and unequal lengths.
// The pieces that sparse_attention shares are free functions over a Shape; README.md has the mathematics.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/operation.hpp"
#include "kernels/problem_text.hpp"

namespace stele::attention {

/// Sizes of one attention. Query head h reads key-value head h / (heads / kv_heads).
struct Shape {
    std::int64_t batch = 1, heads = 1, kv_heads = 1;
    std::int64_t seq_q = 1, seq_k = 1;
    std::int64_t head_dim = 64;
    bool causal = false;
    std::int64_t window = 0;       ///< of a causal mask: so many last keys a query sees; 0: all up to its own
    float softmax_scale = 0.125f;  ///< what the kernels get; 1/sqrt(head_dim) unless the problem says otherwise
    Dtype dtype = Dtype::f32;      ///< of Q, K and V, and of O but for e4m3; lse is always f32
    std::int64_t latent = 0;       ///< so many first columns of a key are its value, and there is no V; 0: V is its own
    double logits = 0;             ///< not 0: Q is drawn so that each row has a score of ±logits
    std::int64_t page = 0;         ///< keys of a page, a power of two; 0: K and V are not in pages
    std::int64_t shared_pages = 0;           ///< so many first pages are the same ones for all sequences
    std::vector<std::int64_t> lengths = {};  ///< keys of each sequence, then packed end to end; empty: seq_k each
    bool ragged = false;                     ///< lengths were drawn

    std::int64_t group() const { return heads / kv_heads; }
    /// Columns of a row of V, and of O.
    std::int64_t value_dim() const { return is_latent() ? latent : head_dim; }
    bool is_latent() const { return latent > 0; }
    bool is_packed() const { return !lengths.empty(); }
    bool is_paged() const { return page > 0; }
    /// 8-bit operands come with a factor for each head.
    bool has_scales() const { return dtype == Dtype::e4m3; }
    Dtype output_dtype() const { return has_scales() ? Dtype::bf16 : dtype; }
    std::int64_t keys_of(std::int64_t sequence) const;
    /// seq_q; packed, no more than there are keys, and one at least.
    std::int64_t queries_of(std::int64_t sequence) const;
    std::int64_t all_keys() const;
    /// Last keys of a sequence that some query sees.
    std::int64_t seen_keys_of(std::int64_t sequence) const;
    std::int64_t all_queries() const;
    /// Of Q and O: heads · all_queries().
    std::int64_t rows() const { return heads * all_queries(); }
    /// Columns of the page table: what the longest sequence needs, and one that no sequence uses.
    std::int64_t table_pages() const { return is_paged() ? (seq_k + page - 1) / page + 1 : 0; }
    /// Pages that there are: those in use, and one a sequence that is not.
    std::int64_t pool_pages() const;
    /// One sequence alone, its keys in one piece.
    Shape alone(std::int64_t sequence) const;
};

/// 1/sqrt(head_dim), rounded to f32.
float default_softmax_scale(std::int64_t head_dim);

/// Keys begin … end − 1.
struct KeyRange {
    std::int64_t begin, end;
    std::int64_t count() const { return end - begin; }
};

/// Of sequences of one length: the keys that query `query` sees. Causal, the last query is aligned to the last key: key
/// j is seen if j ≤ query + seq_k − seq_q, and of these the last `window`.
KeyRange visible_keys(const Shape& shape, std::int64_t query);

/// Sum of visible_keys() over batch, heads and queries, by formula.
double pairs_of(const Shape& shape);

/// 2 · (head_dim + value_dim) · pairs: a multiply and an add in each of the two products.
double flops_of(const Shape& shape, double pairs);

/// Reads the words that every attention problem has, and refuses a head_dim that is none of `head_dims`. Throws
/// ProblemError through `text`; does not call finish().
Shape take_shape(ProblemText& text, std::span<const std::int64_t> head_dims,
                 const std::set<Dtype>& dtypes = {Dtype::f32, Dtype::f16, Dtype::bf16});
/// Reads window=.
void take_window(ProblemText& text, Shape& shape);
/// Reads latent=.
void take_latent(ProblemText& text, Shape& shape);
/// Reads how K, V and the sequences lie: page=, shared_pages=, lengths= or ragged.
void take_layout(ProblemText& text, Shape& shape);

/// "batch=1 heads=8 kv_heads=2 seq_q=128 seq_k=128 head_dim=64 f16 causal": take_shape() reads it back.
std::string shape_text(const Shape& shape);

/// Q [batch, heads, seq_q, head_dim], K and V [batch, kv_heads, seq_k, head_dim], then the outputs O (as Q) and
/// lse [batch, heads, seq_q] in f32; e4m3 has O in bf16. Packed: Q [heads, queries, head_dim], K and V [kv_heads, keys,
/// head_dim], and the inputs q_offsets and k_offsets [batch + 1]. Paged: K and V [pages, kv_heads, page, head_dim], and
/// the input page_table [batch, table_pages]. Latent: there is no V, and O has value_dim columns. With scales the last
/// inputs are q_scale [heads], k_scale and v_scale [kv_heads]: f32 factors of a head's Q, K and V.
std::vector<TensorSpec> tensors_of(const Shape& shape);
/// Where a tensor stands in tensors_of(); none where the problem has no such tensor.
std::optional<std::size_t> tensor_index(const Shape& shape, std::string_view name);

/// The inputs. Q, K, V: normal or zeros; NaN in K and V where no sequence has a key, or no query of it sees it. With
/// `shape.logits` each row of Q is a multiple of one key that `visible_keys` shows it, so that its score is +logits in
/// even rows and −logits in odd ones.
std::vector<Tensor> inputs_of(const Shape& shape, std::uint64_t seed, Fill fill);

/// Writes the keys that a query row sees, ascending, into `keys` (handed over empty). Called from several threads.
using VisibleKeys =
    std::function<void(std::int64_t batch, std::int64_t head, std::int64_t query, std::vector<std::int32_t>& keys)>;

/// visible_keys(shape, query).
VisibleKeys dense_visibility(const Shape& shape);

/// O and lse in double, each with its bound (README.md derives it). `pairs` is the number of (query, key) pairs in
/// all; beyond a few million only a spread sample of whole query rows is computed, the same for the same shape. A row
/// that sees nothing has O = 0 and lse = −inf. `inputs` begins with Q, K, V.
std::vector<Expected> reference_of(const Shape& shape, std::span<const Tensor> inputs, double pairs,
                                   const VisibleKeys& visible, const Arithmetic& arithmetic);
/// What it takes at its peak, in bytes, about.
double reference_bytes_of(const Shape& shape, double pairs);

/// The same for sequences that are packed, or whose keys are in pages: one after the other.
std::vector<Expected> reference_by_sequence(const Shape& shape, std::span<const Tensor> inputs,
                                            const Arithmetic& arithmetic);

/// One shape of dense attention.
class AttentionProblem final : public Problem {
public:
    explicit AttentionProblem(const Shape& shape) : shape_(shape) {}
    const Shape& shape() const { return shape_; }

    std::string_view operation() const override { return "attention"; }
    std::string id() const override { return shape_text(shape_); }
    Dtype dtype() const override { return shape_.dtype; }
    double flops() const override;
    double bytes() const override;
    std::vector<TensorSpec> tensors() const override { return tensors_of(shape_); }
    std::vector<Tensor> inputs(std::uint64_t seed, Fill fill) const override;
    void check_inputs(std::span<const Tensor> inputs) const override;
    std::vector<Expected> reference(std::span<const Tensor> inputs, const Arithmetic& arithmetic) const override;
    double reference_bytes() const override { return reference_bytes_of(shape_, pairs_of(shape_)); }

private:
    Shape shape_;
};

/// The shape behind a problem of this operation. Throws std::logic_error for another operation's problem.
const Shape& shape_of(const Problem& problem);

/// Indices into tensors_of() where sequences are not packed, keys not in pages and not latent.
enum AttentionTensor : std::size_t { tensor_q, tensor_k, tensor_v, tensor_o, tensor_lse };

}  // namespace stele::attention
