#include "kernels/attention/problem.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <stdexcept>

#include "kernels/attention/layout.hpp"
#include "kernels/attention/tile.hpp"

namespace stele::attention {
namespace {

// Grid extents in y and z end at 65535 on NVIDIA.
constexpr std::int64_t most_heads = 65535;
// Offsets within a head and numbers of query rows are 32-bit in the kernels; offsets across heads are 64-bit.
constexpr std::int64_t most_keys = std::int64_t{1} << 23;
constexpr std::int64_t most_elements = std::int64_t{1} << 36;

// Drawn lengths are part of the problem, so their seed is too.
constexpr std::uint64_t lengths_seed = 1;

/// Row i of q sees i + 1 + (k − q) keys, or none: a trapezium if k ≥ q, else the triangle of the last k rows.
double causal_pairs(double q, double k) { return k >= q ? q * (k - q) + q * (q + 1) / 2 : k * (k + 1) / 2; }

/// 0 … longest, one of them the longest.
std::vector<std::int64_t> drawn_lengths(std::int64_t batch, std::int64_t longest) {
    std::mt19937_64 draws(lengths_seed);
    std::vector<std::int64_t> out(static_cast<std::size_t>(batch));
    for (std::int64_t& length : out)
        length = static_cast<std::int64_t>(draws() % static_cast<std::uint64_t>(longest + 1));
    out[static_cast<std::size_t>(draws() % out.size())] = longest;
    return out;
}

}  // namespace

std::int64_t Shape::keys_of(std::int64_t sequence) const {
    return is_packed() ? lengths[static_cast<std::size_t>(sequence)] : seq_k;
}

std::int64_t Shape::queries_of(std::int64_t sequence) const {
    return is_packed() ? std::clamp<std::int64_t>(keys_of(sequence), 1, seq_q) : seq_q;
}

std::int64_t Shape::all_keys() const {
    return is_packed() ? std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0}) : batch * seq_k;
}

std::int64_t Shape::all_queries() const {
    if (!is_packed()) return batch * seq_q;
    std::int64_t sum = 0;
    for (std::int64_t sequence = 0; sequence < batch; ++sequence) sum += queries_of(sequence);
    return sum;
}

std::int64_t Shape::pool_pages() const {
    std::int64_t pages = batch + shared_pages;
    for (std::int64_t sequence = 0; sequence < batch; ++sequence)
        pages += (keys_of(sequence) + page - 1) / page - shared_pages;
    return pages;
}

Shape Shape::alone(std::int64_t sequence) const {
    Shape one = *this;
    one.batch = 1;
    one.seq_q = queries_of(sequence);
    one.seq_k = keys_of(sequence);
    one.page = one.shared_pages = 0;
    one.lengths.clear();
    return one;
}

float default_softmax_scale(std::int64_t head_dim) {
    return static_cast<float>(1.0 / std::sqrt(static_cast<double>(head_dim)));
}

std::int64_t Shape::seen_keys_of(std::int64_t sequence) const {
    const std::int64_t keys = keys_of(sequence);
    return window == 0 ? keys : std::min(keys, queries_of(sequence) + window - 1);
}

KeyRange visible_keys(const Shape& shape, std::int64_t query) {
    if (!shape.causal) return {0, shape.seq_k};
    const auto end = std::clamp<std::int64_t>(query + 1 + shape.seq_k - shape.seq_q, 0, shape.seq_k);
    return {shape.window == 0 ? 0 : std::max<std::int64_t>(end - shape.window, 0), end};
}

double pairs_of(const Shape& shape) {
    if (shape.is_packed()) {
        double sum = 0;
        for (std::int64_t sequence = 0; sequence < shape.batch; ++sequence) sum += pairs_of(shape.alone(sequence));
        return sum;
    }
    const double q = static_cast<double>(shape.seq_q), k = static_cast<double>(shape.seq_k);
    double pairs = q * k;
    if (shape.causal) pairs = causal_pairs(q, k);
    // What a window leaves out is as if the last keys were not there.
    if (shape.window > 0) pairs -= causal_pairs(q, std::max(k - static_cast<double>(shape.window), 0.0));
    return pairs * static_cast<double>(shape.batch * shape.heads);
}

double flops_of(const Shape& shape, double pairs) {
    return 2.0 * static_cast<double>(shape.head_dim + shape.value_dim()) * pairs;
}

