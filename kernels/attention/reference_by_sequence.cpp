// The reference of sequences that are packed or in pages: each is laid out alone, and computed as any other.
#include <algorithm>
#include <cstring>

#include "kernels/attention/layout.hpp"

namespace stele::attention {
namespace {

/// `to` row by row, row i from row from(i).
template <typename From>
Tensor gathered(const TensorSpec& spec, const Tensor& tensor, std::int64_t head_dim, From&& from) {
    Tensor out(spec);
    const std::size_t bytes = static_cast<std::size_t>(head_dim) * size_of(spec.dtype);
    for (std::size_t row = 0; row * bytes < out.data.size(); ++row)
        std::memcpy(&out.data[row * bytes],
                    &tensor.data[static_cast<std::size_t>(from(static_cast<std::int64_t>(row))) * bytes], bytes);
    return out;
}

/// A row of the whole, and where it stands in the reference of its sequence.
struct Found {
    std::int64_t row;
    std::size_t sequence, at;
};

}  // namespace

std::vector<Expected> reference_by_sequence(const Shape& shape, std::span<const Tensor> inputs,
                                            const Arithmetic& arithmetic) {
    const Layout layout(shape, page_table_of(shape, inputs));
    const double pairs = pairs_of(shape);
    std::vector<std::vector<Expected>> parts;
    std::vector<Found> rows;
    for (std::int64_t sequence = 0; sequence < shape.batch; ++sequence) {
        const Shape one = shape.alone(sequence);
        const std::vector<TensorSpec> specs = tensors_of(one);
        const auto query_row = [&](std::int64_t row) {
            return layout.query_row(sequence, row / one.seq_q, row % one.seq_q);
        };
        const auto key_row = [&](std::int64_t row) {
            return layout.key_row(sequence, row / one.seq_k, row % one.seq_k);
        };
        std::vector<Tensor> own{gathered(specs[tensor_q], inputs[tensor_q], shape.head_dim, query_row),
                                gathered(specs[tensor_k], inputs[tensor_k], shape.head_dim, key_row)};
        if (!shape.is_latent()) own.push_back(gathered(specs[tensor_v], inputs[tensor_v], shape.head_dim, key_row));
        if (const auto first = tensor_index(shape, "q_scale"))
            for (std::size_t scale = *first; scale < *first + 3; ++scale) own.push_back(inputs[scale]);
        // The pairs of all, so that each sequence gives its share of a sample.
        parts.push_back(reference_of(one, own, pairs, dense_visibility(one), arithmetic));
        const Expected& lse = parts.back().back();
        for (std::size_t at = 0; at < lse.value.size(); ++at)
            rows.push_back({query_row(static_cast<std::int64_t>(lse.sampled.empty() ? at : lse.sampled[at])),
                            parts.size() - 1, at});
    }
    std::ranges::sort(rows, {}, &Found::row);

    const auto value_dim = static_cast<std::size_t>(shape.value_dim());
    const bool sampled = static_cast<std::int64_t>(rows.size()) < shape.rows();
    std::vector<Expected> out(2);
    const auto add = [&](Expected& to, const Expected& from, const Found& found, std::size_t width) {
        for (std::size_t d = 0; d < width; ++d) {
            to.value.push_back(from.value[found.at * width + d]);
            to.bound.push_back(from.bound[found.at * width + d]);
            if (sampled) to.sampled.push_back(static_cast<std::size_t>(found.row) * width + d);
        }
    };
    for (const Found& found : rows) {
        add(out[0], parts[found.sequence][0], found, value_dim);
        add(out[1], parts[found.sequence][1], found, 1);
    }
    return out;
}

}  // namespace stele::attention
