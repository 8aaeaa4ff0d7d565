// Where the rows of Q and the keys of a problem lie: sequence by sequence, packed end to end, or in pages.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/attention/problem.hpp"

namespace stele::attention {

/// Rows of Q [heads, …], and of K and V, by sequence, head and place in it.
class Layout {
public:
    /// `page_table` is read as keys are asked for; empty where keys are not in pages.
    Layout(const Shape& shape, std::span<const std::int32_t> page_table);

    std::int64_t query_row(std::int64_t sequence, std::int64_t head, std::int64_t query) const;
    std::int64_t key_row(std::int64_t sequence, std::int64_t kv_head, std::int64_t key) const;

    /// Cumulative, batch + 1 of them, from 0.
    const std::vector<std::int32_t>& q_offsets() const { return q_offsets_; }
    const std::vector<std::int32_t>& k_offsets() const { return k_offsets_; }

private:
    Shape shape_;
    std::span<const std::int32_t> page_table_;
    std::vector<std::int32_t> q_offsets_, k_offsets_;
};

/// The page table among a problem's inputs; empty where it has none.
std::span<const std::int32_t> page_table_of(const Shape& shape, std::span<const Tensor> inputs);

/// Throws ProblemError where a page of a key is not one of the pool, or offsets are not those of the lengths.
void check_layout(const Shape& shape, std::span<const Tensor> inputs);

}  // namespace stele::attention
