// The manual and the program agree: pages, options, names to choose from, and what the index enumerates.
#include "harness/cli/manual.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>

#include "backends/backend.hpp"
#include "backends/names.hpp"
#include "harness/cli/command_line.hpp"
#include "harness/cli/commands/all.hpp"
#include "kernels/operation.hpp"

namespace stele::manual_test {
namespace {

using Names = std::set<std::string>;

/// What a page says of each option: the item of its list, with the lines that go on.
std::map<std::string, std::string> documented_options(std::string_view page) {
    std::map<std::string, std::string> found;
    std::istringstream lines{std::string(page)};
    std::string option;
    const std::regex start("- `(--[a-z_-]+)[^`]*`.*");
    for (std::string line; std::getline(lines, line);) {
        std::smatch match;
        if (std::regex_match(line, match, start))
            option = match[1];
        else if (!line.starts_with("  "))
            option.clear();
        if (!option.empty()) found[option] += line + ' ';
    }
    return found;
}

/// The words in backticks that are names: no blanks, no signs.
Names quoted_names(const std::string& text) {
    Names names;
    const std::regex name("`([a-z][a-z0-9_-]*)`");
    for (std::sregex_iterator it(text.begin(), text.end(), name), end; it != end; ++it) names.insert((*it)[1]);
    return names;
}

std::string sentence_after(std::string_view start) {
    const std::string_view page = manual_page("index");
    const std::size_t at = page.find(start);
    EXPECT_NE(at, std::string_view::npos) << start;
    return at == std::string_view::npos ? "" : std::string(page.substr(at, page.find_first_of(".;", at) - at));
}

TEST(Manual, APageACommand) {
    Names pages, commands{"index"};
    for (const std::string& page : manual_pages()) pages.insert(page);
    for (const auto& command : all_commands()) commands.insert(std::string(command->name()));
    EXPECT_EQ(pages, commands);
}

TEST(Manual, HasEveryOptionAndNoOther) {
    for (const auto& [command, options] : command_options()) {
        Names documented;
        for (const auto& [name, text] : documented_options(manual_page(command.empty() ? "index" : command)))
            documented.insert(name);
        EXPECT_EQ(documented, Names(options.names.begin(), options.names.end())) << command;
    }
}

TEST(Manual, NamesToChooseFromAreThoseThatAreAccepted) {
    Names others;  // what an item may speak of besides
    for (const auto& operation : all_operations()) others.insert(std::string(operation->name()));
    std::size_t seen = 0;
    for (const auto& [command, options] : command_options()) {
        if (command.empty()) continue;
        auto documented = documented_options(manual_page(command));
        for (const auto& [option, accepted] : options.choices) {
            ++seen;
            Names names = quoted_names(documented[option]);
            for (const std::string& other : others) names.erase(other);
            EXPECT_EQ(names, Names(accepted.begin(), accepted.end())) << command << ' ' << option;
        }
    }
    EXPECT_GE(seen, 9u);
}

TEST(Manual, EnumeratesLanguagesBackendsAndDtypes) {
    const auto languages = names_of<Language>();
    EXPECT_EQ(quoted_names(sentence_after("The languages are")), Names(languages.begin(), languages.end()));

    Names backends = quoted_names(sentence_after("the backends are"));
    for (const auto& backend : all_backends()) EXPECT_EQ(backends.erase(std::string(backend->name())), 1u);
    backends.erase("simt");  // left out of a build for a CPU that it does not know
    EXPECT_EQ(backends, Names{});

    std::string grammars;
    for (const auto& operation : all_operations()) grammars += std::string(operation->problem_grammar()) + '\n';
    Names dtypes;
    for (const std::string& dtype : names_of<Dtype>())
        if (std::regex_search(grammars, std::regex("[|\\[ ]" + dtype + "[|\\] ]"))) dtypes.insert(dtype);
    EXPECT_GE(dtypes.size(), 3u);
    EXPECT_EQ(quoted_names(sentence_after("The dtypes of problems are")), dtypes);
}

TEST(Manual, HasEveryOperationWithItsGrammar) {
    std::string list;
    for (const auto& operation : all_operations())
        list += fmt::format("- `{}`: `{}`\n", operation->name(), operation->problem_grammar());
    EXPECT_NE(manual_page("index").find("\n\n" + list + "\n"), std::string_view::npos) << "it should hold\n" << list;
}

TEST(Manual, HelpIsThePageWithoutMarks) {
    for (const auto& [command, options] : command_options()) {
        const std::string text = manual_help(command);
        for (const std::string& option : options.names)
            EXPECT_NE(text.find(option), std::string::npos) << command << " " << option;
        EXPECT_EQ(text.find('`'), std::string::npos) << text;
        EXPECT_EQ(text.find("<!--"), std::string::npos) << text;
        EXPECT_EQ(text.find("\n## "), std::string::npos) << text;
        EXPECT_TRUE(text.starts_with("stele" + (command.empty() ? "" : " " + command) + "\n")) << text;
    }
    EXPECT_LT(manual_help("bench").size(), 8000u) << "the lists of suites are for `stele list --suites`";
    for (const auto& command : all_commands())
        EXPECT_NE(manual_help("").find("  stele " + std::string(command->name()) + ' '), std::string::npos);
}

}  // namespace
}  // namespace stele::manual_test
