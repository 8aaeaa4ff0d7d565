// Tuning files: written, read, refused; and which entry a device and a problem get.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/record/report_json.hpp"
#include "harness/tuning/book.hpp"
#include "tests/support/twice.hpp"

namespace stele::files_test {
namespace {

namespace fs = std::filesystem;

DeviceIdentity gpu(const std::string& name, const std::string& architecture) {
    return {name, "cuda", "CUDA", "NVIDIA", architecture, "13.0", false, 132};
}

TunedCell entry(const std::string& problem, const std::string& tile) {
    TunedCell cell;
    cell.variant = "twice/tiled.host";
    cell.problem = problem;
    cell.default_tile = "1";
    cell.chosen = {tile, 100, 99, 101};
    cell.driver = "13.0";
    return cell;
}

class FilesTest : public testing::Test {
protected:
    FilesTest() : folder(fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name()) {
        fs::remove_all(folder);
        fs::create_directories(folder);
    }
    ~FilesTest() override { fs::remove_all(folder); }
    fs::path folder;
};

TEST_F(FilesTest, AnUpdateKeepsWhatOthersWrote) {
    const fs::path path = folder / "a.json";
    const DeviceIdentity device = gpu("NVIDIA H200", "sm_90");
    const TuningFile before = current_tuning(path, device);
    EXPECT_TRUE(before.cells.empty());
    // Another process, after this one has read.
    update_tuning(path, device, [](TuningFile& file) { file.put(entry("rows=1 columns=1 f32", "3")); });
    const TuningFile now =
        update_tuning(path, device, [](TuningFile& file) { file.put(entry("rows=2 columns=2 f32", "4")); });
    EXPECT_EQ(now.cells.size(), 2u);
    EXPECT_EQ(read_tuning(path).cells.size(), 2u);
    EXPECT_THROW(update_tuning(path, gpu("NVIDIA A100", "sm_80"), [](TuningFile&) {}), ReportError);
}

TEST_F(FilesTest, IsReadAsItWasWritten) {
    TuningFile file;
    file.device = gpu("NVIDIA H200", "sm_90");
    TunedCell cell = entry("rows=4 columns=8 f32", "2");
    cell.of_default = TileTime{"1", 200, 190, 210};
    cell.regret = 2;
    cell.regret_low = 1.9;
    cell.regret_high = 2.1;
    cell.failed.push_back({"3", Outcome::wrong, "too small", 0, 0});
    file.put(cell);
    file.put(UnfinishedCell{
        "twice/tiled.host", "rows=1 columns=1 f32", 7, "13.0", "abc", {{"2", Outcome::passed, "", 5, 1}}});
    write_tuning(folder / "a.json", file);
    const TuningFile read = read_tuning(folder / "a.json");
    EXPECT_TRUE(read.device.is_same_device(file.device));
    EXPECT_EQ(read.device.compute_units, 132);
    ASSERT_EQ(read.cells.size(), 1u);
    EXPECT_EQ(read.cells[0].chosen.tile, "2");
    EXPECT_EQ(read.cells[0].of_default->high_ns, 210);
    EXPECT_EQ(*read.cells[0].regret_low, 1.9);
    EXPECT_EQ(read.cells[0].failed.at(0).outcome, Outcome::wrong);
    const UnfinishedCell like{"twice/tiled.host", "rows=1 columns=1 f32", 7, "13.0", "abc", {}};
    ASSERT_EQ(read.tried(like).size(), 1u);
    UnfinishedCell other_seed = like, other_driver = like, other_revision = like;
    other_seed.seed = 8;
    other_driver.driver = "14";
    other_revision.revision = "abd";
    for (const auto& other : {other_seed, other_driver, other_revision})
        EXPECT_TRUE(read.tried(other).empty()) << "measured under other conditions";
}

TEST_F(FilesTest, AFinishedCellTakesThePlaceOfTheUnfinished) {
    TuningFile file;
    file.put(UnfinishedCell{"twice/tiled.host", "p", 1, "", "", {}});
    file.put(UnfinishedCell{"twice/tiled.host", "p", 2, "", "", {}});
    EXPECT_EQ(file.unfinished.size(), 1u);
    file.put(entry("p", "2"));
    file.put(entry("p", "3"));
    EXPECT_TRUE(file.unfinished.empty());
    ASSERT_EQ(file.cells.size(), 1u);
    EXPECT_EQ(file.find("twice/tiled.host", "p")->chosen.tile, "3");
    EXPECT_EQ(file.find("twice/tiled.host", "q"), nullptr);
}

TEST_F(FilesTest, WhatCannotBeReadIsNamed) {
    TuningFile file;
    file.device = gpu("NVIDIA H200", "sm_90");
    TunedCell cell = entry("p", "2");
    cell.regret = 1.5;
    file.put(cell);
    write_tuning(folder / "good.json", file);
    std::ifstream in(folder / "good.json");
    const std::string good{std::istreambuf_iterator<char>(in), {}};
    const auto written = [&](const std::string& from, const std::string& to) {
        std::string text = good;
        const std::size_t at = text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        return text.replace(at, from.size(), to);
    };
    const std::map<std::string, std::pair<std::string, std::string>> bad{
        {"version", {written("\"schema_version\": 2", "\"schema_version\": 3"), "schema version 3"}},
        {"format", {written("stele-tuning", "stele-report"), "not a Stele tuning file"}},
        {"time", {written("\"median_ns\": 100", "\"median_ns\": 0"), "cells[0].chosen must have"}},
        {"no number", {written("\"median_ns\": 100.0", "\"median_ns\": \"nan\""), "cells[0].chosen must have"}},
        {"outside", {written("\"low_ns\": 99.0", "\"low_ns\": 1e300"), "outside its interval 1e+300"}},
        {"ratio", {written("\"regret\": 1.5", "\"regret\": \"inf\""), "cells[0].regret is inf"}},
        {"cut", {good.substr(0, good.size() / 2), "truncated"}},
        {"empty", {"", "empty"}},
    };
    for (const auto& [name, change] : bad) {
        std::ofstream(folder / "bad.json") << change.first;
        try {
            read_tuning(folder / "bad.json");
            ADD_FAILURE() << name << " was read";
        } catch (const ReportError& error) {
            EXPECT_NE(std::string(error.what()).find("bad.json"), std::string::npos) << error.what();
            EXPECT_NE(std::string(error.what()).find(change.second), std::string::npos) << error.what();
        }
    }
    std::ofstream(folder / "other.txt") << "not looked at";
    const TuningBook book(folder);
    EXPECT_EQ(book.complaints().size(), 1u) << "bad.json";
    EXPECT_TRUE(TuningBook(folder / "nothing").complaints().empty());
}

DeviceInfo pocl_on(const std::string& cpu) {
    DeviceInfo device;
    device.name = "pthread-" + cpu;
    device.backend = "opencl";
    device.platform = "Portable Computing Language";
    device.vendor = "AuthenticAMD";
    device.architecture = "znver";
    device.driver = "13.0";
    device.is_cpu = true;
    device.compute_units = 96;
    return device;
}

Environment on_cpu(const std::string& identity, const std::string& cpus) {
    Environment environment;
    environment.cpu = "AMD EPYC";
    environment.cpu_family = identity;
    environment.allowed_cpus = cpus;
    return environment;
}

const std::string zen3 = "AuthenticAMD family 25 model 1 stepping 1",
                  zen4 = "AuthenticAMD family 25 model 17 stepping 1";

TEST(TuningPath, IsHardwareRuntimeAndBackend) {
    EXPECT_EQ(tuning_path(gpu("NVIDIA H200", "sm_90")), "results/tuning/h200-cuda.json");
    const DeviceInfo cpu = pocl_on("EPYC");
    EXPECT_EQ(tuning_path(identity_of(cpu, on_cpu(zen4, "0-95"))),
              "results/tuning/epyc-family-25-model-17-stepping-1-portable-computing-language-opencl.json");
    EXPECT_NE(tuning_path(identity_of(cpu, on_cpu(zen4, "0-95"))), tuning_path(identity_of(cpu, on_cpu(zen3, "0-95"))));
    DeviceInfo other_runtime = cpu;
    other_runtime.platform = "Another OpenCL";
    EXPECT_NE(tuning_path(identity_of(cpu, on_cpu(zen4, "0-95"))),
              tuning_path(identity_of(other_runtime, on_cpu(zen4, "0-95"))));
}

TEST_F(FilesTest, ACellIsOfTheThreadsCpusAndQuotaThatItWasTunedOn) {
    const fs::path path = folder / "a.json";
    DeviceInfo cpu = pocl_on("EPYC");
    const DeviceIdentity all = identity_of(cpu, on_cpu(zen4, "0-95"));
    Environment limited = on_cpu(zen4, "0-95");
    limited.cpu_quota = 1.5;
    std::vector<DeviceIdentity> others{identity_of(cpu, on_cpu(zen4, "0")), identity_of(cpu, limited)};
    cpu.compute_units = 1;
    others.push_back(identity_of(cpu, on_cpu(zen4, "0-95")));

    update_tuning(path, all, [](TuningFile& file) { file.put(entry("p", "2")); });
    for (const DeviceIdentity& other : others) {
        EXPECT_TRUE(other.is_same_device(all)) << "one file has them";
        EXPECT_EQ(current_tuning(path, other).find("twice/tiled.host", "p"), nullptr) << other.cell("", "").where();
        update_tuning(path, other, [](TuningFile& file) { file.put(entry("p", "3")); });
    }
    EXPECT_EQ(read_tuning(path).cells.size(), others.size() + 1);
    EXPECT_EQ(current_tuning(path, all).find("twice/tiled.host", "p")->chosen.tile, "2");
    EXPECT_EQ(current_tuning(path, others[0]).find("twice/tiled.host", "p")->chosen.tile, "3");
    EXPECT_THROW(current_tuning(path, identity_of(cpu, on_cpu(zen3, "0-95"))), ReportError);
}

TEST_F(FilesTest, ReadsVersion1AsTunedOnUnknownCpus) {
    TuningFile file;
    file.device = identity_of(pocl_on("EPYC"), on_cpu("", "0-95"));
    file.put(entry("p", "2"));
    file.put(UnfinishedCell{"twice/tiled.host", "q", 7, "13.0", "abc", {}});
    write_tuning(folder / "now.json", file);
    std::ifstream in(folder / "now.json");
    auto json = nlohmann::ordered_json::parse(in);
    json["schema_version"] = 1;
    for (const char* list : {"cells", "unfinished"}) json[list][0].erase("where");
    json["device"].erase("where");
    std::ofstream(folder / "old.json") << json;
    const TuningFile old = read_tuning(folder / "old.json");
    EXPECT_EQ(old.cells.at(0).where, (Where{96, "", {}}));
    EXPECT_EQ(old.unfinished.at(0).where, (Where{96, "", {}}));
    json["schema_version"] = 2;
    std::ofstream(folder / "old.json") << json;
    EXPECT_THROW(read_tuning(folder / "old.json"), ReportError);
}

TEST(ProblemDistance, ComparesLikeWithLike) {
    EXPECT_EQ(problem_distance("m=64 n=64 k=64 f32", "m=64 n=64 k=64 f32"), 0);
    EXPECT_EQ(problem_distance("m=64 n=64 k=64 f32", "m=128 n=64 k=64 f32"), 1);
    EXPECT_EQ(problem_distance("m=64 n=64 k=64 f32", "m=256 n=64 k=64 f32"), 2);
    EXPECT_EQ(problem_distance("m=64 n=64 k=64 f32", "m=257 n=64 k=64 f32"), std::nullopt) << "too far";
    EXPECT_EQ(problem_distance("m=64 n=64 k=64 f32", "m=64 n=64 k=64 f16"), std::nullopt);
    EXPECT_EQ(problem_distance("m=64 n=64 k=64 f32", "m=64 n=64 k=64 f32 b=nk"), std::nullopt);
    EXPECT_EQ(problem_distance("m=64 n=64 k=0 f32", "m=64 n=64 k=64 f32"), std::nullopt);
    EXPECT_EQ(problem_distance("m=64 n=64 k=0 f32", "m=64 n=64 k=0 f32"), 0);
    EXPECT_EQ(problem_distance("density=0.5 block=64", "density=0.25 block=64"), 1);
}

class LookupTest : public testing::Test {
protected:
    LookupTest() {
        std::vector<Variant> variants;
        for (const char* tile : {"1", "2", "3", "4", "5", "6"})
            variants.push_back(test::twice_variant("tiled", test::twice, tile, variants.empty()));
        variants.back().supports_problem = [](const DeviceInfo&, const Problem&) { return Support::no("too big"); };
        operations.push_back(std::make_unique<test::TwiceOperation>(std::move(variants)));
        registry = std::make_unique<Registry>(operations);
        info.languages = {Language::host};
    }
    void file(const std::string& name, const DeviceIdentity& device, std::vector<TunedCell> cells) {
        TuningFile file;
        file.device = device;
        file.cells = std::move(cells);
        book.add(name, std::move(file));
    }
    TileChoice choose(const DeviceIdentity& device) {
        return book.choose(*registry, *registry->variants().front(), problem, info, device);
    }

