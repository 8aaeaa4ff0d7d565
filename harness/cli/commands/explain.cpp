// stele explain: what the compilers made of each kernel, side by side, and the gate that holds it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "backends/opencl/opencl.hpp"
#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/process.hpp"
#include "harness/base/text.hpp"
#include "harness/catalog/device_set.hpp"
#include "harness/catalog/registry.hpp"
#include "harness/cli/arguments.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/output.hpp"
#include "harness/cli/progress.hpp"
#include "harness/cli/selection.hpp"
#include "harness/explain/baseline.hpp"
#include "harness/explain/cpu_code.hpp"
#include "harness/explain/explanation_json.hpp"
#include "harness/explain/figures.hpp"
#include "harness/explain/side_by_side.hpp"
#include "harness/explain/source_lines.hpp"
#include "harness/record/report_json.hpp"
#include "kernels/source.hpp"

namespace stele {
namespace {

using namespace explain;
using Kernels = std::vector<const KernelFigures*>;

constexpr std::string_view cpu_word = "cpu";

struct ExplainOptions {
    std::string glob;                        ///< empty: all
    std::vector<std::string> architectures;  ///< "sm_90a", "cpu"; empty: those two
    std::string problem;                     ///< empty: one of each dtype
    OutputFormat format;
    std::string save, against;  ///< baselines
    std::string source;         ///< empty: the tree that the binary was built from
};

std::vector<std::string> checked_architectures(const std::vector<std::string>& given, bool gate) {
    if (given.empty())
        return gate ? std::vector<std::string>{"sm_90a"} : std::vector<std::string>{"sm_90a", std::string(cpu_word)};
    std::vector<std::string> known;
    for (const auto& row : known_architectures()) known.emplace_back(row.architecture);
    known.emplace_back(cpu_word);
    for (const std::string& word : given)
        if (std::find(known.begin(), known.end(), word) == known.end())
            throw BadInput(fmt::format("unknown architecture '{}'; known are {}", word, fmt::join(known, ", ")));
    return given;
}

/// The problems to explain for, by operation: the one that was asked for, or all of the full suite to choose from.
std::map<std::string, std::vector<std::unique_ptr<Problem>>> problems_of(
    const ExplainOptions& options, const std::vector<const Operation*>& operations) {
    std::map<std::string, std::vector<std::unique_ptr<Problem>>> out;
    if (!options.problem.empty() && operations.size() != 1)
        throw BadInput("--problem needs a glob that selects one operation");
    for (const Operation* operation : operations)
        for (const std::string& text :
             options.problem.empty() ? operation->suite(Suite::full) : std::vector<std::string>{options.problem})
            out[std::string(operation->name())].push_back(operation->parse(text));
    return out;
}

class Explainer {
public:
    explicit Explainer(const ExplainOptions& options)
        : options_(options),
          gate_(!options.save.empty() || !options.against.empty()),
          architectures_(checked_architectures(options.architectures, gate_)),
          variants_(registry_.select(options.glob)),
          problems_(problems_of(options, registry_.operations_of(variants_))),
          root_(find_source_root(options.source)),
          compiler_(root_, default_cache()) {
        std::erase_if(variants_, [](const Variant* v) {
            return v->language == Language::vendor || v->language == Language::host;
        });
        if (variants_.empty()) throw NothingFound("the glob selects no kernel of Stele's own");
    }

    ExitCode run() {
        // A baseline has no rows that depend on which driver is installed.
        if (!gate_) find_driver();
        explain_gpu();
        if (!gate_ || wants_cpu()) explain_cpu();
        progress_.clear();
        std::erase_if(explanation_.absent, [this](const NotExplained& row) {
            return row.not_taken && std::ranges::any_of(explanation_.kernels, [&](const KernelFigures& kernel) {
                       return kernel.variant == row.variant && kernel.architecture == row.architecture;
                   });
        });
        if (explanation_.kernels.empty() && cpu_.empty()) {
            std::set<std::string> reasons;
            for (const NotExplained& row : explanation_.absent) reasons.insert(row.reason);
            throw NothingFound(fmt::format("nothing could be explained: {}", fmt::join(reasons, "; ")));
        }
        if (!options_.save.empty()) {
            write_atomically(options_.save, to_json(make_baseline(explanation_)));
            if (!is_standard_output(options_.save))
                show_line(fmt::format("{} kernels saved in {}", explanation_.kernels.size(), options_.save));
            return exit_fine;
        }
        if (!options_.against.empty()) return hold_against();
        if (options_.format.is_json())
            show_json(to_json(explanation_, cpu_, sources()));
        else
            show(document(), options_.format.drawn_as());
        return exit_fine;
    }

private:
    bool wants_cpu() const {
        return std::find(architectures_.begin(), architectures_.end(), cpu_word) != architectures_.end();
    }

