// Files of a device, field by field: what is written, what is read back, and what is refused, wherever it stands.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"
#include "harness/tuning/doctor_file.hpp"
#include "harness/tuning/file.hpp"

namespace stele::fields_test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class DeviceFields : public testing::Test {
protected:
    json written(const TuningFile& file) const {
        write_tuning(path, file);
        return json::parse(read_input(path));
    }
    /// Why a file with this text is not read as `Read` reads it; empty where it is.
    template <typename Read>
    std::string refusal(const json& text, Read read) const {
        std::ofstream(path) << text;
        try {
            read(path);
        } catch (const ReportError& error) {
            EXPECT_TRUE(std::string(error.what()).starts_with(path.string() + ": ")) << error.what();
            return std::string(error.what()).substr(path.string().size() + 2);
        }
        return "";
    }

    const TemporaryFolder folder;
    const fs::path path = folder.path() / "a.json";
    const DeviceIdentity device{"A CPU", "opencl", "A platform", "A vendor",       "znver4",
                                "3.1",   true,     96,           {96, "0-95", 1.5}};
};

const char* const device_text = R"({"name": "A CPU", "backend": "opencl", "platform": "A platform",
    "vendor": "A vendor", "architecture": "znver4", "driver": "3.1", "is_cpu": true, "compute_units": 96})";

const char* const tuned_text = R"({
    "variant": "gemm/tiled.opencl", "problem": "p", "default_tile": "8x8",
    "chosen": {"tile": "16x16", "median_ns": 100.0, "low_ns": 99.0, "high_ns": 102.0},
    "default": {"tile": "8x8", "median_ns": 200.0, "low_ns": 190.0, "high_ns": 210.0},
    "regret": 2.0, "regret_low": 1.5, "regret_high": 2.5, "chosen_because": "fastest",
    "finalists": [{"tile": "16x16", "median_ns": 100.0, "low_ns": 100.0, "high_ns": 100.0}],
    "candidates": 3, "space": 4,
    "failed": [{"tile": "4x4", "outcome": "wrong", "reason": "zero", "median_ns": 1.0, "relative": 0.5}],
    "stopped_by": "budget", "seed": 7, "driver": "3.0", "revision": "abc", "date": "2026-01-31T12:34:56Z",
    "where": {"threads": 2, "cpus": "0-1", "cpu_quota": 0.5}})";

const char* const unfinished_text = R"({
    "variant": "gemm/naive.opencl", "problem": "q", "seed": 8, "driver": "3.2", "revision": "abd",
    "tried": [{"tile": "2x2", "outcome": "passed", "reason": "", "median_ns": 5.0, "relative": 0.25}],
    "where": {"threads": 1, "cpus": "7"}})";

json tuning_text() {
    json file{{"format", "stele-tuning"}, {"schema_version", 2}, {"device", json::parse(device_text)}};
    file["cells"] = {json::parse(tuned_text), json::parse(tuned_text)};
    file["unfinished"] = {json::parse(unfinished_text), json::parse(unfinished_text)};
    return file;
}

TEST_F(DeviceFields, EveryFieldOfATuningFileIsWrittenUnderItsName) {
    TuningFile file;
    file.device = device;
    TunedCell tuned;
    tuned.variant = "gemm/tiled.opencl";
    tuned.problem = "p";
    tuned.default_tile = "8x8";
    tuned.chosen = {"16x16", 100, 99, 102};
    tuned.of_default = TileTime{"8x8", 200, 190, 210};
    tuned.regret = 2;
    tuned.regret_low = 1.5;
    tuned.regret_high = 2.5;
    tuned.chosen_because = "fastest";
    tuned.finalists = {{"16x16", 100, 100, 100}};
    tuned.candidates = 3;
    tuned.space = 4;
    tuned.failed = {{"4x4", Outcome::wrong, "zero", 1, 0.5}};
    tuned.stopped_by = "budget";
    tuned.seed = 7;
    tuned.driver = "3.0";
    tuned.revision = "abc";
    tuned.date = "2026-01-31T12:34:56Z";
    tuned.where = {2, "0-1", 0.5};
    UnfinishedCell unfinished{"gemm/naive.opencl", "q", 8, "3.2", "abd", {{"2x2", Outcome::passed, "", 5, 0.25}}};
    unfinished.where = {1, "7", {}};
    file.cells = {tuned, tuned};
    file.unfinished = {unfinished, unfinished};
    EXPECT_EQ(written(file), tuning_text());
    EXPECT_EQ(written(read_tuning(path)), tuning_text()) << "and read back";
}

