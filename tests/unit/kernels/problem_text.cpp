#include "kernels/problem_text.hpp"

#include <gtest/gtest.h>

namespace stele::problem_text_test {
namespace {

constexpr std::string_view grammar = "m=M [s=REAL] [f32|f16] [b=kn|nk] [causal]";

ProblemText words(std::string_view text) { return {"gemm", grammar, text}; }

/// The message of the ProblemError that `read` throws, or "nothing was thrown".
template <typename Read>
std::string message(std::string_view text, const Read& read) {
    try {
        ProblemText given = words(text);
        read(given);
        given.finish();
    } catch (const ProblemError& error) {
        return error.what();
    }
    return "nothing was thrown";
}

std::string message_of_m(std::string_view text) {
    return message(text, [](ProblemText& given) { given.take_extent("m", 1, 100); });
}

TEST(ProblemText, ReadsEveryKindOfWordInAnyOrder) {
    ProblemText given = words("causal f16  b=nk m=12 s=0.25");
    EXPECT_EQ(given.take_extent("m", 1, 100), 12);
    EXPECT_EQ(given.take_extent_or("n", 5, 1, 100), 5);
    EXPECT_EQ(given.take_real_or("s", 1.0, 0.0, 1.0), 0.25);
    EXPECT_EQ(given.take_real_or("t", 2.0, 0.0, 1.0), 2.0);
    EXPECT_EQ(given.take_word_or("b", "kn", {"kn", "nk"}), "nk");
    EXPECT_EQ(given.take_dtype({Dtype::f32, Dtype::f16}), Dtype::f16);
    EXPECT_TRUE(given.take_flag("causal"));
    EXPECT_FALSE(given.take_flag("causal"));
    EXPECT_NO_THROW(given.finish());
}

TEST(ProblemText, HasDefaults) {
    ProblemText given = words("");
    EXPECT_EQ(given.take_dtype({Dtype::f32}), Dtype::f32);
    EXPECT_EQ(given.take_word_or("b", "kn", {"kn", "nk"}), "kn");
    EXPECT_FALSE(given.take_flag("causal"));
}

struct BadText {
    const char *text, *says;
};
class BadProblemText : public testing::TestWithParam<BadText> {};

INSTANTIATE_TEST_SUITE_P(
    Extents, BadProblemText,
    testing::Values(BadText{"", "'m=' is missing"}, BadText{"m=", "m= is not a whole number"},
                    BadText{"m=1.5", "m=1.5 is not a whole number"}, BadText{"m=0x10", "m=0x10 is not a whole number"},
                    BadText{"m=99999999999999999999", "is not a whole number"},
                    BadText{"m=0", "m=0 is outside 1 to 100"}, BadText{"m=-3", "m=-3 is outside 1 to 100"},
                    BadText{"m=101", "m=101 is outside 1 to 100"}, BadText{"m=1 m=2", "'m=' is given twice"},
                    BadText{"m=1 causal causal", "'causal' is given twice"}, BadText{"m=1 q=2", "'q=' is not known"},
                    BadText{"m=1 wide", "'wide' is not known"}, BadText{"m=1 =2", "'=' is not known"}));

TEST_P(BadProblemText, SaysWhatIsWrongAndWhatIsExpected) {
    const std::string got = message_of_m(GetParam().text);
    EXPECT_NE(got.find(GetParam().says), std::string::npos) << got;
    EXPECT_NE(got.find("expected: " + std::string(grammar)), std::string::npos) << got;
    EXPECT_NE(got.find("gemm problem '" + std::string(GetParam().text) + "'"), std::string::npos) << got;
}

TEST(ProblemText, RefusesDtypesRealsAndWordsThatAreNotAccepted) {
    const auto dtype = [](ProblemText& given) { given.take_dtype({Dtype::f32, Dtype::f16}); };
    EXPECT_NE(message("f64", dtype).find("dtype f64 is none of f32, f16"), std::string::npos) << message("f64", dtype);
    EXPECT_NE(message("f32 f16", dtype).find("two dtypes are given"), std::string::npos);
    const auto real = [](ProblemText& given) { given.take_real_or("s", 1.0, 0.0, 1.0); };
    EXPECT_NE(message("s=nan", real).find("s=nan is not a number"), std::string::npos);
    EXPECT_NE(message("s=2", real).find("s=2 is outside 0 to 1"), std::string::npos);
    EXPECT_NE(message("s=half", real).find("s=half is not a number"), std::string::npos);
    const auto word = [](ProblemText& given) { given.take_word_or("b", "kn", {"kn", "nk"}); };
    EXPECT_NE(message("b=tn", word).find("b=tn is none of kn, nk"), std::string::npos);
}

}  // namespace
}  // namespace stele::problem_text_test
