// Every value of every enumeration is read back by its name, and the schema has the same names.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "backends/names.hpp"
#include "harness/record/measurement.hpp"

namespace stele::names_test {
namespace {

template <typename E>
class EveryName : public testing::Test {};
using Enumerations =
    testing::Types<Language, Dtype, Fill, Suite, Outcome, Regime, CacheMode, StoppedBy, Counted, KernelKind>;
TYPED_TEST_SUITE(EveryName, Enumerations);

TYPED_TEST(EveryName, ReadsBack) {
    std::set<std::string_view> names;
    for (const auto& [value, text] : named_values<TypeParam>()) {
        EXPECT_EQ(name(value), text);
        EXPECT_EQ(from_name<TypeParam>(text), value);
        names.insert(text);
    }
    EXPECT_EQ(names.size(), names_of<TypeParam>().size()) << "no name twice";
    EXPECT_GE(names.size(), 2u);
    EXPECT_EQ(from_name<TypeParam>(""), std::nullopt);
    EXPECT_EQ(from_name<TypeParam>("no such name"), std::nullopt);
}

enum class Forgetful { first, second };
constexpr auto name_list(Forgetful) { return name_rows<Forgetful>({{Forgetful::first, "first"}}); }
enum class Disordered { first, second };
constexpr auto name_list(Disordered) {
    return name_rows<Disordered>({{Disordered::second, "second"}, {Disordered::first, "first"}});
}

TEST(Names, AForgottenEnumeratorIsFoundByTheCompiler) {
    EXPECT_TRUE(names_detail::is_whole<Outcome>());
    EXPECT_FALSE(names_detail::is_whole<Forgetful>());
    EXPECT_FALSE(names_detail::is_whole<Disordered>());
}

TEST(Names, TheSchemaHasTheSame) {
    std::ifstream file(STELE_SOURCE_DIR "/results/schema.json");
    const auto schema = nlohmann::json::parse(file);
    const auto listed = [&](const char* place) {
        return schema.at(nlohmann::json::json_pointer(std::string("/$defs/") + place + "/enum"))
            .get<std::vector<std::string>>();
    };
    EXPECT_EQ(listed("language"), names_of<Language>());
    EXPECT_EQ(listed("verdict/properties/outcome"), names_of<Outcome>());
    EXPECT_EQ(listed("timing/properties/stopped_by"), names_of<StoppedBy>());
    EXPECT_EQ(listed("noise_floor/properties/kind"), names_of<KernelKind>());
    EXPECT_EQ(listed("ceiling/properties/counted"), names_of<Counted>());
    EXPECT_EQ(listed("measurement/properties/dtype"), names_of<Dtype>());
    EXPECT_EQ(listed("measurement/properties/regime"), names_of<Regime>());
    EXPECT_EQ(listed("measurement/properties/cache"), names_of<CacheMode>());
    EXPECT_EQ(listed("measurement/properties/fill"), names_of<Fill>());
}

}  // namespace
}  // namespace stele::names_test
