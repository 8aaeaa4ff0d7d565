// The default of a device: the first tile, in the algorithm's declared order, that is legal there.
#include <gtest/gtest.h>

#include "harness/catalog/registry.hpp"

namespace stele::default_tile_test {
namespace {

DeviceInfo cpu_with(std::size_t local_bytes, int vector_floats = 8) {
    DeviceInfo device;
    device.id = "opencl:0";
    device.backend = "opencl";
    device.is_cpu = true;
    device.compute_units = 8;
    device.vector_floats = vector_floats;
    device.max_threads_per_block = 4096;
    device.shared_bytes_per_block = local_bytes;
    device.features = {"f16"};
    device.languages = {Language::opencl, Language::vendor};
    return device;
}

class DefaultTile : public testing::Test {
protected:
    const Variant& on(std::string_view id, std::size_t local_bytes, const char* problem = "m=64 n=64 k=64 f32") {
        return registry.default_on(registry.variant(id), cpu_with(local_bytes),
                                   *registry.operation("gemm").parse(problem));
    }
    Registry registry;
};

TEST_F(DefaultTile, IsTheFirstThatFits) {
    EXPECT_EQ(on("gemm/panel.opencl", 512 << 10).id(), "gemm/panel.opencl@1032x256x256x6x16");
    EXPECT_EQ(on("gemm/panel.opencl", 256 << 10).id(), "gemm/panel.opencl@1032x256x192x6x16");
    EXPECT_EQ(on("gemm/panel.opencl", 32 << 10).id(), "gemm/panel.opencl@1032x64x96x6x16");
    EXPECT_EQ(on("gemm/tiled.opencl", 24 << 10).tile, "128x64x8x8x8");
}

TEST_F(DefaultTile, FillsTheRegistersThatAreThere) {
    const auto problem = registry.operation("gemm").parse("m=64 n=64 k=64 f32");
    const Variant& panel = registry.variant("gemm/panel.opencl");
    const auto tile_on = [&](const DeviceInfo& device) { return registry.default_on(panel, device, *problem).tile; };
    EXPECT_EQ(tile_on(cpu_with(1024 << 10, 16)), "1032x512x384x8x32");
    EXPECT_EQ(tile_on(cpu_with(256 << 10, 16)), "1032x256x192x8x32");
    EXPECT_EQ(tile_on(cpu_with(512 << 10, 4)), "1032x256x256x6x16");
    DeviceInfo untold = cpu_with(512 << 10);
    untold.vector_floats.reset();
    EXPECT_EQ(tile_on(untold), "1032x256x256x6x16");
}

TEST_F(DefaultTile, IsOfTheSpaceWhereNoListedOneFits) {
    const Variant& made = on("gemm/tiled.opencl", 5 << 10);
    EXPECT_FALSE(made.default_tile);
    EXPECT_TRUE(made.supports(cpu_with(5 << 10), *registry.operation("gemm").parse("m=64 n=64 k=64 f32"))) << made.id();
}

TEST_F(DefaultTile, StaysWhereNoneIsLegal) {
    EXPECT_EQ(&on("gemm/panel.opencl", 64), &registry.variant("gemm/panel.opencl"));
    EXPECT_EQ(&on("gemm/panel.opencl", 512 << 10, "m=64 n=64 k=64 tf32"), &registry.variant("gemm/panel.opencl"));
    // Who names a tile means it.
    const Variant& named = registry.variant("gemm/panel.opencl@1032x256x192x6x16");
    EXPECT_EQ(&registry.default_on(named, cpu_with(64), *registry.operation("gemm").parse("m=1 n=1 k=1 f32")), &named);
}

TEST_F(DefaultTile, OneThatIsNamedStaysWhereItsDefaultWouldRun) {
    const auto problem = registry.operation("gemm").parse("m=64 n=64 k=64 f32");
    const DeviceInfo device = cpu_with(256 << 10);
    const Variant& named = registry.variant("gemm/panel.opencl@1032x256x256x6x16");
    ASSERT_FALSE(named.supports(device, *problem));
    EXPECT_EQ(&registry.default_on(named, device, *problem), &named);
}

/// Every OpenCL row runs on a device with 256 KiB of local memory, unless it is for another kind of device.
TEST_F(DefaultTile, EveryOpenclRowOfThePortableKindHasOneAt256KiB) {
    for (const Variant* variant : registry.variants()) {
        if (variant->language != Language::opencl || !variant->default_tile) continue;
        bool any = false;
        for (Suite suite : {Suite::smoke, Suite::edge})
            for (const auto& problem : problems(registry.operation(variant->operation), suite)) {
                const DeviceInfo device = cpu_with(256 << 10);
                any = any || registry.default_on(*variant, device, *problem).supports(device, *problem).yes;
            }
        EXPECT_TRUE(any) << variant->id();
    }
}

}  // namespace
}  // namespace stele::default_tile_test
