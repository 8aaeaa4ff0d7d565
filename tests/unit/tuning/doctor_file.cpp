// What the doctor found: kept for a device, merged, refused, and given to reports.
#include "harness/tuning/doctor_file.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/record/noise_floor.hpp"
#include "harness/record/report_json.hpp"
#include "tests/support/sample_report.hpp"

namespace stele::doctor_file_test {
namespace {

namespace fs = std::filesystem;

class DoctorFiles : public testing::Test {
protected:
    DoctorFiles()
        : folder(fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name()) {
        fs::remove_all(folder);
        fs::create_directories(folder);
    }
    ~DoctorFiles() override { fs::remove_all(folder); }

    static DoctorEntry entry(double flops, double floor) {
        return {{{"a loop", Counted::flops, Dtype::f32, flops}, {"a copy", Counted::bytes, Dtype::u8, 1e10}},
                {{KernelKind::compute, 5, floor, 0.05, 12}},
                "3.1",
                "0123456789ab",
                "2026-01-31T12:34:56Z"};
    }
    DeviceIdentity opencl() const { return identity_of(report.devices[0], report.environment); }
    fs::path put(const DeviceIdentity& device, DoctorEntry found) {
        const fs::path path = folder / doctor_path(device).filename();
        update_doctor_file(path, device, [&](DoctorFile& file) { file.put(std::move(found)); });
        return path;
    }

    fs::path folder;
    Report report = test::sample_report();
};

TEST_F(DoctorFiles, AnExaminationTakesThePlaceOfTheLastUnderTheSameConditions) {
    put(opencl(), entry(1e11, 0.02));
    DeviceIdentity one_thread = opencl();
    one_thread.where.threads = 1;
    put(one_thread, entry(3e10, 0.01));
    const fs::path path = put(opencl(), entry(2e11, 0.03));
    EXPECT_EQ(read_doctor_file(path).entries.size(), 2u);
    const DoctorBook book(folder);
    EXPECT_TRUE(book.complaints().empty());
    ASSERT_EQ(book.noise_floors(opencl()).size(), 1u);
    EXPECT_EQ(book.noise_floors(opencl())[0].floor, 0.03);
    EXPECT_EQ(book.noise_floors(one_thread)[0].floor, 0.01);
    EXPECT_EQ(book.ceilings(one_thread)[0].per_second, 3e10);
    EXPECT_EQ(doctor_path(opencl()).parent_path(), "results/doctor");
}

TEST_F(DoctorFiles, AnotherDevicesFileIsRefused) {
    const fs::path path = put(opencl(), entry(1e11, 0.02));
    DeviceIdentity other = opencl();
    other.name = "Another CPU";
    EXPECT_THROW(update_doctor_file(path, other, [](DoctorFile&) {}), ReportError);
    EXPECT_EQ(read_doctor_file(path).entries.size(), 1u);
}

TEST_F(DoctorFiles, CeilingsAreTheHardwaresAndFloorsTheDevices) {
    put(opencl(), entry(1e11, 0.02));
    DeviceIdentity host = opencl();
    host.backend = host.platform = "host";
    const DoctorBook book(folder);
    EXPECT_EQ(book.ceilings(host).size(), 2u);
    EXPECT_TRUE(book.noise_floors(host).empty());
    host.where.cpus = "7";
    EXPECT_TRUE(book.ceilings(host).empty()) << "other CPUs";
}

TEST_F(DoctorFiles, AReportGetsFloorsAndFractions) {
    report.noise_floors.reset();
    DoctorBook(folder).add_to(report);
    EXPECT_FALSE(report.noise_floors) << "nothing is known";
    put(opencl(), entry(1e11, 0.02));
    DoctorBook(folder).add_to(report);
    ASSERT_TRUE(report.noise_floors);
    EXPECT_EQ(report.noise_floors->size(), 1u) << "nothing is known of the GPU";
    const Measurement& cell = report.measurements[0];
    EXPECT_EQ(noise_floor(report, cell, 5)->floor, 0.02);
    EXPECT_EQ(cell.timing->ceiling->name, "a loop");
    EXPECT_DOUBLE_EQ(*cell.timing->fraction_of_peak, cell.flops / 1e11 * 1e9 / cell.timing->median_ns);
    EXPECT_EQ(dump(to_json(report_from_text(dump(to_json(report)), "file"))), dump(to_json(report)));
}

TEST_F(DoctorFiles, WhatIsWrongIsRefusedAndLeftOut) {
    const fs::path path = put(opencl(), entry(1e11, 0.02));
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    for (const auto& [from, to] : {std::pair{"100000000000.0", "-1"},
                                   {"\"rounds\": 5", "\"rounds\": 0"},
                                   {"\"schema_version\": 1", "\"schema_version\": 9"},
                                   {"\"floor\": 0.02", "\"floor\": \"nan\""}}) {
        std::string changed = text.str();
        ASSERT_NE(changed.find(from), std::string::npos) << from;
        changed.replace(changed.find(from), std::string(from).size(), to);
        std::ofstream(path) << changed;
        EXPECT_THROW(read_doctor_file(path), ReportError) << to;
        const DoctorBook book(folder);
        EXPECT_EQ(book.complaints().size(), 1u);
        EXPECT_TRUE(book.ceilings(opencl()).empty());
    }
}

}  // namespace
}  // namespace stele::doctor_file_test
