// stele explain: what the compilers made of each kernel, side by side, and the gate that holds it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/catalog/device_set.hpp"
#include "harness/catalog/registry.hpp"
#include "harness/cli/arguments.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/output.hpp"
#include "harness/cli/progress.hpp"
#include "harness/cli/report_input.hpp"
#include "harness/cli/selection.hpp"
#include "harness/explain/baseline.hpp"
#include "harness/explain/baseline_shown.hpp"
#include "harness/explain/cpu_code.hpp"
#include "harness/explain/driver_compiler.hpp"
#include "harness/explain/explanation_document.hpp"
#include "harness/explain/explanation_json.hpp"
#include "harness/explain/figures.hpp"

namespace stele {
namespace {

using namespace explain;

constexpr std::string_view cpu_word = "cpu";

struct ExplainOptions {
    std::string glob;                        ///< empty: all
    std::vector<std::string> architectures;  ///< "sm_90a", "cpu"; empty: those two
    std::string problem;                     ///< empty: one of each dtype
    OutputFormat format;
    std::string save, against;      ///< baselines
    std::string source;             ///< empty: the tree that the binary was built from
    std::vector<std::string> read;  ///< baselines to show, in the place of compiling
};

std::vector<std::string> checked_architectures(const std::vector<std::string>& given, bool gate) {
    if (given.empty())
        return gate ? std::vector<std::string>{"sm_90a"} : std::vector<std::string>{"sm_90a", std::string(cpu_word)};
    std::vector<std::string> known;
    for (const auto& row : known_architectures()) known.emplace_back(row.architecture);
    if (gate && std::ranges::find(given, cpu_word) != given.end())
        throw BadInput(
            fmt::format("a baseline is of GPUs' kernels; --arch takes {} there, not 'cpu'", fmt::join(known, ", ")));
    known.emplace_back(cpu_word);
    for (const std::string& word : given)
        if (std::ranges::find(known, word) == known.end())
            throw BadInput(fmt::format("unknown architecture '{}'; known are {}", word, fmt::join(known, ", ")));
    return given;
}

Baseline read_baseline(const std::string& path) {
    const std::string text = read_input(path);
    try {
        return parse_baseline(text);
    } catch (const BadInput& wrong) {
        throw BadInput(fmt::format("{}: {}", path, wrong.what()));
    }
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
          compiler_(root_, ContentCache::of_user()) {
        // A baseline holds what every machine with nvcc can make; the compiler of tiles is fetched apart.
        std::erase_if(variants_, [this](const Variant* v) {
            return v->language == Language::vendor || v->language == Language::host ||
                   (gate_ && v->language == Language::cuda_tile);
        });
        if (variants_.empty()) throw NothingFound("the glob selects no kernel of Stele's own");
    }

    ExitCode run() {
        // Whatever is wrong with the file is said before anything is compiled.
        const auto before = options_.against.empty() ? std::nullopt : std::optional(read_baseline(options_.against));
        // A baseline has no rows that depend on which driver is installed.
        if (!gate_) driver_ = find_driver_compiler(devices_, opened_);
        explain_gpu();
        explain_cpu();
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
        if (!options_.save.empty()) return save();
        if (before) return hold_against(*before);
        if (options_.format.is_json())
            show_json(to_json(explanation_, cpu_, sources()));
        else
            show(document_of(explanation_, cpu_, sources()), options_.format.drawn_as());
        return exit_fine;
    }

private:
    bool wants_cpu() const { return std::ranges::find(architectures_, cpu_word) != architectures_.end(); }

    /// What stands for a variant there: another of its tiles where it does not fit and none was named.
    const Variant& taken(const Variant& variant, const std::string& architecture, const Problem& problem) const {
        const bool tile_is_named = options_.glob.find('@') != std::string::npos;
        return tile_is_named ? variant : default_for(registry_, variant, architecture, problem);
    }

    std::vector<const Problem*> shown(const Variant& variant, const std::string& architecture) {
        const auto takes = [&](const Problem& problem) {
            return is_taken(taken(variant, architecture, problem), architecture, problem);
        };
        return one_of_each_dtype(takes, problems_[variant.operation]);
    }

    void explain_gpu() {
        std::vector<std::string> gpus = architectures_;
        std::erase(gpus, cpu_word);
        progress_.show("compiling");
        std::set<CodeUnit> units;
        for (const std::string& architecture : gpus)
            for (const Variant* variant : variants_)
                for (const Problem* problem : shown(*variant, architecture))
                    for (CodeUnit& unit : units_of(taken(*variant, architecture, *problem), *problem, architecture))
                        units.insert(std::move(unit));
        try {
            compiler_.prepare({units.begin(), units.end()});
        } catch (const MissingTool&) {
            // Each variant will say so.
        }
        for (const std::string& architecture : gpus)
            for (const Variant* variant : variants_)
                for (const Problem* problem : shown(*variant, architecture)) {
                    const Variant& own = taken(*variant, architecture, *problem);
                    progress_.show(fmt::format("{} for {}", own.id(), architecture));
                    explain_variant(own, *problem, architecture, compiler_, explanation_,
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
                    for (CpuFigures& row : explain_on_cpu(*variant, *problem, device, binary, compiler_))
                        cpu_.push_back(std::move(row));
                } catch (const Failed& why) {
                    explanation_.absent.push_back({variant->id(), device.id, why.what()});
                }
            }
        }
    }