TEST_F(DeviceFields, EveryFieldOfADoctorsFileIsWrittenUnderItsName) {
    const json wanted = json::parse(std::string(R"({"format": "stele-doctor", "schema_version": 1, "device": )") +
                                    device_text + R"(, "entries": [{
        "ceilings": [{"name": "a loop", "counted": "flops", "dtype": "bf16", "per_second": 2.5e11}],
        "noise_floors": [{"kind": "memory", "rounds": 5, "floor": 0.25, "false_alarms": 0.5, "pairs": 12}],
        "driver": "3.0", "revision": "abc", "date": "2026-01-31T12:34:56Z",
        "where": {"threads": 96, "cpus": "0-95", "cpu_quota": 1.5}}]})");
    update_doctor_file(path, device, [](DoctorFile& file) {
        file.put({{{"a loop", Counted::flops, Dtype::bf16, 2.5e11}},
                  {{KernelKind::memory, 5, 0.25, 0.5, 12}},
                  "3.0",
                  "abc",
                  "2026-01-31T12:34:56Z"});
    });
    EXPECT_EQ(json::parse(read_input(path)), wanted);
    update_doctor_file(path, device, [](DoctorFile&) {});
    EXPECT_EQ(json::parse(read_input(path)), wanted) << "and read back";
}

TEST_F(DeviceFields, TimesOfATuningFileAreCheckedWhereverTheyStand) {
    const auto said = [&](const std::string& place, const json& value) {
        json text = tuning_text();
        text[json::json_pointer(place)] = value;
        return refusal(text, read_tuning);
    };
    EXPECT_EQ(said("/cells/0/chosen/low_ns", 100), "") << "an interval may begin at the median";
    EXPECT_EQ(said("/cells/0/chosen/high_ns", 100), "") << "or end there";
    EXPECT_EQ(said("/cells/0/chosen/tile", ""), "cells[0].chosen must have a tile and a positive time");
    EXPECT_EQ(said("/cells/1/chosen/median_ns", 0), "cells[1].chosen must have a tile and a positive time");
    EXPECT_EQ(said("/cells/1/default/median_ns", -1), "cells[1].default must have a tile and a positive time");
    EXPECT_EQ(said("/cells/0/finalists/0/median_ns", "inf"),
              "cells[0].finalists[0] must have a tile and a positive time");
    EXPECT_EQ(said("/cells/0/chosen/low_ns", 101),
              "cells[0].chosen has a median of 100 ns outside its interval 101 … 102 ns");
    EXPECT_EQ(said("/cells/0/chosen/high_ns", 99.5),
              "cells[0].chosen has a median of 100 ns outside its interval 99 … 99.5 ns");
    EXPECT_EQ(said("/cells/0/chosen/low_ns", 0),
              "cells[0].chosen has a median of 100 ns outside its interval 0 … 102 ns");
    EXPECT_EQ(said("/cells/0/chosen/high_ns", "inf"),
              "cells[0].chosen has a median of 100 ns outside its interval 99 … inf ns");
    EXPECT_EQ(said("/cells/0/regret_low", 0), "cells[0].regret_low is 0, and must be a positive ratio");
    EXPECT_EQ(said("/cells/1/regret_high", "nan"), "cells[1].regret_high is nan, and must be a positive ratio");
    EXPECT_EQ(said("/unfinished/1/tried/0/median_ns", 0),
              "unfinished[1].tried has 2x2 as passed without a positive time");
    EXPECT_EQ(said("/unfinished/0/tried/0/relative", 0),
              "unfinished[0].tried has 2x2 as passed without a positive time");
    json failed = tuning_text();
    failed["unfinished"][0]["tried"][0] = {
        {"tile", "2x2"}, {"outcome", "error"}, {"reason", "r"}, {"median_ns", 0}, {"relative", 0}};
    EXPECT_EQ(refusal(failed, read_tuning), "") << "what did not pass has no time";
}

