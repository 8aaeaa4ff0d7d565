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
    EXPECT_FALSE(glob_match(std::string_view("ab*").substr(0, 2), "abc")) << "what follows the pattern is none of it";
    EXPECT_FALSE(glob_match("[ab]", "xab]")) << "what is no member is not the bracket either";
    const auto members = [](const std::string& set) {
        std::string out;
        for (const char c : std::string("!-]abcdeyz"))
            if (glob_match("[" + set + "]", std::string(1, c))) out += c;
        return out;
    };
    EXPECT_EQ(members("b-d"), "bcd");
    EXPECT_EQ(members("!b-d"), "!-]aeyz");
    EXPECT_EQ(members("a-cy"), "abcy");
    EXPECT_EQ(members("a-cy-z"), "abcyz");
    EXPECT_EQ(members("ya-c"), "abcy");
    EXPECT_EQ(members("ac"), "ac");
    EXPECT_EQ(members("a-"), "-a");
    EXPECT_EQ(members("!]"), "!-abcdeyz");
    EXPECT_EQ(members("]-a"), "]a") << "a range from ']' on";
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
        EXPECT_EQ(std::string(error.what()),
                  "'twice/tiled' is not one variant; it stands for "
                  "twice/tiled.opencl@64x64, twice/tiled.cuda@64x64: choose one");
    }
    EXPECT_THROW(registry.variant("twice/tiled.host"), RegistryError);
}

TEST_F(RegistryTest, OneOperationByName) {
    EXPECT_EQ(&registry.operation("thrice"), operations[1].get());
    try {
        registry.operation("gem");
        FAIL();
    } catch (const RegistryError& error) {
        EXPECT_EQ(std::string(error.what()), "no operation is called 'gem'; there are twice, thrice");
    }
}

TEST_F(RegistryTest, SiblingsDifferInNothingButTheTile) {
    const auto& all = registry.variants();
    EXPECT_EQ(registry.siblings(*all[2]), (std::vector<const Variant*>{all[1], all[2]}));
    EXPECT_EQ(registry.siblings(*all[0]), std::vector<const Variant*>{all[0]});
}

TEST_F(RegistryTest, MistakesAreAnsweredWithTheNearest) {
    EXPECT_NE(message("twice/tilde.opencl").find("did you mean twice/tiled.opencl"), std::string::npos)
        << message("twice/tilde.opencl");
    EXPECT_NE(message("tiled").find("twice/tiled"), std::string::npos) << message("tiled");
    EXPECT_NE(message("twice/tiled.opencl@7").find("'7'"), std::string::npos) << message("twice/tiled.opencl@7");
    EXPECT_NE(message("twice/tiled.opencl@7").find("twice/tiled.opencl@16x16"), std::string::npos);
    EXPECT_EQ(message("zzzzzzzzzzzz").find("did you mean"), std::string::npos) << "nothing is near";
    EXPECT_EQ(message("tiled"),
              "no variant matches 'tiled'; did you mean twice/tiled, twice/tiled.opencl, twice/tiled.cuda?");
    EXPECT_EQ(message("twice/tiled.opencl@7"),
              "no variant has the tile '7'; there are twice/tiled.opencl@64x64, twice/tiled.opencl@16x16");
    EXPECT_EQ(message("zzzz@7"), "no variant matches 'zzzz@7'");
    EXPECT_EQ(message("zzzz@*"), "no variant matches 'zzzz@*'");
    const std::vector<std::unique_ptr<Operation>> none;
    try {
        Registry(none).select("gemm");
        FAIL();
    } catch (const RegistryError& error) {
        EXPECT_EQ(std::string(error.what()), "this build has no variants");
    }
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
