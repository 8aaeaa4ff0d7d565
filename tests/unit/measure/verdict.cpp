#include "harness/measure/verdict.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "harness/measure/operands.hpp"

namespace stele::verdict_test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// C[M,N] of f32 with smooth values and bounds of 1e-3, and an output that starts out right.
struct Case {
    explicit Case(std::int64_t m = 8, std::int64_t n = 16)
        : output(TensorSpec{"C", Role::output, Dtype::f32, {m, n}, {"M", "N"}}) {
        for (std::size_t i = 0; i < output.spec.elements(); ++i) {
            expected.value.push_back(std::sin(1.0 + 0.7 * static_cast<double>(i)));
            expected.bound.push_back(1e-3);
            output.set(i, expected.value.back());
        }
    }
    Verdict verdict() const {
        return judge(std::span(&output, 1), std::span(&expected, 1), std::span(&on_another_fill, 1));
    }
    /// Element `index` as a kernel leaves it that does not write it.
    void leave(std::size_t index) {
        const std::size_t size = size_of(output.spec.dtype);
        for (auto [tensor, fill] : {std::pair{&output, poison}, {&on_another_fill, second_poison}})
            std::fill_n(tensor->data.begin() + static_cast<std::ptrdiff_t>(index * size), size, fill);
    }

    Tensor output, on_another_fill = Tensor(output.spec);
    Expected expected;
};

bool says(const Verdict& verdict, std::string_view text) { return verdict.reason.find(text) != std::string::npos; }

TEST(Judge, RightIsPassed) {
    const Verdict verdict = Case().verdict();
    EXPECT_EQ(verdict.outcome, Outcome::passed) << verdict.reason;
    EXPECT_EQ(verdict.reason, "");
    EXPECT_LT(verdict.worst_of_bound, 1e-3) << "rounding to f32 only";
}

TEST(Judge, OneElementOutsideItsBoundIsNamed) {
    Case one;
    one.output.set(3 * 16 + 5, one.expected.value[3 * 16 + 5] + 2e-3);
    const Verdict verdict = one.verdict();
    EXPECT_EQ(verdict.outcome, Outcome::wrong);
    EXPECT_EQ(verdict.worst_tensor, "C");
    EXPECT_EQ(verdict.worst_index, (std::vector<std::int64_t>{3, 5}));
    EXPECT_NEAR(verdict.worst_of_bound, 2, 1e-3);
    EXPECT_NEAR(verdict.max_absolute, 2e-3, 1e-6);
    EXPECT_TRUE(says(verdict, "M = 3, N = 5")) << verdict.reason;
    EXPECT_TRUE(says(verdict, "C[3,5]")) << verdict.reason;
}

TEST(Judge, RelativeErrorIsAgainstTheTensorsSize) {
    Case one;
    one.expected.value[0] = 1e-12;
    one.output.set(0, 5e-4);
    const Verdict verdict = one.verdict();
    EXPECT_EQ(verdict.outcome, Outcome::passed) << verdict.reason;
    EXPECT_LT(verdict.max_relative, 1e-3) << "a value near zero does not make the relative error explode";
}

TEST(Judge, FillLeftOverIsNeverWritten) {
    Case one;
    for (std::size_t index = 7 * 16; index < 8 * 16; ++index) one.leave(index);
    const Verdict verdict = one.verdict();
    EXPECT_EQ(verdict.outcome, Outcome::wrong);
    EXPECT_TRUE(says(verdict, "16 of 128 elements of C were never written (all with M = 7)")) << verdict.reason;
}

TEST(Judge, FillLeftOverBetweenSampledElementsIsFound) {
    Case one;
    one.expected = {{one.expected.value[0]}, {1e-3}, {0}};
    one.leave(4);
    EXPECT_TRUE(says(one.verdict(), "1 of 128 elements of C were never written")) << one.verdict().reason;
}

TEST(Judge, AResultThatEqualsTheFillWasWritten) {
    Case one;
    one.leave(4);
    one.on_another_fill.data = one.output.data;
    one.expected.value[4] = not_a_number;
    EXPECT_EQ(one.verdict().outcome, Outcome::passed) << one.verdict().reason;
}

