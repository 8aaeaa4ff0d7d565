#include "kernels/former_ids.hpp"

#include <gtest/gtest.h>

#include "harness/catalog/registry.hpp"

namespace stele::former_ids_test {
namespace {

TEST(FormerIds, AreCalledAsToday) {
    EXPECT_EQ(present_id("gemm/hopper.ptx"), "gemm/hopper/auto.ptx");
    EXPECT_EQ(present_id("gemm/hopper.ptx@auto"), "gemm/hopper/auto.ptx");
    EXPECT_EQ(present_id("gemm/hopper.ptx@128x256x2"), "gemm/hopper/clusters.ptx@128x256x2");
    EXPECT_EQ(present_id("gemm/hopper_roles.ptx@128x256x2"), "gemm/hopper/roles.ptx@128x256x2");
    EXPECT_EQ(present_id("gemm/hopper_split"), "gemm/hopper/split");
    EXPECT_EQ(present_id("gemm/hopper.ptx*"), "gemm/hopper/*.ptx*");
    EXPECT_EQ(present_id("gemm/vendor.clblast_f16"), "gemm/vendor.clblast");
}

TEST(FormerIds, LeaveOthersAlone) {
    for (const char* id : {"gemm/hopper", "gemm/hopper*", "gemm/hopper/roles.ptx@128x256x2", "gemm/hopper_rolesy",
                           "gemm/tiled.ptx@64x64x16x8x4", "gemm/vendor.clblast", "", "*"})
        EXPECT_EQ(present_id(id), id);
}

TEST(FormerIds, NameVariantsThatThereAre) {
    const Registry registry;
    EXPECT_EQ(registry.variant("gemm/hopper.ptx").id(), "gemm/hopper/auto.ptx");
    EXPECT_EQ(registry.variant("gemm/hopper.ptx@128x256x2").id(), "gemm/hopper/clusters.ptx@128x256x2");
    EXPECT_EQ(registry.select("gemm/hopper_roles").size(), 1u);
    // The family: the choice, and the default of each rung.
    EXPECT_EQ(registry.select("gemm/hopper").size(), 8u);
    EXPECT_GT(registry.select("gemm/hopper@*").size(), 8u);
}

}  // namespace
}  // namespace stele::former_ids_test