    ExitCode save() const {
        if (const auto missing = not_examined(explanation_); !missing.empty())
            throw NothingFound(
                fmt::format("nothing is saved, as a baseline would lack what could not be examined\n  {}",
                            fmt::join(missing, "\n  ")));
        write_atomically(options_.save, to_json(make_baseline(explanation_)));
        if (!is_standard_output(options_.save))
            show_line(fmt::format("{} kernels saved in {}", explanation_.kernels.size(), options_.save));
        return exit_fine;
    }

    ExitCode hold_against(const Baseline& before) const {
        const HeldAgainst result = explain::hold_against(before, make_baseline(explanation_), asked());
        const std::vector<std::string> missing = not_examined(explanation_);
        show(document_of(result, options_.against, missing), options_.format.drawn_as());
        if (result.held == 0) throw NothingFound("the baseline and this run have no kernel in common");
        return result.worse() || !missing.empty() ? exit_worse : exit_fine;
    }

    Asked asked() const {
        Asked out;
        out.architectures = architectures_;
        const bool tile_is_named = options_.glob.find('@') != std::string::npos;
        if (!options_.glob.empty())
            for (const Variant* variant : variants_)
                out.variants.push_back(tile_is_named ? variant->id() : variant->base_id());
        if (!options_.problem.empty())
            for (const auto& [operation, problems] : problems_)
                for (const auto& problem : problems) out.dtypes.emplace_back(name(problem->dtype()));
        return out;
    }

    Sources sources() const {
        std::map<std::string, std::set<std::string>> files;
        std::vector<std::string> order;
        for (const KernelFigures& row : explanation_.kernels) {
            const std::string algorithm = row.operation + "/" + row.algorithm;
            if (!files.contains(algorithm)) order.push_back(algorithm);
            files[algorithm].insert(row.file);
        }
        Sources out;
        for (const std::string& algorithm : order)
            out.emplace_back(algorithm, overlap_of(root_, {files[algorithm].begin(), files[algorithm].end()}));
        return out;
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

/// Of a baseline what the glob and the architectures name.
void keep_asked(Baseline& baseline, const ExplainOptions& options) {
    std::erase_if(baseline.rows, [&](const auto& row) {
        const auto key = parse_baseline_key(row.first);
        if (!key) return true;
        const bool is_for = options.architectures.empty() ||
                            std::ranges::find(options.architectures, key->architecture) != options.architectures.end();
        return !is_for || !selects_id(options.glob, key->variant);
    });
}

ExitCode show_saved(const ExplainOptions& options) {
    std::vector<Baseline> baselines;
    for (const std::string& path : options.read) keep_asked(baselines.emplace_back(read_baseline(path)), options);
    if (std::ranges::all_of(baselines, [](const Baseline& baseline) { return baseline.rows.empty(); }))
        throw NothingFound("none of these baselines has a kernel that was asked for");
    if (options.format.is_json())
        show_json(rows_json(baselines));
    else
        show(document_of(baselines), options.format.drawn_as());
    return exit_fine;
}

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
        arguments.texts("--read", options_.read);
        for (const char* option : {"--save", "--against", "--problem", "--source"})
            arguments.useless_beside(option, "--read");
        arguments.useless_beside("--against", "--save");
        arguments.useless_beside("--format", "--save");
    }
    ExitCode run() override {
        if (!options_.read.empty()) return show_saved(options_);
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
