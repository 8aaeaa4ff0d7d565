#include "kernels/attention/layout.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stele::attention {

Layout::Layout(const Shape& shape, std::span<const std::int32_t> page_table)
    : shape_(shape), page_table_(page_table), q_offsets_{0}, k_offsets_{0} {
    for (std::int64_t sequence = 0; sequence < shape.batch; ++sequence) {
        q_offsets_.push_back(q_offsets_.back() + static_cast<std::int32_t>(shape.queries_of(sequence)));
        k_offsets_.push_back(k_offsets_.back() + static_cast<std::int32_t>(shape.keys_of(sequence)));
    }
}

std::int64_t Layout::query_row(std::int64_t sequence, std::int64_t head, std::int64_t query) const {
    if (!shape_.is_packed()) return (sequence * shape_.heads + head) * shape_.seq_q + query;
    return head * q_offsets_.back() + q_offsets_[static_cast<std::size_t>(sequence)] + query;
}

std::int64_t Layout::key_row(std::int64_t sequence, std::int64_t kv_head, std::int64_t key) const {
    if (shape_.is_paged()) {
        const std::int64_t entry = sequence * shape_.table_pages() + key / shape_.page;
        const std::int64_t page = page_table_[static_cast<std::size_t>(entry)];
        return (page * shape_.kv_heads + kv_head) * shape_.page + key % shape_.page;
    }
    if (!shape_.is_packed()) return (sequence * shape_.kv_heads + kv_head) * shape_.seq_k + key;
    return kv_head * k_offsets_.back() + k_offsets_[static_cast<std::size_t>(sequence)] + key;
}

std::span<const std::int32_t> page_table_of(const Shape& shape, std::span<const Tensor> inputs) {
    if (!shape.is_paged()) return {};
    return inputs[*tensor_index(shape, "page_table")].as<std::int32_t>();
}

void check_layout(const Shape& shape, std::span<const Tensor> inputs) {
    const std::span<const std::int32_t> table = page_table_of(shape, inputs);
    for (std::int64_t sequence = 0; sequence < shape.batch && shape.is_paged(); ++sequence)
        for (std::int64_t at = 0; at * shape.page < shape.keys_of(sequence); ++at) {
            const std::int32_t page = table[static_cast<std::size_t>(sequence * shape.table_pages() + at)];
            if (page < 0 || page >= shape.pool_pages())
                throw ProblemError(fmt::format(
                    "page_table[{}, {}] is {}: keys {} to {} of sequence {} need one of the {} pages of K and V",
                    sequence, at, page, at * shape.page, std::min((at + 1) * shape.page, shape.keys_of(sequence)) - 1,
                    sequence, shape.pool_pages()));
        }
    if (!shape.is_packed()) return;
    const Layout layout(shape, {});
    for (const auto& [name, wanted] :
         {std::pair("q_offsets", &layout.q_offsets()), std::pair("k_offsets", &layout.k_offsets())}) {
        const auto given = inputs[*tensor_index(shape, name)].as<std::int32_t>();
        const auto [at, right] = std::ranges::mismatch(given, *wanted);
        if (at != given.end())
            throw ProblemError(fmt::format("{}[{}] is {}, and by the problem's lengths it is {}", name,
                                           at - given.begin(), *at, *right));
    }
}

}  // namespace stele::attention
