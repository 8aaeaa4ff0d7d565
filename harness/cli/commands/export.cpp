// stele export: reports in the forms that other tools read.
#include <fmt/format.h>

#include <algorithm>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"
#include "harness/cli/arguments.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/output.hpp"
#include "harness/cli/report_input.hpp"
#include "harness/exchange/exporters.hpp"

namespace stele {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> exporter_names() {
    std::vector<std::string> names;
    for (const Exporter& exporter : all_exporters()) names.emplace_back(exporter.name);
    return names;
}

/// For the manual: a line of Markdown an exporter.
std::string exporter_list() {
    std::string list;
    for (const Exporter& exporter : all_exporters())
        list += fmt::format("- `{}`: {}; {}.\n", exporter.name, exporter.title,
                            exporter.of_one ? "one report" : "one or several reports");
    return list;
}

/// Replaces what an earlier export left, and nothing else.
void write_folder(const fs::path& place, const std::vector<ExportedFile>& files) {
    std::error_code none;
    for (const fs::directory_entry& entry : fs::directory_iterator(place, none)) {
        const std::string name = entry.path().filename().string();
        const bool is_csv = name.ends_with(".csv") && name.find_first_not_of("0123456789") == name.size() - 4;
        if (!is_csv && std::ranges::find(files, name, &ExportedFile::name) == files.end())
            throw CannotWrite(fmt::format(
                "cannot write the folder {}: it holds {}, which no earlier export left there; name a new folder",
                place.string(), name));
    }
    FolderGeneration generation(place);
    for (const ExportedFile& file : files) write_atomically(generation.path() / file.name, file.text);
    generation.keep();
}

class ExportCommand final : public Command {
public:
    std::string_view name() const override { return "export"; }
    void declare(Arguments& arguments) override {
        arguments.texts("files", files_);
        arguments.choice("--to", to_, exporter_names());
        arguments.text("--out", out_);
        arguments.flag("--list", list_);
        for (const char* option : {"files", "--to", "--out"}) arguments.useless_beside(option, "--list");
    }
    ExitCode run() override;

private:
    void write(const Exporter& exporter, const std::vector<NamedReport>& reports) const;

    std::vector<std::string> files_;
    std::string to_, out_;
    bool list_ = false;
};

void ExportCommand::write(const Exporter& exporter, const std::vector<NamedReport>& reports) const {
    if (exporter.folder) {
        write_folder(out_, exporter.folder(reports, out_));
        return;
    }
    if (exporter.of_one && reports.size() > 1)
        throw BadInput(fmt::format("--to {} takes one report, and {} were named", to_, reports.size()));
    const std::string text = exporter.of_one ? exporter.of_one(reports.front()) : exporter.of_all(reports);
    write_atomically(out_.empty() ? "-" : out_, text);
}

ExitCode ExportCommand::run() {
    if (list_) {
        write_output(exporter_list());
        return exit_fine;
    }
    if (files_.empty()) throw BadInput("no report is named; see stele export --help");
    if (to_.empty()) throw BadInput(fmt::format("--to is missing: one of {}", fmt::join(exporter_names(), ", ")));
    const Exporter& exporter = *std::ranges::find(all_exporters(), to_, &Exporter::name);
    if (exporter.folder && (out_.empty() || is_standard_output(out_)))
        throw BadInput(fmt::format("--to {} writes a folder; name it by --out", to_));
    if (!exporter.folder && !out_.empty()) check_writable(out_);
    std::vector<NamedReport> reports = read_reports(files_);
    drop_repeated(reports);
    write(exporter, reports);
    return exit_fine;
}

}  // namespace

std::unique_ptr<Command> export_command() { return std::make_unique<ExportCommand>(); }

}  // namespace stele
