// Which entry is the nearest, level by level; and what the doctor's book gives to whom.
#include "harness/tuning/book.hpp"

#include <gtest/gtest.h>

#include "harness/base/folder.hpp"
#include "harness/tuning/doctor_file.hpp"
#include "tests/support/sample_report.hpp"
#include "tests/support/twice.hpp"

namespace stele::book_test {
namespace {

TEST(ProblemWords, AreNumbersOnlyWhereAWholeWordIsOne) {
    EXPECT_EQ(problem_distance("m=12x", "m=13x"), std::nullopt) << "a word that begins like a number";
    EXPECT_EQ(problem_distance("m=12x", "m=12x"), 0);
    EXPECT_EQ(problem_distance("m=", "m=1"), std::nullopt);
    EXPECT_EQ(problem_distance("m", "m=1"), std::nullopt);
    EXPECT_EQ(problem_distance("m=1", "n=1"), std::nullopt);
    EXPECT_EQ(problem_distance("m=1 n=1", "m=1"), std::nullopt);
    EXPECT_EQ(problem_distance("m=1 f32", "m=1 f32 f16"), std::nullopt);
    EXPECT_EQ(problem_distance("m=-1", "m=1"), std::nullopt) << "no logarithm";
    EXPECT_EQ(problem_distance("", ""), 0);
}

TEST(ProblemWords, DistancesOfSeveralNumbersAddAsSquares) {
    EXPECT_DOUBLE_EQ(*problem_distance("m=64 n=64", "m=128 n=16"), std::sqrt(5));
    EXPECT_DOUBLE_EQ(*problem_distance("m=128 n=16", "m=64 n=64"), std::sqrt(5));
    EXPECT_DOUBLE_EQ(*problem_distance("m=4 n=4 k=4", "m=16 n=16 k=16"), std::sqrt(12));
}

class Levels : public testing::Test {
protected:
    Levels() {
        std::vector<Variant> variants;
        for (const char* tile : {"1", "2", "3", "4"})
            variants.push_back(test::twice_variant("tiled", test::twice, tile, variants.empty()));
        operations.push_back(std::make_unique<test::TwiceOperation>(std::move(variants)));
        registry = std::make_unique<Registry>(operations);
        info.languages = {Language::host};
    }
    static TunedCell tuned(const std::string& tile, const Where& where = {}, const std::string& driver = "1",
                           const std::string& problem = "rows=64 columns=64 f32") {
        TunedCell cell;
        cell.variant = "twice/tiled.host";
        cell.problem = problem;
        cell.chosen = {tile, 100, 99, 101};
        cell.driver = driver;
        cell.where = where;
        return cell;
    }
    std::string chosen(const DeviceIdentity& of_file, std::vector<TunedCell> cells, const DeviceIdentity& asked) const {
        TuningBook book;
        TuningFile file;
        file.device = of_file;
        file.cells = std::move(cells);
        book.add("a.json", std::move(file));
        const TileChoice choice = book.choose(*registry, *registry->variants().front(), problem, info, asked);
        return choice.variant->tile + " by " + choice.where;
    }