TEST_F(DeviceFields, FiguresOfADoctorsFileAreCheckedWhereverTheyStand) {
    const json ceiling{{"name", "a loop"}, {"counted", "flops"}, {"dtype", "f32"}, {"per_second", 1e11}},
        floor{{"kind", "memory"}, {"rounds", 1}, {"floor", 0.25}, {"false_alarms", 0.5}, {"pairs", 12}},
        entry{{"ceilings", {ceiling, ceiling}},
              {"noise_floors", {floor, floor}},
              {"driver", ""},
              {"revision", ""},
              {"date", ""},
              {"where", {{"threads", 0}, {"cpus", ""}}}};
    const json good{{"format", "stele-doctor"},
                    {"schema_version", 1},
                    {"device", json::parse(device_text)},
                    {"entries", {entry, entry}}};
    const auto said = [&](const std::string& place, const json& value) {
        json text = good;
        text[json::json_pointer("/entries" + place)] = value;
        return refusal(text, read_doctor_file);
    };
    EXPECT_EQ(refusal(good, read_doctor_file), "");
    EXPECT_EQ(said("/0/ceilings/0/per_second", 0), "entries[0].ceilings[0].per_second is 0, and must be a rate");
    EXPECT_EQ(said("/1/ceilings/1/per_second", -1), "entries[1].ceilings[1].per_second is -1, and must be a rate");
    EXPECT_EQ(said("/0/ceilings/1/per_second", "inf"), "entries[0].ceilings[1].per_second is inf, and must be a rate");
    EXPECT_EQ(said("/0/ceilings/0/per_second", 0.5), "") << "any rate above nothing";
    for (const char* place : {"/0/noise_floors/0/false_alarms", "/0/noise_floors/0/floor"})
        EXPECT_EQ(said(place, 0), "") << place;
    EXPECT_EQ(said("/0/noise_floors/0/false_alarms", 1), "");
    const std::string wrong = " must have rounds, a floor of at least 0, and a share of false alarms";
    EXPECT_EQ(said("/0/noise_floors/0/rounds", 0), "entries[0].noise_floors[0]" + wrong);
    EXPECT_EQ(said("/1/noise_floors/1/floor", -0.5), "entries[1].noise_floors[1]" + wrong);
    EXPECT_EQ(said("/0/noise_floors/1/false_alarms", -0.5), "entries[0].noise_floors[1]" + wrong);
    EXPECT_EQ(said("/0/noise_floors/0/false_alarms", 1.5), "entries[0].noise_floors[0]" + wrong);
}

TEST_F(DeviceFields, AFormerIdIsReadAsThePresentOne) {
    json text = tuning_text();
    text["cells"][0]["variant"] = "gemm/hopper_split.ptx";
    text["unfinished"][1]["variant"] = "gemm/hopper_roles.cuda";
    EXPECT_EQ(refusal(text, read_tuning), "");
    const TuningFile file = read_tuning(path);
    EXPECT_EQ(file.cells[0].variant, "gemm/hopper/split.ptx");
    EXPECT_EQ(file.cells[1].variant, "gemm/tiled.opencl");
    EXPECT_EQ(file.unfinished[1].variant, "gemm/hopper/roles.cuda");
}

