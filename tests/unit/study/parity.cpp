// Siblings of two languages: what is told to differ beside the language, and what is not.
#include "harness/study/parity.hpp"

#include <gtest/gtest.h>

#include "tests/support/sample_report.hpp"

namespace stele::parity_test {
namespace {

constexpr const char* square = "m=512 n=512 k=512 f32";

DeviceInfo gpu_by(const std::string& backend, std::size_t shared_bytes) {
    DeviceInfo device;
    device.id = backend + ":0";
    device.backend = backend;
    device.name = "A GPU";
    device.driver = "580";
    device.compute_capability = 90;
    device.warp_size = 32;
    device.max_threads_per_block = 1024;
    device.global_bytes = device.max_allocation_bytes = std::size_t{1} << 34;
    device.shared_bytes_per_block = shared_bytes;
    device.timer_resolution_ns = 500;
    device.languages = {Language::cuda, Language::ptx, Language::opencl};
    return device;
}

Measurement timed(const std::string& variant, Language language) {
    return test::passed_cell(variant, language, square, language == Language::opencl ? "opencl:0" : "cuda:0", {100});
}

std::vector<SiblingParity> audit(std::vector<Measurement> cells) {
    Report report;
    report.environment = test::sample_environment();
    report.devices = {gpu_by("cuda", 232448), gpu_by("opencl", 49152)};
    report.measurements = std::move(cells);
    const std::vector<Report> reports{report};
    return parity_of_languages(sides_by(By::language, reports));
}

std::map<std::string, std::pair<std::string, std::string>> by_name(const SiblingParity& row) {
    std::map<std::string, std::pair<std::string, std::string>> out;
    for (const ParityDifference& one : row.differences) out[one.what] = {one.first, one.second};
    return out;
}

TEST(Parity, OfTheSameTileNamesWhatCompilesAndWhatMayBeHad) {
    const auto rows = audit({timed("gemm/naive.cuda", Language::cuda), timed("gemm/naive.opencl", Language::opencl)});
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].algorithm, "gemm/naive");
    EXPECT_EQ(rows[0].problems, std::vector<std::string>{square});
    EXPECT_EQ(rows[0].no_plan, "");
    auto differences = by_name(rows[0]);
    EXPECT_EQ(differences["shared bytes a block may have"], std::pair(std::string("232448"), std::string("49152")));
    EXPECT_EQ(differences["build"].first, "NVIDIA 13.0 -arch=sm_90a");
    EXPECT_TRUE(differences["build"].second.starts_with("580")) << "the driver compiles OpenCL C";
    for (const char* alike : {"blocks", "threads of a block", "accumulator", "tile", "timer", "inputs' seed"})
        EXPECT_FALSE(differences.contains(alike)) << alike;
}

TEST(Parity, OfOtherTilesNamesTheGeometry) {
    const auto registry = Registry();
    std::vector<std::string> tiles;
    for (const Variant* variant : registry.select("gemm/tiled.cuda@*")) tiles.push_back(variant->tile);
    ASSERT_GE(tiles.size(), 2u);
    const auto rows = audit(
        {timed("gemm/tiled.cuda@" + tiles[0], Language::cuda), timed("gemm/tiled.ptx@" + tiles[1], Language::ptx)});
    ASSERT_EQ(rows.size(), 1u);
    auto differences = by_name(rows[0]);
    EXPECT_EQ(differences["tile"], std::pair(tiles[0], tiles[1]));
    EXPECT_FALSE(differences.contains("build")) << "one compiler makes both";
    EXPECT_TRUE(differences.contains("blocks") || differences.contains("threads of a block") ||
                differences.contains("dynamic shared bytes"));
}

TEST(Parity, OfWhatThisBinaryHasNotIsSaidSo) {
    const auto rows = audit({timed("gemm/gone.cuda", Language::cuda), timed("gemm/gone.ptx", Language::ptx)});
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_NE(rows[0].no_plan, "");
    const Table table = parity_table(rows);
    EXPECT_NE(table.rows[0].message.find("plans not compared"), std::string::npos);
}

}  // namespace
}  // namespace stele::parity_test
