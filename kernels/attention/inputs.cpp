// What attention's problems are drawn as.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>
#include <numeric>
#include <random>

#include "kernels/attention/layout.hpp"

namespace stele::attention {
namespace {

constexpr std::int32_t no_page = -1;

/// Around 1, and never near 0.
void fill_scale(Tensor& scale, std::uint64_t seed) {
    fill(scale, Fill::normal, seed, 0.1);
    for (float& value : scale.as<float>()) value += 1.0f;
}

/// What the scales of a head's Q and K make of its scores; 1 where there are none.
double score_scale(const Shape& shape, std::span<const Tensor> scales, std::int64_t head) {
    if (scales.empty()) return 1;
    return scales[0].at(static_cast<std::size_t>(head)) * scales[1].at(static_cast<std::size_t>(head / shape.group()));
}

/// Makes each row of Q a multiple of a key that it sees.
void reach_logits(const Shape& shape, const Layout& layout, std::span<const Tensor> scales, Tensor& q,
                  const Tensor& k) {
    for (std::int64_t sequence = 0; sequence < shape.batch; ++sequence) {
        const Shape one = shape.alone(sequence);
        for (std::int64_t at = 0; at < one.rows(); ++at) {
            const std::int64_t query = at % one.seq_q, head = at / one.seq_q;
            const std::int64_t row = layout.query_row(sequence, head, query);
            const KeyRange seen = visible_keys(one, query);
            if (seen.count() == 0) continue;
            // 7919 is a prime beyond the tile sizes, so that the chosen keys fall into different tiles.
            const std::int64_t key = seen.begin + row * 7919 % seen.count();
            const auto from =
                static_cast<std::size_t>(layout.key_row(sequence, head / shape.group(), key) * shape.head_dim);
            double norm = 0;
            for (std::int64_t d = 0; d < shape.head_dim; ++d) norm += k.at(from + d) * k.at(from + d);
            if (norm == 0) continue;
            const double factor = (row % 2 == 0 ? shape.logits : -shape.logits) /
                                  (norm * shape.softmax_scale * score_scale(shape, scales, head));
            for (std::int64_t d = 0; d < shape.head_dim; ++d)
                q.set(static_cast<std::size_t>(row * shape.head_dim + d), factor * k.at(from + d));
        }
    }
}

/// Pages in an order of no meaning, the first `shared_pages` the same for all; none past a sequence's last key.
std::vector<std::int32_t> drawn_page_table(const Shape& shape, std::uint64_t seed) {
    std::vector<std::int32_t> pool(static_cast<std::size_t>(shape.pool_pages()));
    std::iota(pool.begin(), pool.end(), 0);
    std::mt19937_64 draws(seed);
    for (std::size_t left = pool.size(); left > 1; --left) std::swap(pool[left - 1], pool[draws() % left]);
    std::vector<std::int32_t> table(static_cast<std::size_t>(shape.batch * shape.table_pages()), no_page);
    std::size_t next = static_cast<std::size_t>(shape.shared_pages);
    for (std::int64_t sequence = 0; sequence < shape.batch; ++sequence)
        for (std::int64_t at = 0; at * shape.page < shape.keys_of(sequence); ++at)
            table[static_cast<std::size_t>(sequence * shape.table_pages() + at)] =
                pool[at < shape.shared_pages ? static_cast<std::size_t>(at) : next++];
    return table;
}

/// NaN in all rows of K or V that no key has, or one that no query sees.
void spoil_unused(const Shape& shape, const Layout& layout, Tensor& tensor) {
    const auto head_dim = static_cast<std::size_t>(shape.head_dim);
    std::vector<bool> used(tensor.spec.elements() / head_dim);
    for (std::int64_t sequence = 0; sequence < shape.batch; ++sequence) {
        const std::int64_t keys = shape.keys_of(sequence);
        for (std::int64_t head = 0; head < shape.kv_heads; ++head)
            for (std::int64_t key = keys - shape.seen_keys_of(sequence); key < keys; ++key)
                used[static_cast<std::size_t>(layout.key_row(sequence, head, key))] = true;
    }
    for (std::size_t row = 0; row < used.size(); ++row)
        for (std::size_t d = 0; d < head_dim && !used[row]; ++d)
            tensor.set(row * head_dim + d, std::numeric_limits<double>::quiet_NaN());
}

Tensor tensor_of(const TensorSpec& spec, const std::vector<std::int32_t>& values) {
    Tensor out(spec);
    std::ranges::copy(values, out.as<std::int32_t>().begin());
    return out;
}

}  // namespace

std::vector<Tensor> inputs_of(const Shape& shape, std::uint64_t seed, Fill how) {
    const std::vector<TensorSpec> specs = tensors_of(shape);
    std::vector<Tensor> out;
    const std::size_t matrices = shape.is_latent() ? 2 : 3;  // Q, K and V
    for (std::size_t i = 0; i < matrices; ++i) {
        out.emplace_back(specs[i]);
        fill(out.back(), how, seed * 3 + i);
    }
    std::vector<std::int32_t> page_table;
    if (shape.is_paged()) page_table = drawn_page_table(shape, seed);
    const Layout layout(shape, page_table);
    std::vector<Tensor> scales;
    for (const char* name : {"q_scale", "k_scale", "v_scale"})
        if (const auto index = tensor_index(shape, name))
            fill_scale(scales.emplace_back(specs[*index]), seed * 3 + 3 + scales.size());
    if (shape.logits != 0 && how != Fill::zeros) reach_logits(shape, layout, scales, out[tensor_q], out[tensor_k]);
    if (shape.is_paged() || shape.window > 0)
        for (std::size_t tensor = tensor_k; tensor < matrices; ++tensor) spoil_unused(shape, layout, out[tensor]);
    if (shape.is_paged()) out.push_back(tensor_of(specs[out.size()], page_table));
    if (shape.is_packed())
        for (const auto* offsets : {&layout.q_offsets(), &layout.k_offsets()})
            out.push_back(tensor_of(specs[out.size()], *offsets));
    std::ranges::move(scales, std::back_inserter(out));
    return out;
}

}  // namespace stele::attention
