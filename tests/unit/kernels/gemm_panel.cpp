// gemm/panel: how C is cut into tiles.
#include <gtest/gtest.h>

#include "harness/catalog/registry.hpp"

namespace stele::gemm_panel_test {
namespace {

struct Cut {
    unsigned blocks;
    std::int32_t rows, cols;
    bool operator==(const Cut&) const = default;
};

Cut cut_on(int compute_units, const char* problem) {
    const Registry registry;
    DeviceInfo device;
    device.id = "opencl:0";
    device.backend = "opencl";
    device.is_cpu = true;
    device.compute_units = compute_units;
    device.vector_floats = 16;
    const Plan plan = registry.variant("gemm/panel.opencl@1032x512x384x8x32")
                          .plan(device, *registry.operation("gemm").parse(problem));
    const Step& step = plan.steps.front();
    const std::size_t last = step.operands.size() - 1;
    return {step.grid.x, std::get<std::int32_t>(step.operands[last - 1]), std::get<std::int32_t>(step.operands[last])};
}

TEST(GemmPanel, CutsTilesOnlyWhereUnitsWouldHaveNone) {
    const char* square = "m=512 n=512 k=512 f32";
    EXPECT_EQ(cut_on(1, square), (Cut{1, 512, 512}));
    EXPECT_EQ(cut_on(2, square), (Cut{2, 256, 512})) << "rows first";
    EXPECT_EQ(cut_on(8, square), (Cut{8, 104, 256})) << "then columns, as less than 96 rows share too little";
    EXPECT_EQ(cut_on(8, "m=1 n=1024 k=64 f32"), (Cut{8, 8, 128}));
    EXPECT_EQ(cut_on(64, "m=1 n=128 k=64 f32"), (Cut{2, 8, 64}));
    EXPECT_EQ(cut_on(4, "m=4096 n=4096 k=64 f32"), (Cut{4, 1024, 512})) << "enough tiles as they are";
    EXPECT_EQ(cut_on(4, "m=64 n=64 k=64 f32 batch=4"), (Cut{4, 64, 64})) << "products are tiles";
}

}  // namespace
}  // namespace stele::gemm_panel_test