    std::vector<std::unique_ptr<Operation>> operations;
    std::unique_ptr<Registry> registry;
    test::TwiceProblem problem{64, 64};
    DeviceInfo info;
    const DeviceIdentity gpu{"A GPU", "cuda", "CUDA", "A vendor", "sm_90", "1", false, 132};
    const DeviceIdentity cpu{"A CPU", "opencl", "P", "A vendor", "znver", "1", true, 4, {4, "0-3", {}}};
};

TEST_F(Levels, VendorsAndArchitecturesThatAreNotKnownAreNotAlike) {
    DeviceIdentity other = gpu;
    other.name = "Another GPU";
    EXPECT_EQ(chosen(gpu, {tuned("2")}, other), "2 by a.json: architecture, rows=64 columns=64 f32");
    DeviceIdentity nameless = gpu, other_nameless = other;
    nameless.architecture = other_nameless.architecture = "";
    EXPECT_EQ(chosen(nameless, {tuned("2")}, other_nameless), "2 by a.json: vendor, rows=64 columns=64 f32");
    nameless.vendor = other_nameless.vendor = "";
    EXPECT_EQ(chosen(nameless, {tuned("2")}, other_nameless), "1 by default");
    other.is_cpu = true;
    EXPECT_EQ(chosen(gpu, {tuned("2")}, other), "1 by default") << "of one vendor, and not both GPUs";
    other = gpu;
    other.name = "Another GPU";
    other.vendor = "Another vendor";
    EXPECT_EQ(chosen(gpu, {tuned("2")}, other), "1 by default");
}

TEST_F(Levels, WhatWasOtherwiseOnTheDeviceIsSaid) {
    EXPECT_EQ(chosen(cpu, {tuned("2", cpu.where)}, cpu), "2 by a.json: device, rows=64 columns=64 f32");
    EXPECT_EQ(chosen(cpu, {tuned("2", cpu.where, "0")}, cpu),
              "2 by a.json: device with another driver, rows=64 columns=64 f32");
    EXPECT_EQ(chosen(cpu, {tuned("2", {4, "4-7", {}})}, cpu),
              "2 by a.json: device with 4 threads on 4-7, rows=64 columns=64 f32");
    EXPECT_EQ(chosen(cpu, {tuned("2", {4, "0-3", 1.5}, "0")}, cpu),
              "2 by a.json: device with 4 threads on 0-3 for 1.5 with another driver, rows=64 columns=64 f32");
    DeviceIdentity other = cpu;
    other.name = "Another CPU";
    EXPECT_EQ(chosen(cpu, {tuned("2", {4, "4-7", {}}, "0")}, other),
              "2 by a.json: architecture, rows=64 columns=64 f32")
        << "another device has another driver anyway";
}

TEST_F(Levels, OfALevelAsManyThreadsGoBeforeANearerProblem) {
    EXPECT_EQ(chosen(cpu,
                     {tuned("2", {1, "0", {}}), tuned("3", {4, "4-7", {}}, "1", "rows=64 columns=128 f32"),
                      tuned("4", {1, "1", {}})},
                     cpu),
              "3 by a.json: device with 4 threads on 4-7, rows=64 columns=128 f32");
    EXPECT_EQ(chosen(cpu, {tuned("2", {1, "0", {}}), tuned("4", {1, "1", {}})}, cpu),
              "2 by a.json: device with 1 threads on 0, rows=64 columns=64 f32")
        << "the first of two alike";
}

TEST(TuningFiles, AreFoundByWhereTheyWereTuned) {
    TuningFile file;
    file.device = {"A CPU", "opencl", "P", "V", "a", "1", true, 4, {4, "0-3", {}}};
    TunedCell cell;
    cell.variant = "v";
    cell.problem = "p";
    file.put(cell);
    EXPECT_EQ(file.cells.at(0).where, file.device.where);
    file.put(UnfinishedCell{"v", "p", 1, "", "", {}});
    EXPECT_EQ(file.unfinished.at(0).where, file.device.where);
    EXPECT_NE(file.find("v", "p"), nullptr) << "one that is begun again keeps what was found";
    file.device.where.threads = 1;
    EXPECT_EQ(file.find("v", "p"), nullptr);
    file.forget("v", "p");
    EXPECT_EQ(file.cells.size() + file.unfinished.size(), 2u) << "those of other threads stay";
    file.device.where.threads = 4;
    file.forget("v", "q");
    EXPECT_EQ(file.cells.size() + file.unfinished.size(), 2u);
    file.forget("v", "p");
    EXPECT_EQ(file.cells.size() + file.unfinished.size(), 0u);
}

TEST(DoctorsBook, GivesEachDeviceItsOwn) {
    const TemporaryFolder folder;
    Report report = test::sample_report();
    report.noise_floors.reset();
    for (const std::size_t i : {0, 1}) {
        const DeviceIdentity device = identity_of(report.devices[i], report.environment);
        update_doctor_file(folder.path() / doctor_path(device).filename(), device, [&](DoctorFile& file) {
            const double rate = i == 0 ? 1e11 : 1e14;
            file.put({{{"loop", Counted::flops, Dtype::f32, rate}, {"copy", Counted::bytes, Dtype::u8, rate}},
                      {{KernelKind::compute, 5, 0.125 * static_cast<double>(i + 1), 0.05, 12}},
                      "",
                      "",
                      ""});
        });
    }
    DoctorBook(folder.path()).add_to(report);
    ASSERT_TRUE(report.noise_floors);
    ASSERT_EQ(report.noise_floors->size(), 2u);
    EXPECT_EQ(report.noise_floors->at("opencl:0").at(0).floor, 0.125);
    EXPECT_EQ(report.noise_floors->at("cuda:0").at(0).floor, 0.25);
    EXPECT_EQ(report.measurements[0].timing->ceiling->per_second, 1e11);
    EXPECT_EQ(report.measurements[5].device, "cuda:0");
    EXPECT_EQ(report.measurements[5].timing->ceiling->per_second, 1e14);
    // 2 · 512³ FLOPs at 10¹⁴ a second are 2.68 µs, of 62 µs.
    EXPECT_NEAR(*report.measurements[5].timing->fraction_of_peak, 268435456.0 / 1e14 / 62e-6, 1e-12);
    DeviceIdentity elsewhere = identity_of(report.devices[0], report.environment);
    elsewhere.name = "Another CPU";
    EXPECT_TRUE(DoctorBook(folder.path()).ceilings(elsewhere).empty());
    EXPECT_TRUE(DoctorBook(folder.path()).noise_floors(elsewhere).empty());
    elsewhere = identity_of(report.devices[0], report.environment);
    elsewhere.where.threads = 1;
    EXPECT_TRUE(DoctorBook(folder.path()).ceilings(elsewhere).empty());
    EXPECT_TRUE(DoctorBook(folder.path()).noise_floors(elsewhere).empty());
}

}  // namespace
}  // namespace stele::book_test
