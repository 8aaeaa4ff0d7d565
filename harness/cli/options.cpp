#include "harness/cli/options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

#include "backends/names.hpp"
#include "harness/base/exit_code.hpp"
#include "harness/catalog/registry.hpp"
#include "harness/cli/manual.hpp"
#include "harness/exchange/google_benchmark.hpp"
#include "harness/record/environment.hpp"

namespace stele {

namespace {

std::string did_you_mean(const std::string& text, const std::vector<std::string>& names) {
    const std::vector<std::string> near = nearest(text, names, 1);
    return near.empty() ? "" : fmt::format("; did you mean '{}'?", near.front());
}

std::string not_one_of(const std::string& text, const std::vector<std::string>& names) {
    return fmt::format("'{}' is not one of {}{}", text, fmt::join(names, ", "), did_you_mean(text, names));
}

/// An option whose value is one of a few names.
void add_choice(CLI::App& app, const std::string& option, std::string& value, std::vector<std::string> names) {
    app.add_option(option, value)->check([names = std::move(names)](const std::string& text) {
        return std::find(names.begin(), names.end(), text) == names.end() ? not_one_of(text, names) : std::string();
    });
}

template <typename E>
void add_choice(CLI::App& app, const std::string& option, E& value) {
    app.add_option_function<std::string>(option, [&value, option](const std::string& text) {
        const auto known = from_name<E>(text);
        if (!known) throw CLI::ValidationError(option, not_one_of(text, names_of<E>()));
        value = *known;
    });
}

/// Takes one value each time it is given.
void add_repeatable(CLI::App& app, const std::string& option, std::vector<std::string>& values) {
    app.add_option(option, values)->allow_extra_args(false);
}

void add_seed(CLI::App& app, std::uint64_t& seed) {
    app.add_option_function<std::string>("--seed", [&seed](const std::string& text) {
        const char* end = text.data() + text.size();
        const auto [stopped, error] = std::from_chars(text.data(), end, seed);
        if (text.empty() || error != std::errc{} || stopped != end)
            throw CLI::ValidationError("--seed", fmt::format("'{}' is not a whole number from 0 to 2^64 - 1", text));
    });
}

void add_operands(CLI::App& app, Operands& operands) {
    add_choice(app, "--fill", operands.fill);
    add_seed(app, operands.seed);
}

/// "90s", "10m", "1.5h"; seconds without a unit.
void add_duration(CLI::App& app, const std::string& option, double& seconds) {
    app.add_option_function<std::string>(option, [&seconds, option](const std::string& text) {
        const char* end = text.data() + text.size();
        double value = 0;
        const auto [stopped, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
        const std::string_view unit(stopped, static_cast<std::size_t>(end - stopped));
        const double factor = unit == "h" ? 3600 : unit == "m" ? 60 : unit.empty() || unit == "s" ? 1 : 0;
        seconds = value * factor;
        if (error != std::errc{} || !(seconds >= 1 && seconds <= 7 * 24 * 3600.0))
            throw CLI::ValidationError(option,
                                       fmt::format("'{}' is not a time from 1s to 168h, such as 90s, 10m or 2h", text));
    });
}

void add_selection(CLI::App& app, Selection& selection, std::vector<std::string> suites) {
    app.add_option("globs", selection.globs);
    add_repeatable(app, "--device", selection.devices);
    add_repeatable(app, "--problem", selection.problems);
    add_choice(app, "--suite", selection.suite, std::move(suites));
}

/// The parser and the places it writes to.
struct Parser {
    CLI::App app;
    bool version = false;
    DevicesOptions devices;
    ListOptions list;
    VerifyOptions verify;
    BenchOptions bench;
    RunOptions run;
    ReportOptions report;
    ExplainOptions explain;
    TuneCommandOptions tune;

    Parser() {
        app.name("stele");
        app.require_subcommand(0, 1);
        app.add_flag("--version", version);

        CLI::App& to_devices = *app.add_subcommand("devices");
        to_devices.add_flag("--json", devices.json);

        CLI::App& to_list = *app.add_subcommand("list");
        to_list.add_option("glob", list.glob);
        to_list.add_flag("--json", list.json);
        to_list.add_flag("--suites", list.suites);
        to_list.add_flag("--matrix", list.matrix);

        CLI::App& to_verify = *app.add_subcommand("verify");
        add_selection(to_verify, verify.selection, {"smoke", "edge", "full"});
        add_operands(to_verify, verify.operands);
        to_verify.add_flag("--verbose", verify.verbose);

        CLI::App& to_bench = *app.add_subcommand("bench");
        add_selection(to_bench, bench.selection, {"quick", "full", "cpu"});
        add_operands(to_bench, bench.operands);
        to_bench.add_option("--out", bench.out);
        to_bench.add_flag("--profile", bench.profile);
        add_choice(to_bench, "--cache", bench.cache);
        add_choice(to_bench, "--regime", bench.regime);
        to_bench.add_option("--time", bench.cell_seconds)->check([](const std::string& text) {
            double seconds = 0;
            return CLI::detail::lexical_cast(text, seconds) && seconds >= 0.001 && seconds <= 3600
                       ? std::string()
                       : fmt::format("'{}' is not a number of seconds between 0.001 and 3600", text);
        });

        CLI::Option* tuning = to_bench.add_option("--tuning", bench.tuning);
        to_bench.add_flag_callback("--no-tuning", [this] { bench.use_tuning = false; })->excludes(tuning);

        CLI::App& to_tune = *app.add_subcommand("tune");
        add_selection(to_tune, tune.selection, {"quick", "full", "cpu"});
        add_duration(to_tune, "--budget", tune.budget_seconds);
        to_tune.add_option("--out", tune.out);
        add_seed(to_tune, tune.seed);
        to_tune.add_flag("--again", tune.again);

        CLI::App& to_run = *app.add_subcommand("run");
        to_run.add_option("variant", run.variant)->required();
        to_run.add_option("--problem", run.problem)->required();
        to_run.add_option("--device", run.device);
        to_run.add_option("--inputs", run.inputs);
        to_run.add_option("--dump", run.dump);
        add_operands(to_run, run.operands);

        CLI::App& to_report = *app.add_subcommand("report");
        to_report.add_option("files", report.files)->required();
        add_choice(to_report, "--format", report.format);
        add_repeatable(to_report, "--problem", report.problems);
        to_report
            .add_option_function<std::vector<std::string>>("--ratio",
                                                           [this](const std::vector<std::string>& texts) {
                                                               for (const std::string& text : texts) try {
                                                                       report.ratios.push_back(parse_ratio_pair(text));
                                                                   } catch (const std::invalid_argument& wrong) {
                                                                       throw CLI::ValidationError("--ratio",
                                                                                                  wrong.what());
                                                                   }
                                                           })
            ->allow_extra_args(false);

        CLI::App& to_explain = *app.add_subcommand("explain");
        to_explain.add_option("glob", explain.glob);
        to_explain.add_option("--arch", explain.architectures)->delimiter(',')->allow_extra_args(false);
        to_explain.add_option("--problem", explain.problem);
        add_choice(to_explain, "--format", explain.format);
        CLI::Option* save = to_explain.add_option("--save", explain.save);
        to_explain.add_option("--against", explain.against)->excludes(save);
        to_explain.add_option("--source", explain.source);
    }

    std::vector<std::string> command_names() const {
        std::vector<std::string> names;
        for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
        return names;
    }

    /// The command that was given, or null.
    const CLI::App* given() const {
        const auto commands = app.get_subcommands();
        return commands.empty() ? nullptr : commands.front();
    }

    Options result() const {
        const CLI::App* command = given();
        if (version) return ShowText{version_text()};
        if (command == nullptr) throw CommandError(exit_usage, "no command given; see stele --help");
        const std::string& name = command->get_name();
        if (name == "devices") return devices;
        if (name == "list") return list;
        if (name == "verify") return verify;
        if (name == "bench") return bench;
        if (name == "run") return run;
        if (name == "explain") return explain;
        if (name == "tune") return tune;
        return report;
    }
};

std::vector<std::string> long_options(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options())
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    return names;
}

/// A word that CLI11 could not place: an option that the command does not have, or one argument too many.
std::string unplaced(const Parser& parser, const std::vector<std::string>& arguments) {
    const CLI::App& app = parser.given() ? *parser.given() : parser.app;
    const std::vector<std::string> known = long_options(app);
    for (const std::string& argument : arguments) {
        const std::string option = argument.substr(0, argument.find('='));
        if (option.size() > 1 && option.front() == '-' && option != "-h" &&
            std::find(known.begin(), known.end(), option) == known.end())
            return fmt::format("unknown option '{}'{}", option, did_you_mean(option, known));
    }
    return "there is an argument too many";
}

}  // namespace

Options parse_command_line(const std::vector<std::string>& arguments) {
    Parser parser;
    const std::vector<std::string> commands = parser.command_names();
    if (!arguments.empty() && !arguments.front().starts_with('-') &&
        std::find(commands.begin(), commands.end(), arguments.front()) == commands.end())
        throw CommandError(exit_usage,
                           fmt::format("unknown command '{}'{}; there are {}", arguments.front(),
                                       did_you_mean(arguments.front(), commands), fmt::join(commands, ", ")));

    std::vector<std::string> own;
    const bool benching = !arguments.empty() && arguments.front() == "bench";
    for (const std::string& argument : arguments)
        (benching && is_benchmark_flag(argument) ? parser.bench.benchmark_flags : own).push_back(argument);
    parser.bench.command_line = arguments;

    try {
        std::vector<std::string> reversed(own.rbegin(), own.rend());
        parser.app.parse(reversed);
    } catch (const CLI::CallForHelp&) {
        return ShowText{manual_help(parser.given() ? parser.given()->get_name() : "")};
    } catch (const CLI::ParseError& error) {
        const std::string command = parser.given() ? "stele " + parser.given()->get_name() : "stele";
        const bool extra = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
        throw CommandError(exit_usage, fmt::format("{}; see {} --help",
                                                   extra ? unplaced(parser, own) : std::string(error.what()), command));
    }
    return parser.result();
}

std::map<std::string, std::vector<std::string>> option_names() {
    const Parser parser;
    std::map<std::string, std::vector<std::string>> names;
    // --help belongs to every command, and is told once.
    names[""] = long_options(parser.app);
    for (const CLI::App* command : parser.app.get_subcommands({})) {
        std::vector<std::string> own = long_options(*command);
        std::erase(own, "--help");
        names[command->get_name()] = own;
    }
    return names;
}

}  // namespace stele