    /// The first NVIDIA GPU that has an OpenCL driver: its program binaries are PTX.
    void find_driver() {
        for (const DeviceInfo& device : devices_.infos()) {
            if (device.opencl_as_ptx || !device.speaks(Language::opencl_ptx)) continue;
            const auto ptx = [this, &device](const KernelSource& source) {
                std::string text = opencl_program_binary(*opened_.open(device).load(source));
                if (text.find(".version") == std::string::npos)
                    throw std::runtime_error("the driver's program binary is no PTX text");
                // A text in a buffer may end with zeros.
                return std::string(text.c_str());
            };
            driver_ = DriverCompiler{fmt::format("{} → PTX ({})", device.driver, device.id),
                                     fmt::format("sm_{}", device.compute_capability), ptx};
            return;
        }
    }

    void explain_gpu() {
        std::vector<std::string> gpus = architectures_;
        std::erase(gpus, cpu_word);
        progress_.show("compiling");
        std::set<std::pair<std::string, std::string>> files;
        for (const Variant* variant : variants_)
            if (has_native_file(variant->language, variant->operation + "/" + variant->algorithm))
                for (const std::string& architecture : gpus)
                    if (std::find(variant->architectures.begin(), variant->architectures.end(), architecture) !=
                        variant->architectures.end())
                        files.emplace(
                            kernel_source(variant->language, variant->operation + "/" + variant->algorithm, "", "")
                                .file,
                            architecture);
        try {
            compiler_.prepare({files.begin(), files.end()});
        } catch (const MissingTool&) {
            // Each variant will say so.
        }
        for (const std::string& architecture : gpus)
            for (const Variant* variant : variants_)
                for (const Problem* problem :
                     one_of_each_dtype(*variant, architecture, problems_[variant->operation])) {
                    progress_.show(fmt::format("{} for {}", variant->id(), architecture));
                    explain_variant(*variant, *problem, architecture, compiler_, explanation_,
                                    driver_ ? &*driver_ : nullptr);
                }
        explanation_.versions = compiler_.versions();
    }

    void explain_cpu() {
        if (!wants_cpu()) return;
        const std::string binary = std::filesystem::read_symlink("/proc/self/exe");
        for (const DeviceInfo& device : devices_.infos()) {
            if (!device.is_cpu || !device.speaks(Language::opencl)) continue;
            for (const Variant* variant : variants_) {
                if (variant->language != Language::opencl) continue;
                progress_.show(fmt::format("{} on {}", variant->id(), device.id));
                // The smallest problem of the quick suite makes the same code as the largest.
                const auto problem = registry_.operation(variant->operation)
                                         .parse(registry_.operation(variant->operation).suite(Suite::smoke).front());
                try {
                    for (CpuFigures& row : explain_on_cpu(*variant, *problem, device, binary))
                        cpu_.push_back(std::move(row));
                } catch (const std::runtime_error& why) {
                    explanation_.absent.push_back({variant->id(), device.id, why.what()});
                }
            }
        }
    }

    ExitCode hold_against() {
        const std::string text = read_input(options_.against);
        const Baseline before = [&] {
            try {
                return parse_baseline(text);
            } catch (const BadInput& wrong) {
                throw BadInput(fmt::format("{}: {}", options_.against, wrong.what()));
            }
        }();
        std::vector<std::string> ids;
        for (const Variant* variant : variants_) ids.push_back(variant->id());
        const HeldAgainst result = explain::hold_against(before, make_baseline(explanation_), ids);

        Table table;
        table.title = fmt::format("{} kernels against {}", result.held, options_.against);
        table.columns = {{"kernel", Align::left},
                         {"figure", Align::left},
                         {"before", Align::right},
                         {"after", Align::right},
                         {"", Align::left}};
        for (const Change& change : result.changes)
            table.rows.push_back({{change.key, change.figure, std::to_string(change.before),
                                   std::to_string(change.after), change.worse ? "WORSE" : ""},
                                  {}});
        for (const std::string& line : result.other_versions)
            table.notes.push_back("Other compiler versions, so a difference may be theirs: " + line);
        for (const std::string& key : result.gone)
            table.notes.push_back("In the baseline, but not explained now: " + key);
        for (const std::string& key : result.added) table.notes.push_back("Not in the baseline: " + key);
        table.notes.push_back(
            "Margins: registers +4, loop instructions +5 %; spills, stack, occupancy and matrix instructions none.");
        if (result.changes.empty()) table.notes.insert(table.notes.begin(), "No figure differs.");
        show(Document(std::move(table)), options_.format.drawn_as());
        if (result.held == 0) throw NothingFound("the baseline and this run have no kernel in common");
        return result.worse() ? exit_worse : exit_fine;
    }

