// The attention reference against an independent one, and bounds that a wrong result does not fit into.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "kernels/attention/operation.hpp"
#include "kernels/attention/problem.hpp"

namespace stele::attention::attention_reference_test {
namespace {

const Operation& operation() {
    static const std::unique_ptr<Operation> made = make_operation();
    return *made;
}

struct Case {
    Shape shape;
    std::vector<Tensor> inputs;
    std::vector<Expected> expected;
};

Case make(const std::string& text, Arithmetic arithmetic = {}) {
    const auto problem = operation().parse(text);
    Case out{shape_of(*problem), problem->inputs(7, Fill::normal), {}};
    out.expected = problem->reference(out.inputs, arithmetic);
    return out;
}

/// Weight of key j for query i before the softmax, or −inf where it is not seen: a second, literal reading of the
/// definition, which tests bend to make mistakes on purpose.
using Score = std::function<double(std::int64_t query, std::int64_t key, double dot)>;

Score right_score(const Shape& shape) {
    return [shape](std::int64_t query, std::int64_t key, double dot) {
        const std::int64_t behind = query + shape.seq_k - shape.seq_q - key;
        const bool seen = !shape.causal || (behind >= 0 && (shape.window == 0 || behind < shape.window));
        return seen ? dot * shape.softmax_scale : -std::numeric_limits<double>::infinity();
    };
}

struct Result {
    std::vector<double> o, lse;
};

/// The factor of a head in one of q_scale, k_scale and v_scale; 1 where the problem has none.
double head_scale(const Case& c, std::string_view name, std::int64_t head) {
    const auto index = tensor_index(c.shape, name);
    return index ? c.inputs[*index].at(static_cast<std::size_t>(head)) : 1;
}

Result literal(const Case& c, const Score& score) {
    const Shape& s = c.shape;
    Result out;
    const Tensor& values = c.inputs[s.is_latent() ? tensor_k : tensor_v];
    const auto at = [&](const Tensor& t, std::int64_t row, std::int64_t d) {
        return t.at(static_cast<std::size_t>(row * s.head_dim + d));
    };
    for (std::int64_t b = 0; b < s.batch; ++b)
        for (std::int64_t h = 0; h < s.heads; ++h)
            for (std::int64_t i = 0; i < s.seq_q; ++i) {
                const std::int64_t row = (b * s.heads + h) * s.seq_q + i;
                const std::int64_t kv = b * s.kv_heads + h / (s.heads / s.kv_heads);
                const double of_scores = head_scale(c, "q_scale", h) * head_scale(c, "k_scale", kv % s.kv_heads);
                long double sum = 0;
                std::vector<long double> weight, o(static_cast<std::size_t>(s.value_dim()), 0.0L);
                for (std::int64_t j = 0; j < s.seq_k; ++j) {
                    double dot = 0;
                    for (std::int64_t d = 0; d < s.head_dim; ++d)
                        dot += at(c.inputs[0], row, d) * at(c.inputs[1], kv * s.seq_k + j, d);
                    // long double reaches e^80 and beyond without taking the maximum off.
                    weight.push_back(std::exp(static_cast<long double>(score(i, j, dot * of_scores))));
                    sum += weight.back();
                }
                for (std::int64_t j = 0; j < s.seq_k; ++j)
                    // What is not seen may be NaN.
                    for (std::int64_t d = 0; weight[static_cast<std::size_t>(j)] > 0 && d < s.value_dim(); ++d)
                        o[static_cast<std::size_t>(d)] +=
                            weight[static_cast<std::size_t>(j)] * at(values, kv * s.seq_k + j, d);
                const double of_values = head_scale(c, "v_scale", kv % s.kv_heads);
                for (const long double value : o)
                    out.o.push_back(sum > 0 ? of_values * static_cast<double>(value / sum) : 0.0);
                out.lse.push_back(static_cast<double>(std::log(sum)));
            }
    return out;
}

/// Largest |got − expected| ÷ bound; infinite where infinities differ in place.
double worst_of_bound(const Expected& expected, const std::vector<double>& got) {
    double worst = 0;
    for (std::size_t i = 0; i < expected.value.size(); ++i) {
        const double value = got[expected.sampled.empty() ? i : expected.sampled[i]];
        if (value == expected.value[i]) continue;
        worst = std::max(worst, std::abs(value - expected.value[i]) / expected.bound[i]);
    }
    return worst;
}

/// Share of elements beyond their bound.
double share_beyond(const Expected& expected, const std::vector<double>& got) {
    double beyond = 0;
    for (std::size_t i = 0; i < expected.value.size(); ++i)
        beyond += !(std::abs(got[i] - expected.value[i]) <= expected.bound[i]);
    return beyond / static_cast<double>(expected.value.size());
}

TEST(AttentionReference, AgreesWithTheDefinitionOnEveryEdgeProblem) {
    for (const std::string& text : operation().suite(Suite::edge)) {
        const Case c = make(text);
        if (c.shape.is_packed() || c.shape.is_paged()) continue;  // attention_layout.cpp
        const Result got = literal(c, right_score(c.shape));
        for (std::size_t i = 0; i < got.o.size(); ++i)
            EXPECT_NEAR(got.o[i], c.expected[0].value[i], 1e-12 * (1 + std::abs(got.o[i]))) << text << " O " << i;
        for (std::size_t i = 0; i < got.lse.size(); ++i)
            if (got.lse[i] != c.expected[1].value[i]) {
                EXPECT_NEAR(got.lse[i], c.expected[1].value[i], 1e-12 * (1 + std::abs(got.lse[i])))
                    << text << " lse " << i;
            }
    }
}

TEST(AttentionReference, RowsThatSeeNothingAreZeroAndMinusInfinity) {
    const Case c = make("batch=1 heads=2 kv_heads=1 seq_q=9 seq_k=4 head_dim=64 causal");
    for (std::size_t head = 0; head < 2; ++head)
        for (std::size_t i = 0; i < 9; ++i) {
            const std::size_t row = head * 9 + i;
            if (i < 5) {
                EXPECT_EQ(c.expected[1].value[row], -std::numeric_limits<double>::infinity());
                for (std::size_t d = 0; d < 64; ++d) {
                    EXPECT_EQ(c.expected[0].value[row * 64 + d], 0.0);
                    EXPECT_EQ(c.expected[0].bound[row * 64 + d], 0.0);
                }
            } else {
                EXPECT_TRUE(std::isfinite(c.expected[1].value[row]));
            }
        }
    const Case none = make("batch=1 heads=1 kv_heads=1 seq_q=3 seq_k=0 head_dim=64 f16");
    EXPECT_EQ(none.expected[1].value, std::vector<double>(3, -std::numeric_limits<double>::infinity()));
}

// A bound is worth something only if mistakes exceed it: in f32, and where the storage type is coarse.
TEST(AttentionReference, MistakesExceedTheBounds) {
    for (const char* dtype : {"f32", "f16", "bf16"}) {
        const Case c = make(std::string("batch=1 heads=2 kv_heads=1 seq_q=40 seq_k=96 head_dim=64 causal ") + dtype);
        const Shape s = c.shape;
        const Score right = right_score(s);
        EXPECT_LE(worst_of_bound(c.expected[0], literal(c, right).o), 1e-6);

        const auto forgotten_scale = literal(
            c, [&](auto i, auto j, double dot) { return std::isinf(right(i, j, dot)) ? right(i, j, dot) : dot; });
        const auto one_key_more = literal(c, [&](auto i, auto j, double dot) { return right(i + 1, j, dot); });
        const auto one_key_less = literal(c, [&](auto i, auto j, double dot) { return right(i - 1, j, dot); });
        const auto first_aligned = literal(c, [&](auto i, auto j, double dot) {
            return j <= i ? dot * s.softmax_scale : -std::numeric_limits<double>::infinity();
        });
        for (const Result& wrong : {forgotten_scale, one_key_more, one_key_less, first_aligned}) {
            EXPECT_GT(share_beyond(c.expected[0], wrong.o), 0.3) << dtype;
            EXPECT_GT(share_beyond(c.expected[1], wrong.lse), 0.9) << dtype;
        }
    }
}

// A head's factor that is forgotten is seen in f32's arithmetic and in that of 8-bit products, whose bounds are wider.
TEST(AttentionReference, ForgottenScalesExceedTheBounds) {
    Arithmetic narrow;
    narrow.probabilities = Dtype::e4m3;
    narrow.products_per_rounding = 32;
    narrow.narrower_roundoff = 0x1p-13;
    for (const Arithmetic& arithmetic : {Arithmetic{}, narrow}) {
        const Case c = make("batch=1 heads=4 kv_heads=2 seq_q=8 seq_k=2000 head_dim=64 e4m3", arithmetic);
        EXPECT_LE(worst_of_bound(c.expected[0], literal(c, right_score(c.shape)).o), 1e-6);
        for (const char* name : {"q_scale", "k_scale", "v_scale"}) {
            Case wrong = c;
            // Of a head whose factor is far from 1.
            for (float& scale : wrong.inputs[*tensor_index(c.shape, name)].as<float>()) scale = 0.5f;
            const Result got = literal(wrong, right_score(c.shape));
            if (std::string_view(name) != "v_scale") {
                EXPECT_GT(share_beyond(c.expected[1], got.lse), 0.9) << name;
            }
            EXPECT_GT(share_beyond(c.expected[0], got.o), 0.3) << name;
        }
    }
}

TEST(AttentionReference, AWindowOffByOneExceedsTheBounds) {
    for (const char* dtype : {"f32", "f16", "bf16"}) {
        const Case c =
            make(std::string("batch=1 heads=2 kv_heads=1 seq_q=40 seq_k=40 head_dim=64 causal window=9 ") + dtype);
        EXPECT_LE(worst_of_bound(c.expected[0], literal(c, right_score(c.shape)).o), 1e-6);
        for (const std::int64_t window : {8, 10}) {
            Shape wrong = c.shape;
            wrong.window = window;
            const Result got = literal(c, right_score(wrong));
            EXPECT_GT(share_beyond(c.expected[0], got.o), 0.3) << dtype;
            EXPECT_GT(share_beyond(c.expected[1], got.lse), 0.7) << dtype;
        }
    }
}

// f32 bounds stay near f32's accuracy at the largest scores, too: a relative 1e-3 would be vacuous.
TEST(AttentionReference, BoundsAreNarrow) {
    for (const char* more : {"", " logits=80"}) {
        const Case c = make("batch=1 heads=1 kv_heads=1 seq_q=16 seq_k=64 head_dim=128 f32" + std::string(more));
        double bound = 0, value = 0;
        for (std::size_t i = 0; i < c.expected[0].value.size(); ++i) {
            bound = std::max(bound, c.expected[0].bound[i]);
            value = std::max(value, std::abs(c.expected[0].value[i]));
        }
        EXPECT_LT(bound, 1e-3 * value) << more;
        EXPECT_GT(bound, 0) << more;
    }
}

TEST(AttentionReference, ArithmeticWidensTheBounds) {
    const std::string text = "batch=1 heads=1 kv_heads=1 seq_q=4 seq_k=64 head_dim=64 f32";
    const double plain = make(text).expected[0].bound[0];
    EXPECT_GT(make(text, {Dtype::f32, Dtype::bf16, 0}).expected[0].bound[0], 10 * plain);
    EXPECT_GT(make(text, {Dtype::f16, Dtype::f32, 0}).expected[0].bound[0], 100 * plain);
    EXPECT_LT(make(text, {Dtype::f16, Dtype::f32, 16}).expected[0].bound[0],
              make(text, {Dtype::f16, Dtype::f32, 0}).expected[0].bound[0]);
}

TEST(AttentionReference, LargeProblemsAreSampledInWholeRows) {
    const std::string text = "batch=2 heads=3 kv_heads=1 seq_q=700 seq_k=1500 head_dim=64 causal f32";
    const Case c = make(text);
    const std::vector<std::size_t>& rows = c.expected[1].sampled;
    ASSERT_FALSE(rows.empty());
    EXPECT_LT(rows.size(), static_cast<std::size_t>(c.shape.rows()));
    EXPECT_EQ(rows.front(), 0u);
    EXPECT_EQ(rows.back(), static_cast<std::size_t>(c.shape.rows() - 1));
    EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
    ASSERT_EQ(c.expected[0].sampled.size(), rows.size() * 64);
    EXPECT_EQ(c.expected[0].sampled[64], rows[1] * 64);
    // The same rows computed with a visibility of their own agree: the sample is of the whole, not a smaller problem.
    const auto all = reference_of(c.shape, c.inputs, 1, dense_visibility(c.shape), {});
    for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(all[1].value[rows[i]], c.expected[1].value[i]);
}

TEST(AttentionReference, VisibilityIsTheCallers) {
    const Case c = make("batch=1 heads=2 kv_heads=2 seq_q=5 seq_k=12 head_dim=64");
    const auto even =
        reference_of(c.shape, c.inputs, 60,
                     [](std::int64_t, std::int64_t head, std::int64_t query, std::vector<std::int32_t>& keys) {
                         for (std::int32_t j = 0; j < 12; ++j)
                             if ((j + head + query) % 2 == 0) keys.push_back(j);
                     },
                     {});
    std::size_t row = 0;
    const Result got = literal(c, [&](std::int64_t query, std::int64_t key, double dot) {
        // literal() goes through all keys of all queries of head 0, then of head 1.
        const auto head = static_cast<std::int64_t>(row++ / 60);
        return (key + head + query) % 2 == 0 ? dot * c.shape.softmax_scale : -std::numeric_limits<double>::infinity();
    });
    for (std::size_t i = 0; i < got.o.size(); ++i) EXPECT_NEAR(got.o[i], even[0].value[i], 1e-12);
}

}  // namespace
}  // namespace stele::attention::attention_reference_test
