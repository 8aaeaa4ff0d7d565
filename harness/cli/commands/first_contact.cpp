// stele first-contact: everything worth knowing of a device that was never met, in the minutes that there are.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <sstream>
#include <thread>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/process.hpp"
#include "harness/base/visible.hpp"
#include "harness/cli/arguments.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/interrupt.hpp"
#include "harness/cli/output.hpp"
#include "harness/cli/progress.hpp"
#include "harness/cli/workplace.hpp"
#include "harness/study/first_contact.hpp"

namespace stele {

namespace {

namespace fs = std::filesystem;

/// The names of GoogleTest's tests in a program.
std::vector<std::string> tests_of(const std::string& program) {
    std::istringstream listed(run_process({program, "--gtest_list_tests"}).output);
    std::vector<std::string> names;
    std::string suite;
    for (std::string line; std::getline(listed, line);) {
        const std::string word =
            line.substr(line.find_first_not_of(' ') == line.npos ? 0 : line.find_first_not_of(' '));
        const std::string name = word.substr(0, word.find(' '));
        if (!line.starts_with(' ') && name.ends_with('.'))
            suite = name;
        else if (line.starts_with(' ') && !suite.empty())
            names.push_back(suite + name);
    }
    return names;
}

/// What was not asked for, a GPU is: the others are met every day.
std::vector<const DeviceInfo*> devices_to_meet(const DeviceSet& devices, const std::vector<std::string>& wanted) {
    std::vector<const DeviceInfo*> selected = devices.select(wanted);
    if (wanted.empty())
        std::erase_if(selected, [](const DeviceInfo* device) { return device->is_cpu || device->for_results_only; });
    if (selected.empty()) {
        std::string why;
        for (const AbsentBackend& backend : devices.absent())
            why += fmt::format("\n  {}: {}", backend.name, backend.why);
        throw NothingFound("no GPU is here; --device names another device to be met" + why);
    }
    return selected;
}

double minutes_from(const std::string& text) {
    double minutes = 0;
    const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), minutes);
    if (error != std::errc{} || stopped != text.data() + text.size() || !(minutes >= 0.1 && minutes <= 600))
        throw std::invalid_argument(fmt::format("'{}' is no number of minutes from 0.1 to 600", shortened(text)));
    return minutes;
}

class FirstContact final : public Command {
public:
    std::string_view name() const override { return "first-contact"; }
    void declare(Arguments& arguments) override {
        arguments.text("folder", folder_, true);
        arguments.texts("--device", devices_);
        arguments.parsed("--minutes", [this](const std::string& text) { seconds_ = 60 * minutes_from(text); });
    }
    ExitCode run() override;

private:
    ContactOptions options(const DeviceSet& devices) const;

    std::string folder_;
    std::vector<std::string> devices_;
    double seconds_ = 360;
};

ContactOptions FirstContact::options(const DeviceSet& devices) const {
    ContactOptions options;
    // Not /proc/self/exe: a profiler starts it, too.
    options.stele = fs::read_symlink("/proc/self/exe").string();
    options.folder = folder_;
    options.nothing_ran = exit_nothing;
    options.devices = devices_to_meet(devices, devices_);
    const fs::path tests = fs::path(options.stele).parent_path() / "gpu_tests";
    const bool is_gpu =
        std::ranges::any_of(options.devices, [](auto* device) { return device->compute_capability > 0; });
    if (is_gpu && fs::exists(tests)) {
        options.gpu_tests = tests.string();
        options.tests = tests_of(options.gpu_tests);
    }
    const fs::path folder = fs::path(options.stele).parent_path();
    for (const fs::path& place : {folder / "bounded", folder.parent_path() / "lib" / "bounded"})
        if (is_gpu && fs::exists(place)) options.bounded = place.string();
    if (const auto profiler = find_program("ncu")) options.profiler = profiler->string();
    options.together = std::clamp<std::size_t>(std::thread::hardware_concurrency() / 2, 1, 8);
    return options;
}

ExitCode FirstContact::run() {
    make_folder(fs::path(folder_) / "reports");
    Workplace workplace;
    const DeviceSet devices(workplace.runner().found());
    const Registry registry;
    const std::vector<StepGroup> groups = contact_steps(registry, options(devices));

    keep_what_is_measured();
    Progress progress;
    const std::vector<StepResult> results =
        run_steps(groups, seconds_, folder_, [&](const std::string& line) { progress.show(line); }, interrupted);
    progress.clear();
    for (const std::string& line : contact_summary(groups, results, folder_)) show_line(line);

    const fs::path folder = fs::weakly_canonical(folder_);
    const std::string archive = folder.string() + ".tar.gz";
    const auto packed =
        run_process({"tar", "-czf", archive, "-C", folder.parent_path().string(), folder.filename().string()});
    if (packed.status != 0) throw CannotWrite(fmt::format("{}: {}", archive, packed.errors));
    show_line("all of it: " + archive);
    const auto any = [&](StepOutcome outcome) {
        return std::ranges::any_of(results, [&](const StepResult& result) { return result.outcome == outcome; });
    };
    if (interrupted()) return exit_interrupted;
    return any(StepOutcome::failed) || any(StepOutcome::timeout) ? exit_wrong : exit_fine;
}

}  // namespace

std::unique_ptr<Command> first_contact_command() { return std::make_unique<FirstContact>(); }

}  // namespace stele