    std::vector<std::pair<std::string, SourceOverlap>> sources() const {
        std::map<std::string, std::set<std::string>> files;
        std::vector<std::string> order;
        for (const KernelFigures& row : explanation_.kernels) {
            const std::string algorithm = row.operation + "/" + row.algorithm;
            if (!files.contains(algorithm)) order.push_back(algorithm);
            files[algorithm].insert(row.file);
        }
        std::vector<std::pair<std::string, SourceOverlap>> out;
        for (const std::string& algorithm : order)
            out.emplace_back(algorithm, overlap_of(root_, {files[algorithm].begin(), files[algorithm].end()}));
        return out;
    }

    /// Groups in order of first appearance.
    static std::vector<Kernels> grouped(const std::vector<KernelFigures>& kernels, auto key) {
        std::vector<Kernels> groups;
        std::map<std::string, std::size_t> index;
        for (const KernelFigures& row : kernels) {
            const auto [place, fresh] = index.emplace(key(row), groups.size());
            if (fresh) groups.emplace_back();
            groups[place->second].push_back(&row);
        }
        return groups;
    }

    Document document() const {
        Document out;
        std::set<std::string> algorithms;
        for (const KernelFigures& row : explanation_.kernels) algorithms.insert(row.operation + "/" + row.algorithm);
        if (algorithms.size() == 1) {
            for (const Kernels& siblings : grouped(explanation_.kernels, [](const KernelFigures& row) {
                     return fmt::format("{}|{}|{}", row.kernel, row.dtype, row.architecture);
                 }))
                out.add(side_by_side(siblings));
        } else {
            for (const Kernels& kernels : grouped(explanation_.kernels, [](const KernelFigures& row) {
                     return row.operation + "|" + row.architecture;
                 }))
                out.add(overview(kernels,
                                 fmt::format("{} on {}", kernels.front()->operation, kernels.front()->architecture)));
        }
        if (!cpu_.empty()) out.add(cpu_table(cpu_));
        for (const auto& [algorithm, overlap] : sources()) out.add(sources_table(algorithm, overlap));
        if (!explanation_.absent.empty()) out.add(absent_table());
        return out;
    }

    Table absent_table() const {
        Table table;
        table.title = "Not explained";
        table.columns = {{"variant", Align::left}, {"for", Align::left}, {"why", Align::left}};
        std::set<std::vector<std::string>> seen;
        for (const NotExplained& row : explanation_.absent)
            if (seen.insert({row.variant, row.architecture, row.reason}).second)
                table.rows.push_back({{row.variant, row.architecture}, row.reason});
        return table;
    }

    const ExplainOptions& options_;
    bool gate_;
    std::vector<std::string> architectures_;
    Registry registry_;
    std::vector<const Variant*> variants_;
    std::map<std::string, std::vector<std::unique_ptr<Problem>>> problems_;
    std::filesystem::path root_;
    Compiler compiler_;
    OpenDevices opened_;
    const DeviceSet devices_{opened_.found()};
    std::optional<DriverCompiler> driver_;
    Progress progress_;
    Explanation explanation_;
    std::vector<CpuFigures> cpu_;
};

class Explain final : public Command {
public:
    std::string_view name() const override { return "explain"; }
    void declare(Arguments& arguments) override {
        arguments.text("glob", options_.glob);
        arguments.list("--arch", options_.architectures);
        arguments.text("--problem", options_.problem);
        options_.format.declare(arguments);
        arguments.text("--save", options_.save);
        arguments.text("--against", options_.against);
        arguments.text("--source", options_.source);
        arguments.useless_beside("--against", "--save");
        arguments.useless_beside("--format", "--save");
    }
    ExitCode run() override {
        if (!options_.against.empty() && options_.format.is_json())
            throw BadInput("--against is shown as console, markdown or html, not as json");
        if (!options_.save.empty()) check_writable(options_.save);
        return Explainer(options_).run();
    }

private:
    ExplainOptions options_;
};

}  // namespace

std::unique_ptr<Command> explain_command() { return std::make_unique<Explain>(); }

}  // namespace stele
