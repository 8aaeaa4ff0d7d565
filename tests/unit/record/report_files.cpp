// Where reports go: a file for each piece of hardware.
#include "harness/record/report_files.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "harness/base/error.hpp"
#include "harness/base/folder.hpp"
#include "harness/record/report_json.hpp"
#include "tests/support/sample_report.hpp"

namespace stele::report_files_test {
namespace {

namespace fs = std::filesystem;

TEST(ReportFiles, OneForEachPieceOfHardware) {
    Report report = test::sample_report();
    DeviceInfo same_gpu = report.devices[1];
    same_gpu.id = "opencl:1";
    report.devices.push_back(same_gpu);
    report.clocks["cuda:0"] = {1, 2, 3, 4};
    (*report.noise_floors)["cuda:0"] = {{KernelKind::memory, 5, 0.25, 0, 12}};
    const auto files = split_by_hardware(report);
    ASSERT_EQ(files.size(), 2u);
    EXPECT_EQ(files[0].path, "results/a-family-25-model-17-stepping-1/2026-01-31-0123456789ab-dirty.json");
    EXPECT_EQ(files[1].path, "results/a-gpu/2026-01-31-0123456789ab-dirty.json");
    const Report &cpu = files[0].report, &gpu = files[1].report;
    ASSERT_EQ(cpu.devices.size(), 1u);
    EXPECT_EQ(cpu.devices[0].id, "opencl:0");
    EXPECT_EQ(gpu.devices.size(), 2u) << "by two runtimes";
    EXPECT_TRUE(cpu.clocks.contains("opencl:0") && !cpu.clocks.contains("cuda:0"));
    EXPECT_TRUE(gpu.clocks.contains("cuda:0") && !gpu.clocks.contains("opencl:0"));
    EXPECT_TRUE(cpu.noise_floors->contains("opencl:0") && !cpu.noise_floors->contains("cuda:0"));
    EXPECT_TRUE(gpu.noise_floors->contains("cuda:0") && !gpu.noise_floors->contains("opencl:0"));
    for (const ReportFile& file : files) EXPECT_TRUE(file.is_numbered);
    for (const Measurement& cell : cpu.measurements) EXPECT_NE(cell.device, "cuda:0");
    for (const Measurement& cell : gpu.measurements) EXPECT_NE(cell.device, "opencl:0");
    // The one without a device stands in both.
    EXPECT_EQ(cpu.measurements.size() + gpu.measurements.size(), report.measurements.size() + 1);
}

TEST(ReportFiles, ANameThatIsTakenIsCountedOn) {
    const fs::path before = fs::current_path();
    const TemporaryFolder folder;
    fs::current_path(folder.path());
    Environment made = test::sample_environment();
    for (const char* wanted :
         {"results/h200/2026-01-31-0123456789ab-dirty.json", "results/h200/2026-01-31-0123456789ab-dirty-2.json",
          "results/h200/2026-01-31-0123456789ab-dirty-3.json"}) {
        const fs::path path = report_path("NVIDIA H200", made);
        EXPECT_EQ(path, wanted);
        write_report({path, test::sample_report()});
        EXPECT_EQ(dump(to_json(read_report(path))), dump(to_json(test::sample_report())));
    }
    fs::current_path(before);
}

TEST(ReportFiles, ANumberedOneTakesNobodysPlace) {
    const fs::path folder = fs::path(testing::TempDir()) / "stele_numbered";
    fs::remove_all(folder);
    const Report report = test::sample_report();
    // Runs that chose their path before any of them wrote.
    const std::string stem = "2026-01-31-0123456789ab-dirty";
    const ReportFile file{folder / (stem + ".json"), report, true};
    EXPECT_EQ(write_report(file), file.path);
    EXPECT_EQ(write_report(file), folder / (stem + "-2.json"));
    EXPECT_EQ(write_report(file), folder / (stem + "-3.json"));
    EXPECT_EQ(write_report({file.path, report}), file.path) << "who names a file means it";
    fs::remove_all(folder);
}

TEST(ReportFiles, ARescueIsNamedBesideTheCause) {
    try {
        write_report({"/proc/no/report.json", test::sample_report()});
        FAIL() << "it was written";
    } catch (const CannotWrite& error) {
        const std::string what = error.what();
        EXPECT_NE(what.find("/proc/no"), std::string::npos) << what;
        const std::string said = "; the report is in ";
        ASSERT_NE(what.find(said), std::string::npos) << what;
        const fs::path kept = what.substr(what.find(said) + said.size());
        EXPECT_EQ(read_report(kept).measurements.size(), test::sample_report().measurements.size());
        fs::remove(kept);
    }
}

TEST(Outcomes, WhichOfThemFailTheRun) {
    for (const Outcome outcome : {Outcome::wrong, Outcome::impossible, Outcome::error, Outcome::timeout})
        EXPECT_TRUE(is_failure(outcome)) << name(outcome);
    for (const Outcome outcome : {Outcome::passed, Outcome::skipped})
        EXPECT_FALSE(is_failure(outcome)) << name(outcome);
}

}  // namespace
}  // namespace stele::report_files_test