Shape take_shape(ProblemText& text, std::span<const std::int64_t> head_dims, const std::set<Dtype>& dtypes) {
    Shape shape;
    shape.batch = text.take_extent("batch", 1, most_heads);
    shape.heads = text.take_extent("heads", 1, most_heads);
    shape.kv_heads = text.take_extent("kv_heads", 1, most_heads);
    shape.seq_q = text.take_extent("seq_q", 1, most_keys);
    shape.seq_k = text.take_extent("seq_k", 0, most_keys);
    shape.head_dim = text.take_extent("head_dim", 1, most_keys);
    shape.dtype = text.take_dtype(dtypes);
    shape.causal = text.take_flag("causal");
    const float by_default = default_softmax_scale(shape.head_dim);
    shape.softmax_scale = static_cast<float>(text.take_real_or("scale", by_default, -1e4, 1e4));
    shape.logits = text.take_real_or("logits", 0, 0, 1e4);
    if (std::ranges::find(head_dims, shape.head_dim) == head_dims.end())
        text.fail(fmt::format("head_dim={} is not supported: the kernels are built for {}", shape.head_dim,
                              fmt::join(head_dims, ", ")));
    if (shape.heads % shape.kv_heads != 0)
        text.fail(
            fmt::format("heads={} is not a multiple of kv_heads={}: query heads share key-value heads in equal "
                        "groups",
                        shape.heads, shape.kv_heads));
    if (shape.logits != 0 && shape.softmax_scale == 0) text.fail("logits cannot be reached with scale=0");
    if (shape.rows() > most_elements / shape.head_dim ||
        shape.batch * shape.kv_heads * shape.seq_k > most_elements / shape.head_dim)
        text.fail(fmt::format("a tensor would have more than {} elements", most_elements));
    return shape;
}

void take_window(ProblemText& text, Shape& shape) {
    shape.window = text.take_extent_or("window", 0, 1, most_keys);
    if (shape.window > 0 && !shape.causal) text.fail("window= without causal: it ends with a query's own key");
}

void take_latent(ProblemText& text, Shape& shape) {
    shape.latent = text.take_extent_or("latent", 0, latent_value_dim, latent_value_dim);
    if (shape.is_latent() != (shape.head_dim == latent_head_dim))
        text.fail(
            fmt::format("head_dim={} and latent={} go together: of each key's {} columns the first {} are its value",
                        latent_head_dim, latent_value_dim, latent_head_dim, latent_value_dim));
    if (shape.is_latent() && shape.has_scales())
        text.fail("latent keys are not in e4m3: keys and values would be the same numbers with two scales");
    if (shape.is_latent() && shape.kv_heads != 1)
        text.fail(fmt::format("latent={} with kv_heads={}: all heads read the same keys, kv_heads=1", shape.latent,
                              shape.kv_heads));
}

void take_layout(ProblemText& text, Shape& shape) {
    shape.page = text.take_extent_or("page", 0, 16, 256);
    shape.shared_pages = text.take_extent_or("shared_pages", 0, 0, most_keys);
    shape.lengths = text.take_extents("lengths", 0, most_keys);
    shape.ragged = text.take_flag("ragged");
    if ((shape.page & (shape.page - 1)) != 0) text.fail(fmt::format("page={} is not a power of two", shape.page));
    if (shape.ragged && shape.is_packed()) text.fail("lengths are given, and ragged asks to draw them");
    if (shape.ragged) shape.lengths = drawn_lengths(shape.batch, shape.seq_k);
    if (shape.is_packed()) {
        if (static_cast<std::int64_t>(shape.lengths.size()) != shape.batch)
            text.fail(fmt::format("{} lengths are given for batch={}", shape.lengths.size(), shape.batch));
        if (const std::int64_t longest = *std::ranges::max_element(shape.lengths); longest != shape.seq_k)
            text.fail(fmt::format("the longest of lengths= is {}, and seq_k={} says another", longest, shape.seq_k));
    }
    for (std::int64_t sequence = 0; sequence < shape.batch; ++sequence)
        if (shape.shared_pages * shape.page > shape.keys_of(sequence))
            text.fail(fmt::format("shared_pages={} of page={} are more than the {} keys of sequence {}",
                                  shape.shared_pages, shape.page, shape.keys_of(sequence), sequence));
    if (shape.shared_pages > 0 && !shape.is_paged()) text.fail("shared_pages= without page=");
}

std::string shape_text(const Shape& shape) {
    std::string out =
        fmt::format("batch={} heads={} kv_heads={} seq_q={} seq_k={} head_dim={} {}", shape.batch, shape.heads,
                    shape.kv_heads, shape.seq_q, shape.seq_k, shape.head_dim, name(shape.dtype));
    if (shape.causal) out += " causal";
    if (shape.window != 0) out += fmt::format(" window={}", shape.window);
    // fmt's shortest form that reads back to the same f32.
    if (shape.softmax_scale != default_softmax_scale(shape.head_dim))
        out += fmt::format(" scale={}", shape.softmax_scale);
    if (shape.is_latent()) out += fmt::format(" latent={}", shape.latent);
    if (shape.logits != 0) out += fmt::format(" logits={}", shape.logits);
    if (shape.is_paged()) out += fmt::format(" page={}", shape.page);
    if (shape.shared_pages != 0) out += fmt::format(" shared_pages={}", shape.shared_pages);
    if (shape.ragged) return out + " ragged";
    if (shape.is_packed()) out += fmt::format(" lengths={}", fmt::join(shape.lengths, ","));
    return out;
}

