// Tile spaces: what is legal, what is near, and how the registry makes variants of them.
#include "harness/catalog/tile_choices.hpp"

#include <gtest/gtest.h>

#include <set>

#include "kernels/tile.hpp"
#include "tests/support/twice.hpp"

namespace stele::tile_choices_test {
namespace {

struct PairTile {
    int rows, columns;
    static constexpr std::array names{"ROWS", "COLUMNS"};
    constexpr std::array<int, 2> values() const { return {rows, columns}; }
};

Variant made(const PairTile& tile) { return test::twice_variant("tiled", test::twice, text(tile), false); }

Variant made_narrow(const PairTile& tile) { return test::twice_variant("narrow", test::twice, text(tile), false); }

std::shared_ptr<TileSpace> with_cost(TileSpace space) {
    space.cost = [](const TileValues& values) { return 100.0 - values[1]; };
    return std::make_shared<TileSpace>(std::move(space));
}

std::string why_illegal(const PairTile& tile) {
    return tile.columns % tile.rows == 0 ? "" : "ROWS must divide COLUMNS";
}

class SpaceTest : public testing::Test {
protected:
    SpaceTest() {
        const auto space = make_tile_space<PairTile>({{{1, 2, 4}, {2, 3, 4, 6}}}, why_illegal, made);
        Variant open = test::twice_variant("tiled", test::twice, "2x4");
        open.tile_space = space;
        Variant listed = test::twice_variant("tiled", test::twice, "4x4", false);
        listed.tile_space = space;
        Variant closed = test::twice_variant("closed", test::twice, "8x8");
        Variant narrow = test::twice_variant("narrow", test::twice, "1x4");
        narrow.tile_space = make_tile_space<PairTile>({{{1}, {2, 4}}}, why_illegal, made_narrow);
        narrow.tile_space = with_cost(*narrow.tile_space);
        const Variant named = test::twice_variant("named", test::twice, "auto");
        const Variant fixed = test::twice_variant("named", test::twice, "3x5", false);
        const Variant untiled = test::twice_variant("untiled");
        operations.push_back(std::make_unique<test::TwiceOperation>(
            std::vector<Variant>{open, listed, closed, narrow, named, fixed, untiled}));
        registry = std::make_unique<Registry>(operations);
    }
    std::string message(std::string_view pattern) {
        try {
            registry->select(pattern);
        } catch (const RegistryError& error) {
            return error.what();
        }
        return "";
    }
    TileChoices choices_of(std::string_view id) { return TileChoices(*registry, registry->variant(id)); }

