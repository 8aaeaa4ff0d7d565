// stele list: the variants, and where each can run.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "harness/base/text.hpp"
#include "harness/catalog/device_set.hpp"
#include "harness/catalog/registry.hpp"
#include "harness/cli/arguments.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/output.hpp"
#include "harness/cli/workplace.hpp"
#include "harness/record/report_json.hpp"

namespace stele {

namespace {

using Json = nlohmann::ordered_json;
using Problems = std::vector<std::unique_ptr<Problem>>;

/// A device's answer for the problems of the quick suite.
struct Answer {
    const DeviceInfo* device;
    std::size_t supported = 0, asked = 0;
    std::string why_not;  ///< first reason, where not all are supported
};

std::vector<Answer> ask(const Variant& variant, const Problems& problems, const DeviceSet& devices) {
    std::vector<Answer> answers;
    for (const DeviceInfo& device : devices.infos()) {
        if (!device.speaks(variant.language)) continue;
        Answer& answer = answers.emplace_back(Answer{&device, 0, problems.size(), {}});
        for (const auto& problem : problems) {
            const Support support = variant.supports(device, *problem);
            if (support)
                ++answer.supported;
            else if (answer.why_not.empty())
                answer.why_not = support.why_not;
        }
    }
    return answers;
}

std::string why_not_timed(const Variant& variant, const DeviceSet& devices) {
    std::vector<const DeviceInfo*> timed = devices.select({});
    std::erase_if(timed, [](const DeviceInfo* device) { return device->for_results_only; });
    return devices.why_none_speaks(variant.language, timed);
}

/// Where it runs, then where it does not and why.
std::string sentence(const Variant& variant, const std::vector<Answer>& answers, const DeviceSet& devices,
                     Footnotes& reasons) {
    std::vector<std::string> yes, no;
    for (const Answer& answer : answers) {
        if (answer.supported == answer.asked)
            yes.push_back(answer.device->id);
        else if (answer.supported > 0)
            yes.push_back(fmt::format("{}, {} of {} problems ({})", answer.device->id, answer.supported, answer.asked,
                                      answer.why_not));
        else if (variant.language != Language::vendor)
            no.push_back(fmt::format("not on {}: {}", answer.device->id, answer.why_not));
        else if (std::find(no.begin(), no.end(), answer.why_not) == no.end())
            no.push_back(answer.why_not);
    }
    // A library has one kind of device; that the others are not of it is no news.
    if (variant.language == Language::vendor && !yes.empty()) no.clear();
    // A results-only device is no place to be timed.
    const bool timed = std::any_of(answers.begin(), answers.end(),
                                   [](const Answer& answer) { return !answer.device->for_results_only; });
    if (!timed) no.push_back("not timed here " + reasons.mark(why_not_timed(variant, devices)));
    yes.insert(yes.end(), no.begin(), no.end());
    return fmt::format("{}", fmt::join(yes, "; "));
}

Json json_of(const Variant& variant, const std::vector<Answer>& answers, const DeviceSet& devices) {
    Json json{{"id", variant.id()},
              {"operation", variant.operation},
              {"algorithm", variant.algorithm},
              {"language", std::string(name(variant.language))},
              {"tile", variant.tile},
              {"default_tile", variant.default_tile},
              {"architectures", variant.architectures},
              {"devices", Json::array()}};
    for (const Answer& answer : answers)
        json["devices"].push_back({{"device", answer.device->id},
                                   {"supported", answer.supported},
                                   {"asked", answer.asked},
                                   {"why_not", answer.why_not}});
    if (answers.empty()) json["why_none"] = why_not_timed(variant, devices);
    return json;
}

/// Markdown, for the manual.
void print_suites(const Registry& registry) {
    for (Suite suite : {Suite::quick, Suite::full, Suite::cpu})
        for (const Operation* operation : registry.operations()) {
            const std::vector<std::string> list = operation->suite(suite);
            if (list.empty()) continue;
            if (suite == Suite::cpu && list == operation->suite(Suite::quick)) {
                write_output(fmt::format("The cpu suite of `{}` is its quick suite.\n\n", operation->name()));
                continue;
            }
            write_output(fmt::format("The {} suite of `{}`:\n\n", name(suite), operation->name()));
            for (const std::string& text : list) {
                const auto problem = operation->parse(text);
                write_output(
                    fmt::format("- `{}`{}{}\n", text, problem->known_as().empty() ? "" : ", ", problem->known_as()));
            }
            write_output("\n");
        }
}

/// What the suite has, whatever this machine has: a row an algorithm, its tiles by language.
Table matrix(const std::vector<const Variant*>& variants) {
    std::map<std::string, std::map<Language, std::vector<std::string>>> tiles;
    std::map<std::string, std::string> architectures;
    std::vector<std::string> order;
    for (const Variant* variant : variants) {
        const std::string row = variant->operation + "/" + variant->algorithm;
        if (!tiles.contains(row)) order.push_back(row);
        tiles[row][variant->language].push_back(variant->tile.empty() ? "yes" : variant->tile);
        if (!variant->architectures.empty())
            architectures[row] = fmt::format("{}", fmt::join(variant->architectures, ", "));
    }
    Table table;
    table.columns = {{"algorithm", Align::left}};
    for (const LanguageInfo& column : language_columns())
        table.columns.push_back({std::string(column.title), Align::left});
    table.columns.push_back({"NVIDIA architectures", Align::left});
    for (const std::string& row : order) {
        Row& line = table.rows.emplace_back(Row{{row}, {}});
        for (const LanguageInfo& column : language_columns()) {
            const auto found = tiles[row].find(column.language);
            line.cells.push_back(found == tiles[row].end() ? "–" : fmt::format("{}", fmt::join(found->second, ", ")));
        }
        line.cells.push_back(architectures.contains(row) ? architectures[row] : "–");
    }
    return table;
}

class List final : public Command {
public:
    std::string_view name() const override { return "list"; }
    void declare(Arguments& arguments) override {
        arguments.text("glob", glob_);
        arguments.flag("--json", json_);
        arguments.flag("--matrix", matrix_);
        arguments.flag("--suites", suites_);
        arguments.useless_beside("--json", "--matrix");
        arguments.useless_beside("--json", "--suites");
        arguments.useless_beside("--matrix", "--suites");
        arguments.useless_beside("glob", "--suites");
    }
    ExitCode run() override;

private:
    std::string glob_;  ///< empty: all
    bool json_ = false, suites_ = false, matrix_ = false;
};

ExitCode List::run() {
    const Registry registry;
    if (matrix_) {
        show(Document(matrix(registry.select(glob_.empty() ? "*@*" : glob_ + "@*"))), DrawnAs::markdown);
        return exit_fine;
    }
    if (suites_) {
        print_suites(registry);
        return exit_fine;
    }
    // A list shows every tile unless the glob asks for some.
    const bool asks_for_tiles = glob_.find('@') != std::string::npos;
    const auto variants = registry.select(asks_for_tiles ? glob_ : glob_ + "@*");
    Workplace workplace;
    const DeviceSet devices(workplace.runner().found());
    std::map<std::string, Problems> quick;
    for (const Operation* operation : registry.operations_of(variants))
        quick[std::string(operation->name())] = problems(*operation, Suite::quick);

    Json json = Json::array();
    Table table;
    table.columns = {{"variant", Align::left}, {"runs on", Align::left}};
    bool has_tiles = false;
    Footnotes reasons;
    for (const Variant* variant : variants) {
        const std::vector<Answer> answers = ask(*variant, quick[variant->operation], devices);
        json.push_back(json_of(*variant, answers, devices));
        const bool marked = variant->default_tile && !variant->tile.empty();
        has_tiles = has_tiles || marked;
        table.rows.push_back({{variant->id() + (marked ? " *" : "")}, sentence(*variant, answers, devices, reasons)});
    }
    table.notes = reasons.notes();
    if (has_tiles) table.notes.push_back("* the default tile: what the id means without '@'.");
    if (json_)
        show_json(json);
    else
        show(Document(std::move(table)));
    return exit_fine;
}

}  // namespace

std::unique_ptr<Command> list_command() { return std::make_unique<List>(); }

}  // namespace stele