TEST(Judge, WholeNumbersNeverWrittenAreFound) {
    Case one;
    one.output = one.on_another_fill = Tensor(TensorSpec{"C", Role::output, Dtype::i32, {2, 2}, {"M", "N"}});
    one.expected = {{-1, -1, 0, 0}, {0, 0, 0, 0}, {}};
    for (std::size_t index : {0, 1}) one.output.set(index, -1);
    one.on_another_fill.data = one.output.data;
    EXPECT_TRUE(holds_poison(std::span(&one.output, 1)));
    EXPECT_EQ(one.verdict().outcome, Outcome::passed) << one.verdict().reason;
    one.leave(1);
    EXPECT_TRUE(says(one.verdict(), "1 of 4 elements of C were never written")) << "although it is as expected";
    for (std::size_t index : {0, 1}) one.output.set(index, 1);
    EXPECT_FALSE(holds_poison(std::span(&one.output, 1)));
}

TEST(Judge, WhereNanIsExpectedNothingElsePasses) {
    Case one;
    one.expected.value[9] = not_a_number;
    for (const double wrong : {0.0, 0.5, infinity, -infinity}) {
        one.output.set(9, wrong);
        EXPECT_EQ(one.verdict().outcome, Outcome::wrong) << wrong;
        EXPECT_EQ(one.verdict().nonfinite, 1u) << wrong;
    }
    one.output.set(9, not_a_number);
    EXPECT_EQ(one.verdict().outcome, Outcome::passed) << one.verdict().reason;
}

TEST(Judge, EveryOutputIsJudged) {
    const Case right;
    for (const std::size_t bad : {0, 1}) {
        std::vector<Tensor> outputs{right.output, right.output};
        const std::vector<Expected> expected{right.expected, right.expected};
        outputs[bad].spec.name = "D";
        outputs[bad].set(3, 7);
        const Verdict verdict = judge(outputs, expected);
        EXPECT_EQ(verdict.outcome, Outcome::wrong);
        EXPECT_EQ(verdict.worst_tensor, "D");
        EXPECT_TRUE(says(verdict, "D[0,3] is 7")) << verdict.reason;
    }
}

TEST(Judge, NanEqualsNothing) {
    Case one;
    one.output.set(9, not_a_number);
    const Verdict verdict = one.verdict();
    EXPECT_EQ(verdict.outcome, Outcome::wrong);
    EXPECT_EQ(verdict.nonfinite, 1u);
    EXPECT_EQ(verdict.worst_index, (std::vector<std::int64_t>{0, 9}));
    EXPECT_TRUE(std::isnan(verdict.worst_got));
}

TEST(Judge, ABoundThatIsNanLetsNothingPass) {
    Case one;
    one.expected.bound[4] = not_a_number;
    EXPECT_EQ(one.verdict().outcome, Outcome::wrong);
}

TEST(Judge, NonFiniteValuesMatchByPositionAndSign) {
    Case one;
    one.expected.value[3] = -infinity;
    one.output.set(3, -infinity);
    EXPECT_EQ(one.verdict().outcome, Outcome::passed) << one.verdict().reason;
    one.output.set(3, infinity);
    EXPECT_EQ(one.verdict().outcome, Outcome::wrong);
    one.output.set(3, 0.25);
    EXPECT_EQ(one.verdict().outcome, Outcome::wrong) << "finite where infinity should be";
    one.output.set(3, -infinity);
    one.output.set(4, -infinity);
    EXPECT_EQ(one.verdict().outcome, Outcome::wrong) << "infinite where it should not be";
}

TEST(Judge, ABiasWithinEveryBoundFails) {
    Case one(64, 64);
    for (std::size_t i = 0; i < one.expected.value.size(); ++i) one.output.set(i, one.expected.value[i] + 0.9e-3);
    const Verdict verdict = one.verdict();
    EXPECT_EQ(verdict.outcome, Outcome::wrong);
    EXPECT_LE(verdict.worst_of_bound, 1);
    EXPECT_TRUE(says(verdict, "systematic bias")) << verdict.reason;
}

