#include "harness/catalog/registry.hpp"

#include <gtest/gtest.h>

#include "tests/support/twice.hpp"

namespace stele::registry_test {
namespace {

using test::twice_variant;
using test::TwiceOperation;

Variant in_language(Variant variant, Language language) {
    variant.language = language;
    return variant;
}

Variant of(Variant variant, std::string operation) {
    variant.operation = std::move(operation);
    return variant;
}

std::vector<std::unique_ptr<Operation>> two_operations() {
    std::vector<std::unique_ptr<Operation>> out;
    const Variant tiled = twice_variant("tiled", test::twice, "64x64");
    const Variant small = twice_variant("tiled", test::twice, "16x16", false);
    const Variant vendor = in_language(twice_variant("vendor.mkl"), Language::vendor);
    out.push_back(std::make_unique<TwiceOperation>(
        std::vector<Variant>{twice_variant("naive"), in_language(tiled, Language::opencl),
                             in_language(small, Language::opencl), in_language(tiled, Language::cuda), vendor}));
    out.push_back(
        std::make_unique<TwiceOperation>(std::vector<Variant>{of(twice_variant("naive"), "thrice")}, "thrice"));
    return out;
}

class RegistryTest : public testing::Test {
protected:
    std::vector<std::string> ids(std::string_view pattern) {
        std::vector<std::string> out;
        for (const Variant* variant : registry.select(pattern)) out.push_back(variant->id());
        return out;
    }
    std::string message(std::string_view pattern) {
        try {
            registry.select(pattern);
        } catch (const RegistryError& error) {
            return error.what();
        }
        return "";
    }

    std::vector<std::unique_ptr<Operation>> operations = two_operations();
    Registry registry{operations};
};

using Ids = std::vector<std::string>;

TEST(Glob, MatchesWholeTexts) {
    EXPECT_TRUE(glob_match("", ""));
    EXPECT_FALSE(glob_match("", "a"));
    EXPECT_TRUE(glob_match("*", ""));
    EXPECT_TRUE(glob_match("a*c", "abbc"));
    EXPECT_FALSE(glob_match("a*c", "abcd"));
    EXPECT_TRUE(glob_match("*b*b*", "abab"));
    EXPECT_TRUE(glob_match("a?c", "abc"));
    EXPECT_FALSE(glob_match("a?c", "ac"));
    EXPECT_TRUE(glob_match("*/t*.cuda", "gemm/tiled.cuda"));
}

TEST(Glob, Brackets) {
    EXPECT_TRUE(glob_match("[a-c]x", "bx"));
    EXPECT_FALSE(glob_match("[a-c]x", "dx"));
    EXPECT_TRUE(glob_match("[!a-c]x", "dx"));
    EXPECT_FALSE(glob_match("[!a-c]x", "ax"));
    EXPECT_TRUE(glob_match("[]]", "]"));
    EXPECT_TRUE(glob_match("[a-]", "-"));
    EXPECT_TRUE(glob_match("[a", "[a")) << "an unclosed bracket is itself";
}

TEST(Glob, ManyStarsStayFast) {
    std::string pattern;
    for (int i = 0; i < 40; ++i) pattern += "a*";
    EXPECT_FALSE(glob_match(pattern + "b", std::string(200, 'a')));
}

TEST_F(RegistryTest, PlainNamesSelectWhatLiesBelow) {
    EXPECT_EQ(ids("twice/tiled"), (Ids{"twice/tiled.opencl@64x64", "twice/tiled.cuda@64x64"}));
    EXPECT_EQ(ids("twice/tiled.cuda"), (Ids{"twice/tiled.cuda@64x64"}));
    EXPECT_EQ(ids("thrice"), (Ids{"thrice/naive.host"}));
    EXPECT_EQ(ids("twice/vendor"), (Ids{"twice/vendor.mkl"}));
    EXPECT_EQ(ids("").size(), 5u) << "default tiles only";
}

TEST_F(RegistryTest, PlainNamesDoNotMatchPartsOfNames) {
    EXPECT_THROW(registry.select("twice/til"), RegistryError);
    EXPECT_THROW(registry.select("twi"), RegistryError);
    EXPECT_THROW(registry.select("tiled"), RegistryError);
}

TEST_F(RegistryTest, GlobsAndTiles) {
    EXPECT_EQ(ids("*.opencl"), (Ids{"twice/tiled.opencl@64x64"}));
    EXPECT_EQ(ids("*/naive"), (Ids{"twice/naive.host", "thrice/naive.host"}));
    EXPECT_EQ(ids("twice/tiled.opencl@16x16"), (Ids{"twice/tiled.opencl@16x16"}));
    EXPECT_EQ(ids("twice/tiled@*").size(), 3u);
    EXPECT_EQ(ids("twice/tiled@1*"), (Ids{"twice/tiled.opencl@16x16"}));
    EXPECT_EQ(ids("@*").size(), 6u);
}

TEST_F(RegistryTest, OneVariantById) {
    EXPECT_EQ(registry.variant("twice/tiled.opencl").tile, "64x64");
    EXPECT_EQ(registry.variant("twice/tiled.opencl@16x16").tile, "16x16");
    EXPECT_EQ(registry.variant("twice/naive.host").algorithm, "naive");
    try {
        registry.variant("twice/tiled");
        FAIL();
    } catch (const RegistryError& error) {
        EXPECT_NE(std::string(error.what()).find("twice/tiled.cuda@64x64"), std::string::npos) << error.what();
    }
}

TEST_F(RegistryTest, MistakesAreAnsweredWithTheNearest) {
    EXPECT_NE(message("twice/tilde.opencl").find("did you mean twice/tiled.opencl"), std::string::npos)
        << message("twice/tilde.opencl");
    EXPECT_NE(message("tiled").find("twice/tiled"), std::string::npos) << message("tiled");
    EXPECT_NE(message("twice/tiled.opencl@7").find("'7'"), std::string::npos) << message("twice/tiled.opencl@7");
    EXPECT_NE(message("twice/tiled.opencl@7").find("twice/tiled.opencl@16x16"), std::string::npos);
    EXPECT_EQ(message("zzzzzzzzzzzz").find("did you mean"), std::string::npos) << "nothing is near";
    EXPECT_THROW(registry.operation("gem"), RegistryError);
}

TEST_F(RegistryTest, OperationsOfASelection) {
    const std::vector<std::string> twice_over{"thrice", "@*", "thrice"};
    EXPECT_EQ(registry.select(twice_over).size(), registry.select("@*").size()) << "each once";
    EXPECT_EQ(registry.select(std::vector<std::string>{}), registry.select(""));
    const auto all = registry.select("@*");
    EXPECT_EQ(registry.operations_of(all).size(), 2u);
    const auto one = registry.select("thrice");
    ASSERT_EQ(registry.operations_of(one).size(), 1u);
    EXPECT_EQ(registry.operations_of(one)[0]->name(), "thrice");
}

TEST_F(RegistryTest, SuitesAreParsed) {
    const auto edge = problems(*operations[0], Suite::edge);
    ASSERT_EQ(edge.size(), 2u);
    EXPECT_EQ(edge[1]->id(), "rows=1 columns=1 f32");
}

}  // namespace
}  // namespace stele::registry_test
