// Values as JSON and back, and files of it: every type of field, strictly.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "harness/base/json_document.hpp"
#include "harness/base/json_of.hpp"

namespace stele::json_test {
namespace {

using Json = nlohmann::ordered_json;

constexpr double infinity = std::numeric_limits<double>::infinity();

enum class Colour { red, green };
constexpr auto name_list(Colour) { return name_rows<Colour>({{Colour::red, "red"}, {Colour::green, "green"}}); }

struct Inner {
    int whole = 0;
};
template <typename Visit, typename T>
    requires std::is_same_v<std::remove_const_t<T>, Inner>
void visit_fields(Visit& visit, T& inner) {
    visit("whole", inner.whole);
}

struct Outer {
    std::string text;
    bool truth = false;
    double number = 0;
    std::uint8_t small = 0;
    std::int64_t large = 0;
    Colour colour = Colour::red;
    std::vector<Inner> list;
    std::map<std::string, double> table;
    std::optional<Inner> perhaps;
};
template <typename Visit, typename T>
    requires std::is_same_v<std::remove_const_t<T>, Outer>
void visit_fields(Visit& visit, T& outer) {
    visit("text", outer.text);
    visit("truth", outer.truth);
    visit("number", outer.number);
    visit("small", outer.small);
    visit("large", outer.large);
    visit("colour", outer.colour);
    visit("list", outer.list);
    visit("table", outer.table);
    visit("perhaps", outer.perhaps);
}

Outer sample() {
    Outer out;
    out.text = "word";
    out.truth = true;
    out.number = 1.5;
    out.small = 200;
    out.large = -1;
    out.colour = Colour::green;
    out.list = {{1}, {2}};
    out.table["a"] = infinity;
    return out;
}

Outer read_back(const Json& json) {
    Outer out;
    json_fields::read(json, "", out);
    return out;
}

/// The message for the sample's JSON after `change`; empty if it is read.
template <typename Change>
std::string refusal(Change change) {
    Json json = json_fields::json_of(sample());
    change(json);
    try {
        read_back(json);
    } catch (const ReportError& error) {
        return error.what();
    }
    return "";
}

TEST(JsonFields, WriteByName) {
    Outer outer = sample();
    EXPECT_EQ(json_fields::json_of(outer).dump(),
              R"({"text":"word","truth":true,"number":1.5,"small":200,"large":-1,"colour":"green",)"
              R"("list":[{"whole":1},{"whole":2}],"table":{"a":"inf"}})");
    outer.perhaps = Inner{7};
    EXPECT_EQ(json_fields::json_of(outer)["perhaps"].dump(), R"({"whole":7})");
}

TEST(JsonFields, ReadBack) {
    Outer outer = sample();
    outer.perhaps = Inner{7};
    outer.truth = false;
    const Json json = json_fields::json_of(outer);
    EXPECT_EQ(json_fields::json_of(read_back(json)), json);
    EXPECT_EQ(read_back(json).list.size(), 2u);
    EXPECT_EQ(read_back(json).table.at("a"), infinity);
    Json with_kind = json;
    with_kind["format"] = "x";
    with_kind["schema_version"] = 1;
    EXPECT_EQ(json_fields::json_of(read_back(with_kind)), json) << "what a file says of itself is not a field";
}

TEST(JsonFields, NumbersThatJsonCannotHold) {
    for (const double value : {infinity, -infinity, 0.1, -3.0}) {
        Outer outer = sample();
        outer.number = value;
        EXPECT_EQ(read_back(json_fields::json_of(outer)).number, value);
    }
    Outer outer = sample();
    outer.number = std::nan("");
    EXPECT_TRUE(std::isnan(read_back(json_fields::json_of(outer)).number));
}

TEST(JsonFields, RefuseWithThePlace) {
    EXPECT_EQ(refusal([](Json&) {}), "");
    EXPECT_EQ(refusal([](Json& json) { json["text"] = 1; }), "text must be a string, not a number");
    EXPECT_EQ(refusal([](Json& json) { json["truth"] = Json::array(); }), "truth must be true or false, not an array");
    EXPECT_EQ(refusal([](Json& json) { json["number"] = "many"; }),
              R"(number must be a number, or "nan", "inf" or "-inf", not a string)");
    EXPECT_EQ(refusal([](Json& json) { json["small"] = 256; }), "small is 256, which is out of range");
    EXPECT_EQ(refusal([](Json& json) { json["small"] = -1; }), "small is -1, which is out of range");
    EXPECT_EQ(refusal([](Json& json) { json["large"] = std::numeric_limits<std::uint64_t>::max(); }),
              "large is 18446744073709551615, which is out of range");
    EXPECT_EQ(refusal([](Json& json) { json["large"] = 1.5; }), "large must be a whole number, not a number");
    EXPECT_EQ(refusal([](Json& json) { json["colour"] = "blue"; }), "colour is 'blue'; known are red, green");
    EXPECT_EQ(refusal([](Json& json) { json["list"][1]["whole"] = "x"; }),
              "list[1].whole must be a whole number, not a string");
    EXPECT_EQ(refusal([](Json& json) { json["table"]["b"] = true; }),
              R"(table.b must be a number, or "nan", "inf" or "-inf", not a boolean)");
    EXPECT_EQ(refusal([](Json& json) { json["table"] = 1; }), "table must be an object, not a number");
    EXPECT_EQ(refusal([](Json& json) { json["perhaps"] = Json::object(); }), "perhaps.whole is missing");
    EXPECT_EQ(refusal([](Json& json) { json["more"] = 1; }), "more is not a field of this schema");
    EXPECT_EQ(refusal([](Json& json) { json["list"][0]["format"] = 1; }),
              "list[0].format is not a field of this schema");
    EXPECT_EQ(refusal([](Json& json) { json = 3; }), "the file must be an object, not a number");
}

TEST(JsonDocument, ArraysOfPlainValuesStandOnOneLine) {
    EXPECT_EQ(
        dump({{"a", {1, 2}}, {"b", {{"c", Json::array()}, {"d", "e\"f"}}}, {"g", {{1}, {2}}}}),
        "{\n \"a\": [1,2],\n \"b\": {\n  \"c\": [],\n  \"d\": \"e\\\"f\"\n },\n \"g\": [\n  [1],\n  [2]\n ]\n}\n");
    EXPECT_EQ(dump("\xff"), "\"\xEF\xBF\xBD\"\n") << "what is no UTF-8 is replaced";
}

TEST(JsonDocument, HoldsFiniteNumbersOnly) {
    EXPECT_EQ(json_number(1.5), 1.5);
    EXPECT_EQ(json_number(std::nan("")), "nan");
    EXPECT_EQ(json_number(infinity), "inf");
    EXPECT_EQ(json_number(-infinity), "-inf");
    for (const double value : {infinity, -infinity, std::nan("")}) {
        EXPECT_THROW(dump(value), std::logic_error);
        EXPECT_THROW(dump({{"a", {{"b", {1.0, value}}}}}), std::logic_error);
        EXPECT_NO_THROW(dump({{"a", {{"b", {1.0, json_number(value)}}}}}));
    }
}

TEST(JsonDocument, SaysWhatItIs) {
    constexpr DocumentKind kind{"list", "stele-list", 3, 2};
    const auto message = [&](const std::string& text) -> std::string {
        try {
            parse_document(text, kind);
        } catch (const ReportError& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_EQ(message(dump(new_document(kind))), "");
    EXPECT_EQ(message(R"({"format": "stele-list", "schema_version": 2})"), "");
    EXPECT_EQ(message(R"({"format": "stele-list", "schema_version": 1})"),
              "the list has schema version 1, and this stele reads version 2 to 3");
    EXPECT_EQ(message(R"({"format": "stele-list", "schema_version": 4})"),
              "the list has schema version 4, and this stele reads version 2 to 3");
    EXPECT_EQ(message(R"({"format": "stele-list", "schema_version": "2"})"), "schema_version must be a whole number");
    EXPECT_EQ(message(R"({"format": "stele-list"})"), "schema_version is missing");
    for (const char* other : {"[]", "{}", R"({"format": "stele-report", "schema_version": 2})"})
        EXPECT_EQ(message(other), R"(not a Stele list: it lacks "format": "stele-list")") << other;
}

}  // namespace
}  // namespace stele::json_test
