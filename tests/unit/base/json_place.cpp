// JSON from outside: what is told of a mistake, depth at its limit; and what is written, to the last sign.
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "harness/base/json_document.hpp"
#include "harness/base/json_fields.hpp"
#include "harness/base/json_of.hpp"
#include "harness/base/json_text.hpp"
#include "tests/support/refusal.hpp"

namespace stele::json_place_test {
namespace {

using Json = nlohmann::ordered_json;

std::string refusal(std::string_view text) {
    return test::refusal_of<BadInput>([&] { parse_json(text); });
}

TEST(JsonPlace, IsALineAndAColumn) {
    EXPECT_EQ(refusal("nope"), "not JSON: at line 1, column 2 there is 'ope', expected a value");
    EXPECT_EQ(refusal("{\"a\": 1,\n\n   [}"), "not JSON: at line 3, column 4 there is '[', expected string literal");
    EXPECT_TRUE(refusal("[1,]").starts_with("not JSON: at line 1, column 4 there is ']', expected '"))
        << refusal("[1,]");
    EXPECT_EQ(refusal("[1\n2]"), "not JSON: at line 2, column 1 there is '2', expected ']'");
    EXPECT_EQ(refusal("{\"a\" hello,1}"), "not JSON: at line 1, column 6 there is 'hello', expected ':'");
    EXPECT_EQ(refusal("[1e999999]"), "not JSON that can be read: expected a number that a double can hold");
    EXPECT_EQ(refusal("[\"\x01\"]"),
              "not JSON: at line 1, column 3 there is '\\x01', expected a string in UTF-8, its control characters "
              "escaped, to its quote");
    EXPECT_EQ(refusal("[1"), "the JSON is truncated: it ends after 2 bytes, in the middle of a value");
    EXPECT_EQ(refusal("[1] " + std::string(30, 'x')), "not JSON: at line 1, column 5 there is '" +
                                                          std::string(20, 'x') +
                                                          "… (30 characters)', expected end of input");
    EXPECT_EQ(refusal(" \t\r\n"), "the file is empty");
}

TEST(JsonPlace, DepthIsOfOpenBracketsOutsideStrings) {
    const auto arrays = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    std::string objects = "1";
    for (int depth = 0; depth < 64; ++depth) objects = "{\"a\":" + objects + "}";
    EXPECT_EQ(refusal(objects), "");
    EXPECT_EQ(refusal("[" + objects + "]"), "nested deeper than the 64 levels that are read, at line 1, column 317");
    EXPECT_EQ(refusal(arrays(65)), "nested deeper than the 64 levels that are read, at line 1, column 65");
    EXPECT_EQ(refusal("[\n" + arrays(64) + "]"),
              "nested deeper than the 64 levels that are read, at line 2, column 64");
    std::string side_by_side = "[[]";
    for (int i = 0; i < 100; ++i) side_by_side += ",[],{}";
    EXPECT_EQ(refusal(side_by_side + "]"), "");
    const std::string marks(100, '[');
    EXPECT_EQ(refusal("[\"" + marks + "\"]"), "");
    EXPECT_EQ(refusal("[\"\\\"" + marks + "\"]"), "") << "a quotation mark in a string does not end it";
    EXPECT_NE(refusal("[\"\\\\\"," + arrays(64) + "]").find("nested deeper"), std::string::npos)
        << "after a string brackets count again";
}

TEST(JsonLines, AreWhatTheyWere) {
    using Table = std::map<std::string, std::vector<std::string>>;
    const Table table{{"µ", {"a\nb", "\"", "µ"}}, {"z", {}}};
    EXPECT_EQ(json_fields::line_of(table), R"({"z":[],"µ":["a\nb","\"","µ"]})");
    EXPECT_EQ(json_fields::from_line<Table>(json_fields::line_of(table)), table);
    EXPECT_EQ(json_fields::line_of(std::string("a\xff")), "\"a\xEF\xBF\xBD\"");
    EXPECT_THROW(json_fields::from_line<Table>("{"), BadInput);
    EXPECT_EQ(dump(Json{{"µ", "µ"}}), "{\n \"µ\": \"µ\"\n}\n");
}

/// What reading `text` as a T gives as JSON, or why it is refused.
template <typename T>
std::string read_as(const std::string& text) {
    try {
        return json_fields::json_of(json_fields::from_line<T>(text)).dump();
    } catch (const ReportError& error) {
        return error.what();
    }
}

TEST(JsonIntegers, AreReadToTheEdgesOfTheirType) {
    const std::string beyond = ", which is out of range";
    EXPECT_EQ(read_as<std::uint8_t>("255"), "255");
    EXPECT_EQ(read_as<std::uint8_t>("256"), "the file is 256" + beyond);
    EXPECT_EQ(read_as<std::uint8_t>("0"), "0");
    EXPECT_EQ(read_as<std::uint8_t>("-1"), "the file is -1" + beyond);
    EXPECT_EQ(read_as<std::int8_t>("127"), "127");
    EXPECT_EQ(read_as<std::int8_t>("128"), "the file is 128" + beyond);
    EXPECT_EQ(read_as<std::int8_t>("-128"), "-128");
    EXPECT_EQ(read_as<std::int8_t>("-129"), "the file is -129" + beyond);
    EXPECT_EQ(read_as<std::int64_t>("9223372036854775807"), "9223372036854775807");
    EXPECT_EQ(read_as<std::int64_t>("9223372036854775808"), "the file is 9223372036854775808" + beyond);
    EXPECT_EQ(read_as<std::int64_t>("-9223372036854775808"), "-9223372036854775808");
    EXPECT_EQ(read_as<std::uint64_t>("18446744073709551615"), "18446744073709551615");
    EXPECT_EQ(read_as<std::uint64_t>("-1"), "the file is -1" + beyond);
}

TEST(JsonText, AFileThatCannotBeReadIsNamed) {
    try {
        read_text("/nonexistent/file.json");
        FAIL();
    } catch (const ReportError& error) {
        EXPECT_TRUE(std::string(error.what()).starts_with("/nonexistent/file.json: ")) << error.what();
    }
}

}  // namespace
}  // namespace stele::json_place_test
