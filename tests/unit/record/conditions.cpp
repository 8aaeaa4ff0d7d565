// On what and under what a cell was measured, what failed, and figures that follow from others.
#include "harness/record/conditions.hpp"

#include <gtest/gtest.h>

#include "harness/record/cell_key.hpp"
#include "harness/record/hardware.hpp"
#include "tests/support/sample_report.hpp"

namespace stele::conditions_test {
namespace {

TEST(Conditions, EachThatIsUnusualIsNamed) {
    Measurement cell;
    cell.variant = "gemm/naive.host";
    cell.problem = "m=1";
    cell.device = "host:0";
    EXPECT_EQ(unusual_conditions(cell), "");
    EXPECT_EQ(cell_path(cell), "gemm/naive.host/m=1/host:0");
    const auto changed = [&](auto member, auto value) {
        Measurement other = cell;
        other.*member = value;
        return unusual_conditions(other);
    };
    EXPECT_EQ(changed(&Measurement::regime, Regime::sustained), "/sustained");
    EXPECT_EQ(changed(&Measurement::cache, CacheMode::warm), "/warm");
    EXPECT_EQ(changed(&Measurement::fill, Fill::zeros), "/zeros");
    cell.regime = Regime::sustained;
    cell.cache = CacheMode::warm;
    cell.fill = Fill::zeros;
    EXPECT_EQ(cell_path(cell), "gemm/naive.host/m=1/host:0/sustained/warm/zeros");
    EXPECT_EQ(cell_title("a", "b", "c"), "a on b (c)");
}

TEST(Conditions, TheDeviceIsTheOneOfItsId) {
    const Report report = test::sample_report();
    Measurement cell;
    cell.device = "cuda:0";
    EXPECT_EQ(&device_of(cell, report), &report.devices[1]);
    cell.device = "opencl:0";
    EXPECT_EQ(&device_of(cell, report), &report.devices[0]);
    cell.device = "host:0";
    EXPECT_EQ(device_of(cell, report).id, "");
}

TEST(Conditions, NeitherPassedNorSkippedIsAFailure) {
    EXPECT_FALSE(is_failure(Outcome::passed));
    EXPECT_FALSE(is_failure(Outcome::skipped));
    for (const Outcome outcome : {Outcome::wrong, Outcome::impossible, Outcome::error, Outcome::timeout})
        EXPECT_TRUE(is_failure(outcome)) << name(outcome);
}

TEST(EnergyUse, IsATimesPowerAndAnExecutionsShare) {
    const EnergyUse energy{4, 100, 50};
    EXPECT_EQ(energy.watts(), 25);
    EXPECT_EQ(energy.joules_per_execution(), 2);
}

TEST(Hardware, OfACpuIsTheMachinesAndOfAGpuTheDevices) {
    Environment machine;
    machine.cpu = "AMD EPYC";
    DeviceInfo device;
    device.name = "pthread-znver4";
    EXPECT_EQ(hardware_of(device, machine), "pthread-znver4") << "no CPU";
    device.is_cpu = true;
    EXPECT_EQ(hardware_of(device, machine), "AMD EPYC");
    machine.cpu_family = "family 25";
    EXPECT_EQ(hardware_of(device, machine), "AMD EPYC (family 25)");
    for (const char* untold : {"", "unknown"}) {
        machine.cpu = untold;
        EXPECT_EQ(hardware_of(device, machine), "pthread-znver4 (family 25)") << untold;
    }
    device.is_cpu = false;
    EXPECT_EQ(hardware_of(device, machine), "pthread-znver4");
}

TEST(Hardware, SlugKeepsHyphensInWordsAlone) {
    EXPECT_EQ(hardware_slug("GH200-480GB - X"), "gh200-480gb-x");
    EXPECT_EQ(hardware_slug("96-core-ish"), "96-core-ish");
    EXPECT_EQ(hardware_slug("Intel(R) Core(TM)"), "device");
}

}  // namespace
}  // namespace stele::conditions_test
