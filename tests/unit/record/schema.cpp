// results/schema.json has the fields that the reader and the writer walk: the same, in the same order, as needed.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/base/json_fields.hpp"
#include "harness/record/report_fields.hpp"

namespace stele::schema_test {
namespace {

using Json = nlohmann::ordered_json;

struct Fields {
    std::vector<std::string> all, required;

    template <typename Field>
    void operator()(const char* name, const Field&) {
        all.emplace_back(name);
        if (!json_fields::is_optional<Field>) required.emplace_back(name);
    }
};

template <typename T>
Fields fields_of() {
    Fields fields;
    const T value{};
    visit_fields(fields, value);
    return fields;
}

std::vector<std::string> sorted(std::vector<std::string> words) {
    std::ranges::sort(words);
    return words;
}

template <typename T>
void expect_same(const Json& schema, const char* place) {
    const Json& object = schema.at(Json::json_pointer(place));
    Fields fields = fields_of<T>();
    if (std::string(place).empty())
        for (auto* list : {&fields.all, &fields.required}) list->insert(list->end(), {"format", "schema_version"});
    std::vector<std::string> properties;
    for (const auto& property : object.at("properties").items()) properties.push_back(property.key());
    EXPECT_EQ(sorted(properties), sorted(fields.all)) << place;
    EXPECT_EQ(sorted(object.at("required").get<std::vector<std::string>>()), sorted(fields.required)) << place;
    EXPECT_EQ(object.at("additionalProperties"), false) << place;
}

TEST(Schema, HasTheFieldsThatAreWritten) {
    std::ifstream file(STELE_SOURCE_DIR "/results/schema.json");
    const Json schema = Json::parse(file);
    expect_same<Report>(schema, "");
    expect_same<AbsentBackend>(schema, "/properties/absent/items");
    expect_same<Environment>(schema, "/$defs/environment");
    expect_same<LibraryState>(schema, "/$defs/library");
    expect_same<DeviceInfo>(schema, "/$defs/device");
    expect_same<ClockCheck>(schema, "/$defs/clock_check");
    expect_same<NoiseFloor>(schema, "/$defs/noise_floor");
    expect_same<Ceiling>(schema, "/$defs/ceiling");
    expect_same<EnergyUse>(schema, "/$defs/energy");
    expect_same<CpuState>(schema, "/$defs/cpu_state");
    expect_same<ClockState>(schema, "/$defs/clock_state");
    expect_same<Verdict>(schema, "/$defs/verdict");
    expect_same<Timing>(schema, "/$defs/timing");
    expect_same<Measurement>(schema, "/$defs/measurement");
}

}  // namespace
}  // namespace stele::schema_test