std::vector<TensorSpec> tensors_of(const Shape& shape) {
    std::vector<std::int64_t> query_shape{shape.batch, shape.heads, shape.seq_q};
    std::vector<std::int64_t> key_shape{shape.batch, shape.kv_heads, shape.seq_k, shape.head_dim};
    std::vector<std::string> query_names{"batch", "heads", "seq_q"};
    std::vector<std::string> key_names{"batch", "kv_heads", "seq_k", "head_dim"};
    if (shape.is_packed()) {
        query_shape = {shape.heads, shape.all_queries()};
        query_names = {"heads", "queries"};
        key_shape = {shape.kv_heads, shape.all_keys(), shape.head_dim};
        key_names = {"kv_heads", "keys", "head_dim"};
    }
    if (shape.is_paged()) {
        key_shape = {shape.pool_pages(), shape.kv_heads, shape.page, shape.head_dim};
        key_names = {"pages", "kv_heads", "page", "head_dim"};
    }
    const TensorSpec lse{"lse", Role::output, Dtype::f32, query_shape, query_names};
    query_shape.push_back(shape.head_dim);
    query_names.emplace_back("head_dim");
    std::vector<TensorSpec> out{{"Q", Role::input, shape.dtype, query_shape, query_names},
                                {"K", Role::input, shape.dtype, key_shape, key_names}};
    if (!shape.is_latent()) out.push_back({"V", Role::input, shape.dtype, key_shape, key_names});
    if (shape.is_paged())
        out.push_back(
            {"page_table", Role::input, Dtype::i32, {shape.batch, shape.table_pages()}, {"batch", "table_pages"}});
    if (shape.is_packed())
        for (const char* name : {"q_offsets", "k_offsets"})
            out.push_back({name, Role::input, Dtype::i32, {shape.batch + 1}, {"batch + 1"}});
    if (shape.has_scales()) {
        out.push_back({"q_scale", Role::input, Dtype::f32, {shape.heads}, {"heads"}});
        for (const char* name : {"k_scale", "v_scale"})
            out.push_back({name, Role::input, Dtype::f32, {shape.kv_heads}, {"kv_heads"}});
    }
    if (shape.is_latent()) {
        query_shape.back() = shape.latent;
        query_names.back() = "value_dim";
    }
    out.push_back({"O", Role::output, shape.output_dtype(), query_shape, query_names});
    out.push_back(lse);
    return out;
}

std::optional<std::size_t> tensor_index(const Shape& shape, std::string_view name) {
    const std::vector<TensorSpec> specs = tensors_of(shape);
    const auto found = std::ranges::find(specs, name, &TensorSpec::name);
    if (found == specs.end()) return std::nullopt;
    return static_cast<std::size_t>(found - specs.begin());
}

VisibleKeys dense_visibility(const Shape& shape) {
    return [shape](std::int64_t, std::int64_t, std::int64_t query, std::vector<std::int32_t>& keys) {
        const KeyRange seen = visible_keys(shape, query);
        keys.resize(static_cast<std::size_t>(seen.count()));
        std::iota(keys.begin(), keys.end(), static_cast<std::int32_t>(seen.begin));
    };
}

double AttentionProblem::flops() const { return flops_of(shape_, pairs_of(shape_)); }

double AttentionProblem::bytes() const {
    double bytes = 0;
    for (const TensorSpec& spec : tensors())
        if (spec.name != "K" && spec.name != "V") bytes += static_cast<double>(spec.bytes());
    // Keys that are seen, shared ones once; not the rest of their pages.
    std::int64_t keys = 0, shared = 0;
    for (std::int64_t sequence = 0; sequence < shape_.batch; ++sequence) {
        const std::int64_t seen = shape_.seen_keys_of(sequence), unseen = shape_.keys_of(sequence) - seen;
        const std::int64_t seen_shared = std::max<std::int64_t>(shape_.shared_pages * shape_.page - unseen, 0);
        keys += seen - seen_shared;
        shared = std::max(shared, seen_shared);
    }
    keys += shared;
    return bytes + (shape_.is_latent() ? 1 : 2) * static_cast<double>(keys * shape_.kv_heads * shape_.head_dim) *
                       static_cast<double>(size_of(shape_.dtype));
}

std::vector<Tensor> AttentionProblem::inputs(std::uint64_t seed, Fill how) const {
    return inputs_of(shape_, seed, how);
}

std::vector<Expected> AttentionProblem::reference(std::span<const Tensor> inputs, const Arithmetic& arithmetic) const {
    if (shape_.is_packed() || shape_.is_paged()) return reference_by_sequence(shape_, inputs, arithmetic);
    return reference_of(shape_, inputs, pairs_of(shape_), dense_visibility(shape_), arithmetic);
}

void AttentionProblem::check_inputs(std::span<const Tensor> inputs) const { check_layout(shape_, inputs); }

const Shape& shape_of(const Problem& problem) {
    if (const auto* found = dynamic_cast<const AttentionProblem*>(&problem)) return found->shape();
    throw std::logic_error("attention was handed a problem of " + std::string(problem.operation()));
}

}  // namespace stele::attention