TEST_F(DeviceFields, Version1OfAGpuWasTunedOnNoThreads) {
    json text = tuning_text();
    text["schema_version"] = 1;
    for (const char* list : {"cells", "unfinished"})
        for (json& cell : text[list]) cell.erase("where");
    EXPECT_EQ(refusal(text, read_tuning), "");
    EXPECT_EQ(read_tuning(path).cells[1].where, (Where{96, "", {}}));
    text["device"]["is_cpu"] = false;
    EXPECT_EQ(refusal(text, read_tuning), "");
    EXPECT_EQ(read_tuning(path).cells[0].where, (Where{0, "", {}}));
    EXPECT_EQ(read_tuning(path).unfinished[1].where, (Where{0, "", {}}));
    // What is wrong with it is said as of any file.
    for (const char* field : {"device", "cells"})
        for (const json& value : {json(), json(1), json::array({1})}) {
            json broken = text;
            broken[field] = value;
            if (value.is_null()) broken.erase(field);
            EXPECT_NE(refusal(broken, read_tuning).find(field), std::string::npos) << field << value;
        }
}

TEST_F(DeviceFields, OnlyJsonFilesOfAFolderAreLookedAt) {
    write_tuning(folder.path() / "b.json", {});
    for (const char* other : {".hidden.json", "a.txt", ".b"}) std::ofstream(folder.path() / other) << "no JSON";
    const DoctorBook book(folder.path());
    ASSERT_EQ(book.complaints().size(), 1u);
    EXPECT_NE(book.complaints()[0].find("b.json: "), std::string::npos) << book.complaints()[0];
    EXPECT_TRUE(DoctorBook(folder.path() / "nowhere").complaints().empty());
    const DoctorBook of_a_file(folder.path() / "a.txt");
    ASSERT_EQ(of_a_file.complaints().size(), 1u);
    EXPECT_TRUE(of_a_file.complaints()[0].starts_with((folder.path() / "a.txt: ").string()));
}

TEST_F(DeviceFields, AFileOfAnotherDeviceIsNamed) {
    update_tuning(path, device, [](TuningFile&) {});
    DeviceIdentity other = device;
    other.name = "B CPU";
    other.platform = "B platform";
    try {
        update_tuning(path, other, [](TuningFile&) {});
        FAIL();
    } catch (const ReportError& error) {
        EXPECT_EQ(error.what(), path.string() + " is of A CPU (A platform), not of B CPU (B platform)");
    }
    other = device;
    other.driver = "4";
    EXPECT_EQ(update_tuning(path, other, [](TuningFile&) {}).device.driver, "4") << "as the last writer found it";
    EXPECT_EQ(read_tuning(path).device.driver, "4");
}

TEST(DeviceIdentities, AQuotaIsPartOfACellAndNotOfTheDevice) {
    DeviceIdentity whole{"A CPU", "opencl", "P", "V", "a", "1", true, 4, {4, "0-3", {}}}, limited = whole;
    limited.where.cpu_quota = 1;
    EXPECT_EQ(whole.cell("v", "p").cpu_quota, 0);
    EXPECT_EQ(limited.cell("v", "p").cpu_quota, 1);
    EXPECT_TRUE(whole.is_same_device(limited));
    DeviceIdentity other = whole;
    other.platform = "Q";
    EXPECT_FALSE(whole.is_same_device(other));
    const CellKey key = limited.cell("v", "p");
    EXPECT_EQ(key.text(), "v | p | A CPU | opencl | P | burst cold normal | 4 threads on 0-3 for 1");
}

TEST(DeviceIdentities, NameAFileByThePlatformWhereItIsNotTheBackends) {
    EXPECT_EQ(file_name_of({"NVIDIA H200", "cuda", "CUDA", "", "", "", false, 1}), "h200-cuda.json");
    EXPECT_EQ(file_name_of({"A CPU", "opencl", "Portable", "", "", "", true, 1}), "a-portable-opencl.json");
}

}  // namespace
}  // namespace stele::fields_test
