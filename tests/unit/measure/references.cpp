#include "harness/measure/references.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <set>

#include "harness/base/statistics.hpp"
#include "harness/catalog/registry.hpp"
#include "harness/measure/runner.hpp"
#include "tests/support/fake_device.hpp"
#include "tests/support/run_on.hpp"
#include "tests/support/twice.hpp"

namespace stele::references_test {
namespace {

using test::TwiceProblem;

TEST(ReferenceCache, MakesEachReferenceOnce) {
    const TwiceProblem problem(8, 8);
    ReferenceCache cache;
    const Arithmetic plain, promoted{Dtype::f16, Dtype::f32, 32};
    const auto first = cache.expected(problem, 1, Fill::normal, plain);
    EXPECT_EQ(cache.expected(problem, 1, Fill::normal, plain), first);
    EXPECT_EQ(problem.references, 1);
    cache.expected(problem, 2, Fill::normal, plain);
    cache.expected(problem, 1, Fill::normal, promoted);
    cache.expected(problem, 1, Fill::zeros, plain);
    EXPECT_EQ(problem.references, 4) << "seed, arithmetic and fill tell references apart";
    EXPECT_EQ(cache.inputs(problem, 1, Fill::normal), cache.inputs(problem, 1, Fill::normal));
}

TEST(ReferenceCache, ForgetsTheOldestBeyondItsLimit) {
    const TwiceProblem problem(64, 64);
    ReferenceCache cache(3 * 64 * 64 * 8);
    const auto held = cache.expected(problem, 1, Fill::normal, {});
    cache.expected(problem, 2, Fill::normal, {});
    EXPECT_LE(cache.bytes(), 3u * 64 * 64 * 8);
    cache.expected(problem, 1, Fill::normal, {});
    EXPECT_EQ(problem.references, 3);
    EXPECT_EQ(held->at(0).value.size(), 64u * 64u) << "who holds one keeps it";
}

/// Every arithmetic of a variant that takes the problem, each once.
std::vector<Arithmetic> arithmetics(const Operation& operation, const Problem& problem) {
    std::vector<Arithmetic> out;
    for (const Variant& variant : operation.variants()) {
        const Arithmetic arithmetic = variant.arithmetic_for(problem);
        if (std::ranges::find(out, arithmetic) == out.end()) out.push_back(arithmetic);
    }
    return out;
}

bool same_bits(const std::vector<Expected>& a, const std::vector<Expected>& b) {
    const auto same = [](const std::vector<double>& left, const std::vector<double>& right) {
        return left.size() == right.size() &&
               (left.empty() || std::memcmp(left.data(), right.data(), left.size() * sizeof(double)) == 0);
    };
    return std::ranges::equal(a, b, [&](const Expected& left, const Expected& right) {
        return same(left.value, right.value) && same(left.bound, right.bound) && left.sampled == right.sampled;
    });
}

TEST(ReferenceCache, BoundsDoNotDependOnWhatWasAskedForBefore) {
    struct Asked {
        const Problem* problem;
        Arithmetic arithmetic;
        std::vector<Expected> alone;
    };
    std::vector<std::unique_ptr<Problem>> owned;
    std::vector<Asked> asked;
    for (const auto& operation : all_operations())
        for (auto& problem : problems(*operation, Suite::smoke)) {
            for (const Arithmetic& arithmetic : arithmetics(*operation, *problem)) {
                ReferenceCache own;
                asked.push_back({problem.get(), arithmetic, *own.expected(*problem, 1, Fill::normal, arithmetic)});
            }
            owned.push_back(std::move(problem));
        }
    ASSERT_GT(asked.size(), owned.size()) << "some problem is judged by several arithmetics";
    SeededDraws draws(1);
    for (int order = 0; order < 3; ++order) {
        draws.shuffle(asked);
        ReferenceCache shared;
        for (const Asked& one : asked)
            EXPECT_TRUE(same_bits(*shared.expected(*one.problem, 1, Fill::normal, one.arithmetic), one.alone))
                << one.problem->id();
    }
}

/// Bounds that each field of the arithmetic changes.
class JudgedByArithmetic : public TwiceProblem {
public:
    JudgedByArithmetic() : TwiceProblem(4, 8) {}
    std::vector<Expected> reference(std::span<const Tensor> inputs, const Arithmetic& by) const override {
        std::vector<Expected> expected = TwiceProblem::reference(inputs, by);
        for (double& bound : expected[0].bound)
            bound = std::abs(bound) *
                    (1e6 + 1e5 * static_cast<double>(by.accumulate) + 1e4 * static_cast<double>(by.probabilities) +
                     1e3 * by.promote_every + 1e2 * by.products_per_rounding + by.narrower_roundoff);
        return expected;
    }
};

TEST(Verdicts, OfACellAloneAndInAnyOrderAreBitEqual) {
    std::vector<Variant> variants(6, test::twice_variant("v", [](float* x, float* y, std::int64_t count) {
                                      for (std::int64_t i = 0; i < count; ++i)
                                          y[i] = 2 * x[i] * (1 + 1e-4f * static_cast<float>(i % 5));
                                  }));
    variants[1].arithmetic.accumulate = Dtype::f16;
    variants[2].arithmetic.probabilities = Dtype::bf16;
    variants[3].arithmetic.promote_every = 32;
    variants[4].arithmetic.products_per_rounding = 16;
    variants[5].arithmetic.narrower_roundoff = 0x1p-13;
    for (std::size_t i = 0; i < variants.size(); ++i) variants[i].algorithm = "v" + std::to_string(i);

    test::FakeDevice device;
    const JudgedByArithmetic problem;
    std::vector<test::OnDevice> cells;
    std::map<std::string, Verdict> alone;
    for (const Variant& variant : variants) {
        cells.push_back({&variant, &problem, &device});
        alone[variant.id()] = test::verify_on({cells.back()}, {}, {}).at(0).verdict;
    }
    std::set<double> shares;
    for (const auto& [id, verdict] : alone) shares.insert(verdict.worst_of_bound);
    EXPECT_EQ(shares.size(), variants.size()) << "each is judged by bounds of its own";
    SeededDraws draws(2);
    for (int order = 0; order < 10; ++order) {
        draws.shuffle(cells);
        for (const Measurement& cell : test::verify_on(cells, {}, {})) {
            const Verdict &in_turn = cell.verdict, &by_itself = alone.at(cell.variant);
            EXPECT_EQ(in_turn.outcome, by_itself.outcome);
            EXPECT_EQ(in_turn.worst_of_bound, by_itself.worst_of_bound) << cell.variant;
            EXPECT_EQ(in_turn.max_absolute, by_itself.max_absolute);
            EXPECT_EQ(in_turn.max_relative, by_itself.max_relative);
            EXPECT_EQ(in_turn.rms, by_itself.rms);
        }
    }
}

}  // namespace
}  // namespace stele::references_test