    std::vector<std::unique_ptr<Operation>> operations;
    std::unique_ptr<Registry> registry;
};

TEST(TileText, IsNumbersAndNothingElse) {
    EXPECT_EQ(parse_tile("64x32x8"), (TileValues{64, 32, 8}));
    EXPECT_EQ(parse_tile("7"), TileValues{7});
    for (const char* text :
         {"", "x", "64x", "x64", "64xx32", "64x-32", "64x32 ", "a", "64X32", "1234567", "+4", "0x1f"})
        EXPECT_EQ(parse_tile(text), std::nullopt) << text;
    EXPECT_EQ(tile_text({64, 32, 8}), "64x32x8");
}

TEST_F(SpaceTest, KnowsWhatIsLegal) {
    const TileSpace& space = *registry->variants().front()->tile_space;
    EXPECT_EQ(space.refusal({2, 6}), "");
    EXPECT_EQ(space.refusal({3, 6}), "") << "legal, though no search tries it";
    EXPECT_EQ(space.refusal({4, 6}), "ROWS must divide COLUMNS");
    EXPECT_NE(space.refusal({0, 6}).find("ROWS is 0, and goes from 1 to 4"), std::string::npos);
    EXPECT_NE(space.refusal({2}).find("ROWSxCOLUMNS: 2 numbers, not 1"), std::string::npos) << space.refusal({2});
    const auto tiles = space.legal_tiles();
    EXPECT_EQ(tiles.size(), 4u + 3u + 1u);
    EXPECT_EQ(tiles.front(), (TileValues{1, 2}));
    EXPECT_EQ(tiles.back(), (TileValues{4, 4}));
}

TEST_F(SpaceTest, TheRegistryMakesALegalTileOnce) {
    const auto made = registry->select("twice/tiled.host@2x6");
    ASSERT_EQ(made.size(), 1u);
    EXPECT_EQ(made[0]->id(), "twice/tiled.host@2x6");
    EXPECT_FALSE(made[0]->default_tile);
    EXPECT_EQ(&registry->variant("twice/tiled.host@2x6"), made[0]);
    EXPECT_EQ(registry->select("twice@02x6").at(0), made[0]) << "another spelling of the same tile";
    EXPECT_EQ(registry->select("twice/tiled.host@4x4").at(0), registry->variants()[1]) << "a listed one is that one";
    EXPECT_EQ(registry->select("twice/tiled.host@*").size(), 2u) << "a glob selects what is listed";
}

TEST_F(SpaceTest, TheRegistrySaysWhyNot) {
    EXPECT_EQ(message("twice/tiled.host@4x6"), "twice/tiled.host cannot have the tile '4x6': ROWS must divide COLUMNS");
    EXPECT_NE(message("twice/tiled.host@big").find("whole numbers"), std::string::npos);
    EXPECT_NE(message("twice/closed.host@9x9").find("no variant has the tile '9x9'"), std::string::npos);
    EXPECT_THROW(registry->variant("twice/tiled.host@4x6"), RegistryError);
    EXPECT_EQ(message("twice/tiled.host@9*"),
              "no variant has the tile '9*'; there are twice/tiled.host@2x4, twice/tiled.host@4x4")
        << "a glob makes nothing";
    try {
        registry->with_tile(registry->variant("twice/named.host"), "9x9");
        FAIL();
    } catch (const RegistryError& error) {
        EXPECT_EQ(std::string(error.what()), "twice/named.host has no tile '9x9'; there are auto, 3x5");
    }
    EXPECT_THROW(registry->variant("twice/tiled.host@02x6"), RegistryError) << "an id is spelt in one way";
}

TEST_F(SpaceTest, EverySpaceThatCanMakesIt) {
    const auto ids = [&](std::string_view pattern) {
        std::vector<std::string> out;
        for (const Variant* variant : registry->select(pattern)) out.push_back(variant->id());
        return out;
    };
    EXPECT_EQ(ids("twice@1x2"), (std::vector<std::string>{"twice/tiled.host@1x2", "twice/narrow.host@1x2"}));
    EXPECT_EQ(ids("twice@2x2"), std::vector<std::string>{"twice/tiled.host@2x2"}) << "the other's refusal is not told";
    EXPECT_EQ(ids("twice@1x6"), std::vector<std::string>{"twice/tiled.host@1x6"});
    EXPECT_EQ(ids("twice/narrow.host@1x2"), std::vector<std::string>{"twice/narrow.host@1x2"});
    EXPECT_EQ(message("twice@4x6"),
              "twice/tiled.host cannot have the tile '4x6': ROWS must divide COLUMNS; "
              "twice/narrow.host cannot have the tile '4x6': ROWS is 4, and goes from 1 to 1");
    EXPECT_THROW(registry->variant("twice@1x2"), RegistryError) << "that is two";
}

TEST_F(SpaceTest, ChoicesAreListedTilesThenTheSpace) {
    const TileChoices choices(*registry, *registry->variants().front());
    EXPECT_EQ(choices.size(), 8u) << "each once";
    EXPECT_EQ(choices.tile(choices.default_index()), "2x4");
    std::set<std::string> tiles;
    for (std::size_t i = 0; i < choices.size(); ++i) {
        tiles.insert(choices.tile(i));
        EXPECT_EQ(choices.variant(i).tile, choices.tile(i));
        EXPECT_LE(choices.cost(choices.default_index()), choices.cost(i));
    }
    EXPECT_EQ(tiles.size(), 8u);
    EXPECT_LT(choices.cost(*choices.find("1x2")), choices.cost(*choices.find("4x4")));
    EXPECT_EQ(choices.find("4x6"), std::nullopt);
    EXPECT_EQ(choices.find("2x4"), 0u);
    EXPECT_EQ(choices.find("4x4"), 1u);
    EXPECT_EQ(choices.find("1x2"), 2u);
    EXPECT_EQ(TileChoices(*registry, *registry->variants()[1]).default_index(), 1u);
}

TEST_F(SpaceTest, CostIsTheSpacesOrTheProductOfTheValues) {
    const TileChoices open = choices_of("twice/tiled.host");
    EXPECT_EQ(open.cost(*open.find("4x4")), 16);
    EXPECT_EQ(open.cost(*open.find("2x6")), 12);
    const TileChoices narrow = choices_of("twice/narrow.host");
    EXPECT_EQ(narrow.cost(*narrow.find("1x2")), 98);
    EXPECT_LT(narrow.cost(narrow.default_index()), 0);
    const TileChoices named = choices_of("twice/named.host");
    EXPECT_EQ(named.cost(1), 15) << "without a space";
    // What is not made of numbers costs its place in the list.
    const TileChoices fixed(*registry, *registry->variants()[5]);
    EXPECT_EQ(fixed.default_index(), 1u);
    EXPECT_EQ(fixed.cost(0), 0);
}

TEST_F(SpaceTest, WithoutASpaceTheListedTilesAreAll) {
    EXPECT_EQ(choices_of("twice/closed.host").size(), 1u);
    EXPECT_EQ(choices_of("twice/named.host").size(), 2u);
    EXPECT_EQ(choices_of("twice/untiled.host").size(), 0u);
    EXPECT_TRUE(choices_of("twice/named.host").neighbours(0).empty());
    EXPECT_TRUE(choices_of("twice/named.host").neighbours(1).empty()) << "of another number of values";
}

TEST_F(SpaceTest, NeighboursAreTheNearestLegalOnes) {
    const TileChoices choices(*registry, *registry->variants().front());
    const auto near = [&](std::string_view tile) {
        std::set<std::string> out;
        for (std::size_t index : choices.neighbours(*choices.find(tile))) out.insert(choices.tile(index));
        return out;
    };
    EXPECT_EQ(near("2x4"), (std::set<std::string>{"1x4", "4x4", "2x2", "2x6"}));
    EXPECT_EQ(near("1x3"), (std::set<std::string>{"1x2", "1x4"})) << "2x3 and 4x3 are illegal";
    EXPECT_EQ(near("1x6"), (std::set<std::string>{"1x4", "2x6"}));
    EXPECT_EQ(near("1x2"), (std::set<std::string>{"1x3", "2x2"}));
    EXPECT_EQ(near("1x4"), (std::set<std::string>{"1x3", "1x6", "2x4"}));
    // Parameter by parameter, the smaller before the greater.
    std::vector<std::string> order;
    for (const std::size_t index : choices.neighbours(0)) order.push_back(choices.tile(index));
    EXPECT_EQ(order, (std::vector<std::string>{"1x4", "4x4", "2x2", "2x6"}));
}

}  // namespace
}  // namespace stele::tile_choices_test
