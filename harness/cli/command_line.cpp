#include "harness/cli/command_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "harness/base/error.hpp"
#include "harness/base/visible.hpp"
#include "harness/cli/arguments.hpp"
#include "harness/cli/commands/all.hpp"
#include "harness/cli/manual.hpp"
#include "harness/cli/output.hpp"
#include "harness/record/environment.hpp"

namespace stele {

namespace {

/// --help and --version.
class ShowText final : public Command {
public:
    explicit ShowText(std::string text) : text_(std::move(text)) {}
    std::string_view name() const override { return ""; }
    void declare(Arguments&) override {}
    ExitCode run() override {
        write_output(text_);
        return exit_fine;
    }

private:
    std::string text_;
};

struct Declared {
    std::unique_ptr<Command> command;
    CLI::App* app;
    std::unique_ptr<Arguments> arguments;
};

/// The parser and the commands that it writes into.
struct Parser {
    CLI::App app;
    bool version = false;
    std::vector<Declared> commands;

    Parser() {
        app.name("stele");
        app.require_subcommand(0, 1);
        app.add_flag("--version", version);
        for (std::unique_ptr<Command>& command : all_commands()) {
            CLI::App* own = app.add_subcommand(std::string(command->name()));
            Declared& declared = commands.emplace_back(Declared{std::move(command), own, nullptr});
            declared.arguments = std::make_unique<Arguments>(*own);
            declared.command->declare(*declared.arguments);
        }
    }

    std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const Declared& declared : commands) names.emplace_back(declared.command->name());
        return names;
    }

    Declared* find(const std::string& name) {
        const auto found =
            std::ranges::find_if(commands, [&](const Declared& declared) { return declared.command->name() == name; });
        return found == commands.end() ? nullptr : &*found;
    }

    /// The command that was given, or null.
    Declared* given() {
        const auto parsed = app.get_subcommands();
        return parsed.empty() ? nullptr : find(parsed.front()->get_name());
    }
};

std::vector<std::string> long_options(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options())
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    return names;
}

/// A word that CLI11 could not place: an option that the command does not have, or one argument too many.
std::string unplaced(Parser& parser, const std::vector<std::string>& arguments) {
    const std::vector<std::string> known = long_options(parser.given() ? *parser.given()->app : parser.app);
    for (const std::string& argument : arguments) {
        const std::string option = argument.substr(0, argument.find('='));
        if (option.size() > 1 && option.front() == '-' && option != "-h" &&
            std::find(known.begin(), known.end(), option) == known.end())
            return fmt::format("unknown option '{}'{}", shortened(option), did_you_mean(option, known));
    }
    return "there is an argument too many";
}

}  // namespace

std::unique_ptr<Command> parse_command_line(const std::vector<std::string>& arguments) {
    Parser parser;
    const bool named = !arguments.empty() && !arguments.front().starts_with('-');
    Declared* meant = named ? parser.find(arguments.front()) : nullptr;
    if (named && meant == nullptr)
        throw BadInput(fmt::format("unknown command '{}'{}; there are {}", shortened(arguments.front()),
                                   did_you_mean(arguments.front(), parser.names()), fmt::join(parser.names(), ", ")));
    std::vector<std::string> own;
    if (meant)
        meant->arguments->take_foreign(arguments, own);
    else
        own = arguments;
    try {
        std::vector<std::string> reversed(own.rbegin(), own.rend());
        parser.app.parse(reversed);
        if (parser.given()) parser.given()->arguments->check();
    } catch (const CLI::CallForHelp&) {
        return std::make_unique<ShowText>(manual_help(parser.given() ? parser.given()->command->name() : ""));
    } catch (const CLI::ParseError& error) {
        const bool extra = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
        throw BadInput(fmt::format("{}; see stele {}--help", extra ? unplaced(parser, own) : std::string(error.what()),
                                   parser.given() ? std::string(parser.given()->command->name()) + " " : ""));
    }
    if (parser.version) return std::make_unique<ShowText>(version_text());
    if (parser.given() == nullptr) throw BadInput("no command given; see stele --help");
    return std::move(parser.given()->command);
}

std::map<std::string, CommandOptions> command_options() {
    const Parser parser;
    std::map<std::string, CommandOptions> all;
    all[""] = {long_options(parser.app), {}};
    for (const Declared& declared : parser.commands) {
        CommandOptions& own = all[std::string(declared.command->name())];
        own = {long_options(*declared.app), declared.arguments->choices()};
        // --help belongs to every command, and is told once.
        std::erase(own.names, "--help");
    }
    return all;
}

}  // namespace stele
