// Sparse attention's problem: work against brute force, the reference against dense attention, and bounds that a wrong
// mask exceeds.
#include "kernels/sparse_attention/operation.hpp"
#include "kernels/sparse_attention/problem.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

namespace stele::sparse_attention::sparse_attention_test {
namespace {

std::unique_ptr<Problem> parse(const std::string& text) { return make_operation()->parse(text); }

std::vector<std::string> edge_problems() { return make_operation()->suite(Suite::edge); }

/// Pairs, query rows and key rows by looking at every pair.
Work brute_force(const SparseAttentionProblem& problem) {
    const Shape& shape = problem.shape();
    Work work;
    std::set<std::tuple<std::int64_t, std::int64_t, std::int64_t>> key_rows;
    for (std::int64_t batch = 0; batch < shape.batch; ++batch)
        for (std::int64_t head = 0; head < shape.heads; ++head)
            for (std::int64_t query = 0; query < shape.seq_q; ++query) {
                bool sees = false;
                const std::int64_t row =
                    (batch * shape.heads + head) * problem.grid().query_blocks() + query / problem.grid().block;
                for (auto at = problem.mask().row_begin[row]; at < problem.mask().row_begin[row + 1]; ++at)
                    for (std::int64_t key = 0; key < shape.seq_k; ++key) {
                        if (key / problem.grid().block != problem.mask().column[at]) continue;
                        if (shape.causal && key > query + shape.seq_k - shape.seq_q) continue;
                        work.pairs += 1;
                        sees = true;
                        key_rows.emplace(batch, head / shape.group(), key);
                    }
                if (sees) work.query_rows += 1;
            }
    work.key_rows = static_cast<double>(key_rows.size());
    return work;
}

TEST(SparseAttention, CountsItsWorkAsBruteForceDoes) {
    for (const std::string& text : edge_problems()) {
        const auto problem = parse(text);
        const auto& sparse = as_sparse_attention(*problem);
        const Work work = brute_force(sparse);
        EXPECT_EQ(problem->flops(), 4.0 * static_cast<double>(sparse.shape().head_dim) * work.pairs) << text;
        double bytes = (work.query_rows + 2 * work.key_rows) * static_cast<double>(sparse.shape().head_dim) *
                       static_cast<double>(size_of(problem->dtype()));
        for (const TensorSpec& spec : problem->tensors())
            if (spec.name != "Q" && spec.name != "K" && spec.name != "V") bytes += static_cast<double>(spec.bytes());
        EXPECT_EQ(problem->bytes(), bytes) << text;
    }
}

TEST(SparseAttention, DensityOneIsAllOfDenseAttentionsWork) {
    for (const std::string& text : edge_problems()) {
        if (text.find("density=1 ") == std::string::npos) continue;
        const auto problem = parse(text);
        EXPECT_EQ(problem->flops(), problem->dense_flops()) << text;
    }
    const auto half = parse("batch=1 heads=2 kv_heads=1 seq_q=512 seq_k=512 head_dim=64 block=64 density=0.5");
    EXPECT_EQ(half->flops(), half->dense_flops() / 2);
}

TEST(SparseAttention, TextsReadBackAndBadOnesSayWhatIsWrong) {
    for (Suite suite : {Suite::smoke, Suite::edge, Suite::quick})
        for (const std::string& text : make_operation()->suite(suite)) {
            const auto problem = parse(text);
            const auto again = parse(problem->id());
            EXPECT_EQ(problem->id(), again->id());
            EXPECT_EQ(as_sparse_attention(*problem).mask().column, as_sparse_attention(*again).mask().column);
        }
    const std::string shape = "batch=1 heads=2 kv_heads=1 seq_q=64 seq_k=64 head_dim=64 ";
    for (const auto& [words, complaint] : std::vector<std::pair<std::string, std::string>>{
             {"block=32", "block=32 is none of 128, 64"},
             {"density=1.5", "density=1.5 is outside 0 to 1"},
             {"density=-0.1", "density=-0.1 is outside 0 to 1"},
             {"pattern=stripes", "pattern=stripes is none of"},
             {"top_k=4", "'top_k=' is not known"},
         }) {
        try {
            parse(shape + words);
            ADD_FAILURE() << words << " was accepted";
        } catch (const ProblemError& error) {
            EXPECT_NE(std::string(error.what()).find(complaint), std::string::npos) << error.what();
        }
    }
}

TEST(SparseAttention, SeedsDrawOperandsAndNotTheMask) {
    const auto problem = parse("batch=1 heads=2 kv_heads=1 seq_q=256 seq_k=256 head_dim=64 f16 density=0.5");
    const auto first = problem->inputs(1, Fill::normal), second = problem->inputs(2, Fill::normal);
    EXPECT_NE(first[sparse_q].data, second[sparse_q].data);
    EXPECT_EQ(first[sparse_column].data, second[sparse_column].data);
    EXPECT_EQ(first[sparse_row_begin].spec.name, "row_begin");
    EXPECT_NO_THROW(problem->check_inputs(first));
    auto broken = problem->inputs(1, Fill::normal);
    broken[sparse_column].set(0, 99);
    EXPECT_THROW(problem->check_inputs(broken), ProblemError);
}

TEST(SparseAttention, DensityOneHasDenseAttentionsReference) {
    for (const std::string words :
         {"seq_q=130 seq_k=200 head_dim=64 f32 causal", "seq_q=200 seq_k=70 head_dim=64 f16 causal",
          "seq_q=70 seq_k=129 head_dim=128 bf16"}) {
        const std::string shape = "batch=2 heads=2 kv_heads=1 " + words;
        const auto sparse = parse(shape + " block=64 density=1 pattern=random");
        const AttentionProblem dense(as_sparse_attention(*sparse).shape());
        const auto inputs = sparse->inputs(3, Fill::normal);
        const auto got = sparse->reference(inputs, {}), expected = dense.reference(dense.inputs(3, Fill::normal), {});
        ASSERT_EQ(got.size(), expected.size());
        for (std::size_t i = 0; i < got.size(); ++i) {
            EXPECT_EQ(got[i].value, expected[i].value);
            EXPECT_EQ(got[i].bound, expected[i].bound);
        }
    }
}

TEST(SparseAttention, ReferenceIsTheSoftmaxOverKeptKeys) {
    const auto problem = parse(
        "batch=1 heads=2 kv_heads=1 seq_q=130 seq_k=190 head_dim=64 f32 causal block=64 density=0.5 pattern=empty_row");
    const auto& sparse = as_sparse_attention(*problem);
    const auto inputs = problem->inputs(4, Fill::normal);
    const auto expected = problem->reference(inputs, {});
    std::size_t empty_rows = 0;
    for (std::int64_t head = 0; head < 2; ++head)
        for (std::int64_t query = 0; query < 130; ++query) {
            double sum = 0, first = 0;
            for (std::int64_t key = 0; key < 190; ++key) {
                const auto row = static_cast<std::size_t>(head * 3 + query / 64);
                const auto begin = sparse.mask().column.begin() + sparse.mask().row_begin[row];
                const auto end = sparse.mask().column.begin() + sparse.mask().row_begin[row + 1];
                if (std::find(begin, end, key / 64) == end || key > query + 60) continue;
                double score = 0;
                for (std::int64_t d = 0; d < 64; ++d)
                    score += inputs[sparse_q].at(static_cast<std::size_t>((head * 130 + query) * 64 + d)) *
                             inputs[sparse_k].at(static_cast<std::size_t>(key * 64 + d));
                const double weight = std::exp(score / 8);
                sum += weight;
                first += weight * inputs[sparse_v].at(static_cast<std::size_t>(key * 64));
            }
            const auto at = static_cast<std::size_t>(head * 130 + query);
            if (sum == 0) {
                ++empty_rows;
                EXPECT_EQ(expected[0].value[at * 64], 0);
                EXPECT_EQ(expected[1].value[at], -INFINITY);
                continue;
            }
            EXPECT_NEAR(expected[1].value[at], std::log(sum), 1e-9);
            EXPECT_NEAR(expected[0].value[at * 64], first / sum, 1e-9);
        }
    EXPECT_GE(empty_rows, 2 + 64u);
}

/// Largest |a − b| ÷ a's bound over O.
double worst_of_bound(const Expected& right, const Expected& wrong) {
    double worst = 0;
    for (std::size_t i = 0; i < right.value.size(); ++i)
        worst = std::max(worst, std::abs(right.value[i] - wrong.value[i]) / right.bound[i]);
    return worst;
}

TEST(SparseAttention, BoundsAreExceededByAWrongMask) {
    for (const char* dtype : {"f32", "f16", "bf16"}) {
        const auto problem = parse(std::string("batch=1 heads=2 kv_heads=1 seq_q=512 seq_k=512 head_dim=64 ") + dtype +
                                   " block=64 density=0.6 pattern=random");
        const auto& sparse = as_sparse_attention(*problem);
        const auto inputs = problem->inputs(6, Fill::normal);
        Arithmetic arithmetic;
        const Expected right = problem->reference(inputs, arithmetic)[0];
        const auto reference = [&](const BlockMask& mask) {
            return reference_of(sparse.shape(), inputs, 1e5,
                                visibility(sparse.shape(), sparse.grid(), mask.row_begin, mask.column), arithmetic)[0];
        };
        EXPECT_EQ(worst_of_bound(right, reference(sparse.mask())), 0);

        BlockMask dropped = sparse.mask();  // the first kept block of the first row
        dropped.column.erase(dropped.column.begin());
        for (std::size_t row = 1; row < dropped.row_begin.size(); ++row) --dropped.row_begin[row];
        EXPECT_GT(worst_of_bound(right, reference(dropped)), 5) << dtype;

        BlockMask shifted = sparse.mask();  // every block one to the right
        for (auto& block : shifted.column) block = (block + 1) % 8;
        EXPECT_GT(worst_of_bound(right, reference(shifted)), 5) << dtype;

        BlockMask next_row = sparse.mask();  // each row reads its neighbour's list
        next_row.row_begin.erase(next_row.row_begin.begin());
        next_row.row_begin.push_back(next_row.row_begin.back());
        EXPECT_GT(worst_of_bound(right, reference(next_row)), 5) << dtype;
    }
}

TEST(SparseAttention, BoundsAreExceededByAForgottenCausalRuleInsideABlock) {
    const auto problem = parse(
        "batch=1 heads=1 kv_heads=1 seq_q=256 seq_k=256 head_dim=64 bf16 causal block=64 density=0.5 pattern=window");
    const auto& sparse = as_sparse_attention(*problem);
    const auto inputs = problem->inputs(6, Fill::normal);
    Shape open = sparse.shape();
    open.causal = false;
    const Expected right = problem->reference(inputs, {})[0];
    const Expected wrong = reference_of(
        open, inputs, 1e5, visibility(open, sparse.grid(), sparse.mask().row_begin, sparse.mask().column), {})[0];
    EXPECT_GT(worst_of_bound(right, wrong), 5);
}

TEST(SparseAttention, FollowsAMaskFromOutsideOfAnyCount) {
    const auto problem =
        parse("batch=1 heads=1 kv_heads=1 seq_q=130 seq_k=200 head_dim=64 f32 block=64 density=0.5 pattern=random");
    std::vector<Tensor> inputs = problem->inputs(1, Fill::normal);
    EXPECT_EQ(problem->following(inputs), nullptr);
    // Three query blocks: the first sees one key block, the second none, the third all four.
    const auto vector_of = [](std::string name, const std::vector<std::int32_t>& values) {
        Tensor out({std::move(name), Role::input, Dtype::i32, {static_cast<std::int64_t>(values.size())}, {"n"}});
        std::ranges::copy(values, out.as<std::int32_t>().begin());
        return out;
    };
    inputs[sparse_row_begin] = vector_of("row_begin", {0, 1, 1, 5});
    inputs[sparse_column] = vector_of("column", {2, 0, 1, 2, 3});
    problem->check_inputs(inputs);
    const auto own = problem->following(inputs);
    ASSERT_NE(own, nullptr);
    EXPECT_EQ(own->tensors()[sparse_column].shape, (std::vector<std::int64_t>{5}));
    EXPECT_EQ(own->flops(), 4.0 * 64 * (64 * 64 + 2 * 200));
    EXPECT_EQ(own->following(inputs), nullptr);
    EXPECT_TRUE(problem->tensors()[sparse_column].open_length);
}

}  // namespace
}  // namespace stele::sparse_attention::sparse_attention_test