TEST(Judge, HonestRoundingToEveryTypePasses) {
    for (Dtype dtype : {Dtype::f32, Dtype::f16, Dtype::bf16}) {
        Tensor output(TensorSpec{"C", Role::output, dtype, {100, 100}, {"M", "N"}});
        Tensor drawn(TensorSpec{"C", Role::output, Dtype::f64, {100, 100}, {"M", "N"}});
        fill(drawn, Fill::normal, 5);
        Expected expected;
        for (std::size_t i = 0; i < output.spec.elements(); ++i) {
            // f16 has its smallest normal number at 2^-14: below, the unit in the last place stays what it is there.
            const double size = dtype == Dtype::f16 ? std::max(std::abs(drawn.at(i)), 0x1p-14) : std::abs(drawn.at(i));
            expected.value.push_back(drawn.at(i));
            expected.bound.push_back(unit_roundoff(dtype) * size);
            output.set(i, drawn.at(i));
        }
        const Verdict verdict = judge(std::span(&output, 1), std::span(&expected, 1));
        EXPECT_EQ(verdict.outcome, Outcome::passed) << name(dtype) << ": " << verdict.reason;
        EXPECT_GT(verdict.worst_of_bound, 0.9) << "the bound is as tight as rounding is";
    }
}

TEST(Judge, TruncationIsNotRounding) {
    // Errors of truncation reach twice those of rounding; with a bound twice as wide each passes, but not all.
    Tensor output(TensorSpec{"C", Role::output, Dtype::f32, {100, 100}, {"M", "N"}});
    Tensor drawn(TensorSpec{"C", Role::output, Dtype::f32, {100, 100}, {"M", "N"}});
    fill(drawn, Fill::normal, 6);
    Expected expected;
    for (std::size_t i = 0; i < output.spec.elements(); ++i) {
        const float value = drawn.as<float>()[i];
        int exponent = 0;
        std::frexp(value, &exponent);
        const double unit = std::ldexp(1.0, exponent - 8);  // one unit in the last of eight bits
        expected.value.push_back(value);
        expected.bound.push_back(unit);
        output.set(i, std::trunc(value / unit) * unit);
    }
    const Verdict verdict = judge(std::span(&output, 1), std::span(&expected, 1));
    EXPECT_EQ(verdict.outcome, Outcome::wrong);
    EXPECT_TRUE(says(verdict, "systematic bias")) << verdict.reason;
}

TEST(Judge, LimitOfTheRootMeanSquareLoosensForFewElements) {
    EXPECT_DOUBLE_EQ(rms_limit(1e6), 0.5);
    EXPECT_DOUBLE_EQ(rms_limit(1), 1);
    EXPECT_DOUBLE_EQ(rms_limit(0), 1);
    EXPECT_GT(rms_limit(100), rms_limit(200));
}

TEST(Judge, AllZerosAndMultiplesAreNamed) {
    Case zeros;
    for (std::size_t i = 0; i < zeros.expected.value.size(); ++i) zeros.output.set(i, 0);
    EXPECT_TRUE(says(zeros.verdict(), "every element of C is zero")) << zeros.verdict().reason;
    Case scaled;
    for (std::size_t i = 0; i < scaled.expected.value.size(); ++i) scaled.output.set(i, 8 * scaled.expected.value[i]);
    EXPECT_TRUE(says(scaled.verdict(), "C is 8 times what it should be")) << scaled.verdict().reason;
}

TEST(Judge, ZeroIsRightWhereItIsExpected) {
    Case one;
    for (std::size_t i = 0; i < one.expected.value.size(); ++i) {
        one.expected.value[i] = one.expected.bound[i] = 0;
        one.output.set(i, 0);
    }
    EXPECT_EQ(one.verdict().outcome, Outcome::passed);
    one.output.set(0, 1e-30);
    EXPECT_EQ(one.verdict().outcome, Outcome::wrong) << "a bound of zero is exact";
    EXPECT_EQ(one.verdict().worst_of_bound, infinity);
}

TEST(Judge, EmptyOutputsPass) { EXPECT_EQ(Case(0, 16).verdict().outcome, Outcome::passed); }

TEST(Judge, AReferenceThatDoesNotFitIsAMistake) {
    Case one;
    one.expected.value.pop_back();
    EXPECT_THROW(one.verdict(), std::logic_error);
}

}  // namespace
}  // namespace stele::verdict_test
