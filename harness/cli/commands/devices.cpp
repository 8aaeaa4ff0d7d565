// stele devices: what can run here, and why the rest cannot.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "backends/library.hpp"
#include "harness/base/error.hpp"
#include "harness/base/text.hpp"
#include "harness/catalog/device_set.hpp"
#include "harness/cli/arguments.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/output.hpp"
#include "harness/cli/workplace.hpp"
#include "harness/record/report_json.hpp"
#include "harness/study/probes.hpp"

namespace stele {

namespace {

/// OpenCL's extensions and a CPU's flags are many; --json has them all.
bool is_telling(const std::string& feature) {
    constexpr std::array starts{"f16", "f64", "bf16", "fma", "avx", "amx", "subgroups", "int", "clusters"};
    return std::any_of(starts.begin(), starts.end(), [&](const char* start) { return feature.starts_with(start); });
}

/// What the device is called and can do, in lines; the table's row has the figures.
std::string description(const DeviceInfo& device) {
    std::vector<std::string> languages, features;
    for (Language language : device.languages) languages.emplace_back(name(language));
    std::copy_if(device.features.begin(), device.features.end(), std::back_inserter(features), is_telling);
    std::string text =
        fmt::format("{} ({}, {}); speaks {}", device.name, device.platform, device.driver, fmt::join(languages, ", "));
    if (!features.empty()) text += fmt::format("; has {}", fmt::join(features, ", "));
    if (device.for_results_only) text += "; for results only, never timed";
    return text;
}

Table device_table(const DeviceSet& devices) {
    Table table;
    table.columns = {{"device", Align::left},     {"kind", Align::left},   {"units", Align::right},
                     {"memory", Align::right},    {"cache", Align::right}, {"shared/block", Align::right},
                     {"timer step", Align::right}};
    for (const DeviceInfo& device : devices.infos())
        table.rows.push_back({{device.id, device.architecture, std::to_string(device.compute_units),
                               bytes_text(device.global_bytes), bytes_text(device.cache_bytes),
                               bytes_text(device.shared_bytes_per_block), time_text(device.timer_resolution_ns)},
                              {}});
    for (const DeviceInfo& device : devices.infos()) table.notes.push_back(device.id + ": " + description(device));
    for (const AbsentBackend& backend : devices.absent())
        table.notes.push_back(fmt::format("{}: no device: {}", backend.name, backend.why));
    return table;
}

/// The libraries that this machine was asked for, each loaded or with why it is not.
std::vector<std::pair<LibraryName, Library>> libraries() {
    std::vector<std::pair<LibraryName, Library>> out;
    for (const LibraryName& name : known_libraries) out.emplace_back(name, Library(name));
    return out;
}

Table library_table() {
    Table table;
    table.title = "Libraries found at run time";
    table.columns = {{"library", Align::left}, {"file", Align::left}};
    for (const auto& [name, library] : libraries()) {
        table.rows.push_back({{std::string(name.title), library.loaded() ? library.path() : "none"}, {}});
        if (!library.loaded())
            table.notes.push_back(fmt::format("{}: {}; {}", name.title, library.failure(), name.how_to_get));
    }
    table.notes.push_back(
        fmt::format("Looked in, in this order: {}. STELE_LIBRARY_PATH names folders to look in first.",
                    in_words(library_folders())));
    return table;
}

nlohmann::ordered_json libraries_json() {
    nlohmann::ordered_json out = nlohmann::ordered_json::array();
    for (const auto& [name, library] : libraries())
        out.push_back({{"name", name.title}, {"path", library.path()}, {"why_not", library.why_not()}});
    return out;
}

class Devices final : public Command {
public:
    std::string_view name() const override { return "devices"; }
    void declare(Arguments& arguments) override {
        arguments.flag("--json", json_);
        arguments.choice("--probe", probe_, probe_names());
        arguments.useless_beside("--json", "--probe");
    }
    ExitCode run() override;

private:
    void probe_all() const;

    bool json_ = false;
    std::string probe_;
};

/// In this process, which a driver may take with it: that is what is asked.
void Devices::probe_all() const {
    OpenDevices opened;
    const DeviceSet devices(opened.found());
    bool any = false;
    for (const DeviceInfo& device : devices.infos())
        if (can_be_probed(device)) {
            show_line(probe(probe_, opened.open(device)));
            any = true;
        }
    if (!any) throw NothingFound(devices.why_none_speaks(Language::opencl, {}));
}

ExitCode Devices::run() {
    if (!probe_.empty()) {
        probe_all();
        return exit_fine;
    }
    Workplace workplace;
    const DeviceSet devices(workplace.runner().found());
    if (json_) {
        nlohmann::ordered_json json{{"devices", nlohmann::ordered_json::array()},
                                    {"absent", nlohmann::ordered_json::array()}};
        for (const DeviceInfo& device : devices.infos()) json["devices"].push_back(to_json(device));
        for (const AbsentBackend& backend : devices.absent()) json["absent"].push_back(to_json(backend));
        json["libraries"] = libraries_json();
        show_json(json);
    } else {
        Document document(device_table(devices));
        document.add(library_table());
        show(document);
    }
    return exit_fine;
}

}  // namespace

std::unique_ptr<Command> devices_command() { return std::make_unique<Devices>(); }

}  // namespace stele
