// The identity of a cell: its text reads back, its order is total, and conditions stay out of it.
#include "harness/record/cell_key.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "harness/record/hardware.hpp"
#include "harness/record/report_json.hpp"

namespace stele::cell_key_test {
namespace {

CellKey sample_key() {
    return {"gemm/tiled.opencl@64x64x16",
            "m=2 n=2 k=2 f16",
            "AMD EPYC (family 26 model 2 stepping 1)",
            "opencl",
            "Portable Computing Language",
            Regime::sustained,
            CacheMode::warm,
            Fill::zeros,
            2,
            "0-1,8",
            1.5};
}

/// Keys that differ from the sample in one field each.
std::vector<CellKey> one_field_changed() {
    std::vector<CellKey> out(11, sample_key());
    out[0].variant = "gemm/tiled.opencl@64x64x32";
    out[1].problem = "m=2 n=2 k=3 f16";
    out[2].hardware = "";
    out[3].backend = "simt";
    out[4].platform = "Another | with a bar \\ and\na line";
    out[5].regime = Regime::burst;
    out[6].cache = CacheMode::cold;
    out[7].fill = Fill::normal;
    out[8].threads = 1;
    out[9].cpus = "";
    out[10].cpu_quota = 0;
    return out;
}

Report report_with(bool is_cpu) {
    Report report;
    report.environment.cpu = "AMD EPYC";
    report.environment.cpu_family = "AuthenticAMD family 26 model 2 stepping 1";
    report.environment.allowed_cpus = "0-1";
    DeviceInfo device;
    device.id = "opencl:0";
    device.name = is_cpu ? "pthread-AMD EPYC" : "NVIDIA H200";
    device.backend = "opencl";
    device.platform = "a platform";
    device.is_cpu = is_cpu;
    device.compute_units = 2;
    report.devices = {device};
    Measurement cell;
    cell.variant = "gemm/naive.opencl";
    cell.problem = "m=1 n=1 k=1 f32";
    cell.device = "opencl:0";
    report.measurements = {cell};
    return report;
}

TEST(CellKey, TextReadsBack) {
    EXPECT_EQ(sample_key().text(),
              "gemm/tiled.opencl@64x64x16 | m=2 n=2 k=2 f16 | AMD EPYC (family 26 model 2 stepping 1) | opencl | "
              "Portable Computing Language | sustained warm zeros | 2 threads on 0-1,8 for 1.5");
    std::set<std::string> texts{sample_key().text()};
    for (const CellKey& key : one_field_changed()) {
        EXPECT_EQ(parse_cell_key(key.text()), key) << key.text();
        EXPECT_EQ(key.text().find('\n'), std::string::npos);
        texts.insert(key.text());
    }
    EXPECT_EQ(texts.size(), one_field_changed().size() + 1) << "no field is left out of the text";
    EXPECT_EQ(parse_cell_key(CellKey{}.text()), CellKey{});
    for (const double quota : {0.25, 1.0, 64.0}) {
        CellKey key = sample_key();
        key.cpu_quota = quota;
        EXPECT_EQ(parse_cell_key(key.text()), key) << key.text();
    }
}

TEST(CellKey, ABackslashAtTheEndIsItself) {
    const std::string text = "v | p | h | b | l | burst cold normal | 1 threads on 0";
    EXPECT_EQ(parse_cell_key(text).cpus, "0");
    EXPECT_EQ(parse_cell_key(text + "\\").cpus, "0\\");
    EXPECT_EQ(parse_cell_key(text + "\\|").cpus, "0|");
    EXPECT_EQ(parse_cell_key(text + "\\n").cpus, "0\n");
}

TEST(CellKey, WhatIsNoKeyIsRefused) {
    const std::string text = sample_key().text();
    for (const std::string& wrong :
         {std::string(), text + " | more", text.substr(0, text.rfind(" | ")), text.substr(0, text.rfind(" threads")),
          text.substr(0, text.size() - 3), text + "x", text.substr(0, text.size() - 3) + "0",
          text.substr(0, text.size() - 3) + "-1", std::string("a | b | c | d | e | burst | "),
          std::string("a | b | c | d | e | burst cold normal | x threads on 1"),
          std::string("a | b | c | d | e | burst cold | "), std::string("a | b | c | d | e | burst cold ones | "),
          std::string("a | b | c | d | e | burst cold normal | 0 threads on 1")})
        EXPECT_THROW(parse_cell_key(wrong), ReportError) << wrong;
}

TEST(CellKey, EveryFieldTellsCellsApartAndOrdersThem) {
    std::vector<CellKey> keys = one_field_changed();
    for (const CellKey& key : keys) {
        EXPECT_NE(key, sample_key());
        EXPECT_NE(key<sample_key(), key> sample_key());
    }
    keys.push_back(sample_key());
    std::ranges::sort(keys);
    EXPECT_EQ(std::ranges::adjacent_find(keys), keys.end());
}

TEST(CellKey, IsTheHardwaresNotTheDeviceIds) {
    Report report = report_with(true);
    const CellKey key = key_of(report.measurements[0], report);
    EXPECT_EQ(key.hardware, "AMD EPYC (AuthenticAMD family 26 model 2 stepping 1)");
    EXPECT_EQ(key.threads, 2);
    EXPECT_EQ(key.cpus, "0-1");
    EXPECT_EQ(key.cpu_quota, 0);
    EXPECT_EQ(key.where(), "2 threads on 0-1");
    Measurement nowhere = report.measurements[0];
    nowhere.device = "";
    EXPECT_EQ(key_of(nowhere, report).text(), "gemm/naive.opencl | m=1 n=1 k=1 f32 |  |  |  | burst cold normal | ");
    report.devices[0].id = report.measurements[0].device = "opencl:7";
    report.devices[0].driver = "another";
    report.measurements[0].seed = 2;
    EXPECT_EQ(key_of(report.measurements[0], report), key) << "driver and seed are conditions";
    for (auto change : {+[](Report& other) { other.devices[0].compute_units = 1; },
                        +[](Report& other) { other.environment.allowed_cpus = "0"; },
                        +[](Report& other) { other.environment.cpu_quota = 1.5; },
                        +[](Report& other) { other.environment.cpu_family = "AuthenticAMD family 25 model 17"; }}) {
        Report other = report;
        change(other);
        EXPECT_NE(key_of(other.measurements[0], other), key);
    }

    const Report gpu = report_with(false);
    EXPECT_EQ(key_of(gpu.measurements[0], gpu).text(),
              "gemm/naive.opencl | m=1 n=1 k=1 f32 | NVIDIA H200 | opencl | a platform | burst cold normal | ");
}

TEST(CellKey, ThreadsOfALibrarysRowAreTheLibrarysOwn) {
    Report report = report_with(true);
    Measurement& cell = report.measurements[0];
    cell.algorithm = "vendor.openblas";
    EXPECT_EQ(key_of(cell, report).threads, 2) << "a report that tells of no library";
    report.environment.libraries = {{"openblas", {"0.3.21", 1}}, {"onednn", {"2.6.3", 0}}};
    EXPECT_EQ(key_of(cell, report).threads, 1) << "whatever variable set them";
    cell.algorithm = "vendor.onednn";
    EXPECT_EQ(key_of(cell, report).threads, 2) << "it does not tell";
    cell.algorithm = "openblas";
    EXPECT_EQ(key_of(cell, report).threads, 2) << "no library's row";
    report = report_with(false);
    report.environment.libraries = {{"openblas", {"0.3.21", 1}}};
    report.measurements[0].algorithm = "vendor.openblas";
    EXPECT_EQ(key_of(report.measurements[0], report).threads, 0) << "no CPU";
}

TEST(CellKey, AnOldReportSpeaksOfAnUnknownCpu) {
    Report report = report_with(true);
    const CellKey now = key_of(report.measurements[0], report);
    report.environment.cpu_family = report.environment.allowed_cpus = "";
    const CellKey old = key_of(report.measurements[0], report);
    EXPECT_NE(old, now);
    EXPECT_EQ(old.hardware, "AMD EPYC");
    EXPECT_NE(old.text().find("2 threads on unknown CPUs"), std::string::npos) << old.text();
    EXPECT_EQ(parse_cell_key(old.text()), old);
}

TEST(Hardware, SlugIsAFolderName) {
    EXPECT_EQ(hardware_slug("NVIDIA H200"), "h200");
    EXPECT_EQ(hardware_slug("AMD EPYC 9R14 96-Core Processor"), "epyc-9r14");
    EXPECT_EQ(hardware_slug("AMD EPYC (AuthenticAMD family 25 model 17 stepping 1)"),
              "epyc-family-25-model-17-stepping-1");
    EXPECT_EQ(hardware_slug("aarch64 (implementer 0x41 part 0xd0c)"), "aarch64-implementer-0x41-part-0xd0c");
    EXPECT_EQ(hardware_slug("Intel(R) Xeon(R) CPU @ 2.20GHz"), "xeon-2-20ghz");
    EXPECT_EQ(hardware_slug("../../etc"), "etc");
    EXPECT_EQ(hardware_slug(""), "device");
}

}  // namespace
}  // namespace stele::cell_key_test
