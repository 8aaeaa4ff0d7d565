// Attention over sequences that are packed end to end, or whose keys are in pages: what is drawn, refused, expected.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "kernels/attention/layout.hpp"
#include "kernels/attention/operation.hpp"

namespace stele::attention::attention_layout_test {
namespace {

const Operation& operation() {
    static const std::unique_ptr<Operation> made = make_operation();
    return *made;
}

std::string refusal(const std::string& text) {
    try {
        operation().parse(text);
    } catch (const ProblemError& error) {
        return error.what();
    }
    return "";
}

std::string refusal(const Problem& problem, const std::vector<Tensor>& inputs) {
    try {
        problem.check_inputs(inputs);
    } catch (const ProblemError& error) {
        return error.what();
    }
    return "";
}

const std::string paged = "batch=3 heads=2 kv_heads=2 seq_q=1 seq_k=70 head_dim=64 f32 page=16 ";

TEST(AttentionLayout, BadTextsSayWhy) {
    EXPECT_NE(refusal("batch=1 heads=1 kv_heads=1 seq_q=1 seq_k=9 head_dim=64 page=48").find("power of two"),
              std::string::npos);
    EXPECT_NE(refusal("batch=1 heads=1 kv_heads=1 seq_q=1 seq_k=9 head_dim=64 page=8").find("16 to 256"),
              std::string::npos);
    EXPECT_NE(refusal(paged + "lengths=70,3").find("2 lengths are given for batch=3"), std::string::npos);
    EXPECT_NE(refusal(paged + "lengths=60,3,4").find("the longest of lengths= is 60"), std::string::npos);
    EXPECT_NE(refusal(paged + "lengths=70,3,4 ragged").find("ragged"), std::string::npos);
    EXPECT_NE(refusal(paged + "lengths=70,3,40 shared_pages=1").find("the 3 keys of sequence 1"), std::string::npos);
    EXPECT_NE(refusal("batch=1 heads=1 kv_heads=1 seq_q=1 seq_k=9 head_dim=64 shared_pages=1").find("without page="),
              std::string::npos);
    EXPECT_EQ(refusal(paged + "shared_pages=4"), "");
}

TEST(AttentionLayout, RaggedLengthsAreOfTheProblem) {
    const auto problem = operation().parse("batch=9 heads=1 kv_heads=1 seq_q=1 seq_k=500 head_dim=64 ragged");
    const Shape& shape = shape_of(*problem);
    EXPECT_EQ(shape.lengths, shape_of(*operation().parse(problem->id())).lengths);
    EXPECT_EQ(*std::ranges::max_element(shape.lengths), 500);
    EXPECT_GT(std::set<std::int64_t>(shape.lengths.begin(), shape.lengths.end()).size(), 5u);
}

TEST(AttentionLayout, PagesAreSharedAsAskedForAndNothingElseHasNumbers) {
    const auto problem = operation().parse(paged + "lengths=70,33,40 shared_pages=2");
    const Shape& shape = shape_of(*problem);
    const std::vector<Tensor> inputs = problem->inputs(5, Fill::normal);
    const auto table = page_table_of(shape, inputs);
    std::set<std::int32_t> first(table.begin(), table.begin() + 5), all;
    for (std::int64_t sequence = 0; sequence < 3; ++sequence)
        for (std::int64_t at = 0; at < shape.table_pages(); ++at) {
            const std::int32_t page = table[static_cast<std::size_t>(sequence * shape.table_pages() + at)];
            EXPECT_EQ(page == -1, at * 16 >= shape.keys_of(sequence)) << sequence << ' ' << at;
            EXPECT_EQ(first.contains(page), sequence == 0 ? at < 5 : at < 2) << sequence << ' ' << at;
            if (page >= 0) all.insert(page);
        }
    EXPECT_EQ(all.size(), 7u);  // 5 of the first sequence, one more of each other
    EXPECT_FALSE(std::is_sorted(table.begin(), table.begin() + 5));
    std::set<std::int64_t> used;
    const Layout layout(shape, table);
    for (std::int64_t sequence = 0; sequence < 3; ++sequence)
        for (std::int64_t head = 0; head < 2; ++head)
            for (std::int64_t key = 0; key < shape.keys_of(sequence); ++key)
                used.insert(layout.key_row(sequence, head, key));
    EXPECT_EQ(used.size(), 2u * (70 + 1 + 8));
    for (const std::size_t tensor : {tensor_k, tensor_v})
        for (std::size_t i = 0; i < inputs[tensor].spec.elements(); ++i)
            ASSERT_EQ(std::isnan(inputs[tensor].at(i)), !used.contains(static_cast<std::int64_t>(i / 64))) << i;
    EXPECT_EQ(problem->bytes(), 4. * (2 * 3 * 2 * 64 + 2 * 2 * 79 * 64 + 3 * 6 + 4 + 4 + 3 * 2));
}

TEST(AttentionLayout, PagesOutOfRangeAreRefusedBeforeAnythingRuns) {
    const auto problem = operation().parse(paged + "lengths=70,33,0");
    std::vector<Tensor> inputs = problem->inputs(1, Fill::normal);
    EXPECT_EQ(refusal(*problem, inputs), "");
    const std::size_t row = 6;  // 5 pages and one that no sequence uses
    for (const std::int32_t page : {-1, static_cast<std::int32_t>(shape_of(*problem).pool_pages())}) {
        std::vector<Tensor> wrong = inputs;
        wrong[3].as<std::int32_t>()[row + 2] = page;
        EXPECT_NE(refusal(*problem, wrong).find("page_table[1, 2] is " + std::to_string(page) + ": keys 32 to 32"),
                  std::string::npos);
    }
    inputs[3].as<std::int32_t>()[row + 3] = 1 << 30;
    EXPECT_EQ(refusal(*problem, inputs), "") << "no key has this page";
    inputs[5].as<std::int32_t>()[2] = 71;
    EXPECT_NE(refusal(*problem, inputs).find("k_offsets[2] is 71, and by the problem's lengths it is 103"),
              std::string::npos);
}

TEST(AttentionLayout, ASequenceOfManyIsWhatItIsAlone) {
    const auto problem =
        operation().parse("batch=3 heads=4 kv_heads=2 seq_q=5 seq_k=20 head_dim=64 f32 causal page=16 lengths=9,20,0");
    const Shape& shape = shape_of(*problem);
    EXPECT_EQ(problem->flops(), 4. * 64 * 4 * (5 * 4 + 15 + 5 * 15 + 15));
    const std::vector<Tensor> inputs = problem->inputs(2, Fill::normal);
    const std::vector<Expected> expected = problem->reference(inputs, {});
    ASSERT_EQ(expected[0].value.size(), 4u * (5 + 5 + 1) * 64);
    const auto alone = operation().parse("batch=1 heads=4 kv_heads=2 seq_q=5 seq_k=20 head_dim=64 f32 causal");
    std::vector<Tensor> own = alone->inputs(2, Fill::normal);
    const auto table = page_table_of(shape, inputs);
    // Sequence 1 has queries 5 … 9 of 11, and pages table[3] and table[4].
    for (std::size_t head = 0; head < 4; ++head)
        for (std::size_t i = 0; i < 5 * 64; ++i)
            own[tensor_q].set(head * 320 + i, inputs[tensor_q].at(head * 704 + 320 + i));
    for (const std::size_t tensor : {tensor_k, tensor_v})
        for (std::size_t head = 0; head < 2; ++head)
            for (std::size_t key = 0; key < 20; ++key)
                for (std::size_t d = 0; d < 64; ++d) {
                    const auto page = static_cast<std::size_t>(table[3 + key / 16]);
                    own[tensor].set((head * 20 + key) * 64 + d,
                                    inputs[tensor].at(((page * 2 + head) * 16 + key % 16) * 64 + d));
                }
    const std::vector<Expected> right = alone->reference(own, {});
    for (std::size_t head = 0; head < 4; ++head)
        for (std::size_t i = 0; i < 5 * 64; ++i)
            ASSERT_EQ(expected[0].value[head * 704 + 320 + i], right[0].value[head * 320 + i]);
    // Sequence 2 has no key, and one query.
    EXPECT_EQ(expected[1].value[10], -std::numeric_limits<double>::infinity());
    EXPECT_EQ(expected[0].value[10 * 64], 0);
}

}  // namespace
}  // namespace stele::attention::attention_layout_test
