#include "harness/measure/references.hpp"

#include <gtest/gtest.h>

#include "tests/support/twice.hpp"

namespace stele {
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

}  // namespace
}  // namespace stele