    std::vector<std::unique_ptr<Operation>> operations;
    std::unique_ptr<Registry> registry;
    test::TwiceProblem problem{64, 64};
    DeviceInfo info;
    TuningBook book;
    const std::string same = "rows=64 columns=64 f32", near = "rows=64 columns=128 f32";
};

TEST_F(LookupTest, DeviceThenArchitectureThenVendorThenDefault) {
    file("vendor.json", gpu("NVIDIA A100", "sm_80"), {entry(same, "4")});
    file("architecture.json", gpu("NVIDIA H100", "sm_90"), {entry(same, "3")});
    file("device.json", gpu("NVIDIA H200", "sm_90"), {entry(near, "2")});
    EXPECT_EQ(choose(gpu("NVIDIA H200", "sm_90")).where, "device.json: device, " + near);
    EXPECT_EQ(choose(gpu("NVIDIA H200", "sm_90")).variant->tile, "2") << "the level goes before the problem";
    EXPECT_EQ(choose(gpu("NVIDIA H20", "sm_90")).where, "architecture.json: architecture, " + same);
    EXPECT_EQ(choose(gpu("NVIDIA B200", "sm_100")).where, "vendor.json: vendor, " + same);
    DeviceIdentity other = gpu("AMD MI300", "sm_90");
    other.vendor = "AMD";
    EXPECT_EQ(choose(other).where, "default");
    EXPECT_EQ(choose(other).variant->tile, "1");
}

TEST_F(LookupTest, TheNearestProblemOfALevel) {
    file("a.json", gpu("NVIDIA H200", "sm_90"),
         {entry(near, "2"), entry(same, "3"), entry("rows=1 columns=1 f32", "4")});
    EXPECT_EQ(choose(gpu("NVIDIA H200", "sm_90")).variant->tile, "3");
}

TEST_F(LookupTest, WhatDoesNotFitIsPassedOver) {
    TunedCell foreign = entry(same, "2");
    foreign.variant = "twice/other.host";
    file("a.json", gpu("NVIDIA H200", "sm_90"), {foreign, entry(same, "6"), entry(same, "77"), entry(near, "5")});
    EXPECT_EQ(choose(gpu("NVIDIA H200", "sm_90")).variant->tile, "5")
        << "6 is not supported here, 77 is no tile any more";
}

TEST_F(LookupTest, AnotherRuntimeIsAnotherDeviceAndAnotherDriverIsSaid) {
    file("a.json", gpu("NVIDIA H200", "sm_90"), {entry(same, "2")});
    DeviceIdentity asked = gpu("NVIDIA H200", "sm_90");
    asked.driver = "14.0";
    EXPECT_EQ(choose(asked).where, "a.json: device with another driver, " + same);
    asked.platform = "OpenCL";
    EXPECT_EQ(choose(asked).where, "a.json: architecture, " + same);
    asked.is_cpu = true;
    EXPECT_EQ(choose(asked).where, "default") << "a CPU takes no GPU's tile";
}

TEST_F(LookupTest, ATileTunedElsewhereOnTheCpuIsSaid) {
    DeviceInfo cpu = pocl_on("EPYC");
    const DeviceIdentity all = identity_of(cpu, on_cpu(zen4, "0-95"));
    cpu.compute_units = 1;
    const DeviceIdentity one = identity_of(cpu, on_cpu(zen4, "3"));
    const auto cell = [](const std::string& tile, const DeviceIdentity& device) {
        TunedCell out = entry("rows=64 columns=64 f32", tile);
        out.where = device.where;
        return out;
    };
    file("a.json", all, {cell("2", one)});
    EXPECT_EQ(choose(all).variant->tile, "2");
    EXPECT_EQ(choose(all).where, "a.json: device with 1 threads on 3, " + same);
    file("b.json", all, {cell("3", one), cell("4", all)});
    EXPECT_EQ(choose(all).variant->tile, "4") << "the same conditions go first";
    EXPECT_EQ(choose(all).where, "b.json: device, " + same);
    EXPECT_EQ(choose(one).where, "a.json: device, " + same);
}

TEST_F(LookupTest, AnotherGenerationOfOneNameIsAnotherDevice) {
    const DeviceInfo cpu = pocl_on("EPYC");
    const DeviceIdentity of_zen3 = identity_of(cpu, on_cpu(zen3, "0-95")),
                         of_zen4 = identity_of(cpu, on_cpu(zen4, "0-95"));
    TunedCell tuned = entry(same, "2");
    tuned.where = of_zen4.where;
    file("zen4.json", of_zen4, {tuned});
    EXPECT_EQ(choose(of_zen4).where, "zen4.json: device, " + same);
    EXPECT_EQ(choose(of_zen3).where, "zen4.json: architecture, " + same) << "the fallback, and it says so";
    DeviceIdentity other_code = of_zen3;
    other_code.architecture = "znver3";
    EXPECT_EQ(choose(other_code).where, "zen4.json: vendor, " + same);
}

}  // namespace
}  // namespace stele::files_test
