// attention/tile: into how many parts keys are cut, and what that takes.
#include <gtest/gtest.h>

#include "harness/catalog/registry.hpp"
#include "kernels/attention/tile/tile.hpp"

namespace stele::attention_tile_test {
namespace {

DeviceInfo gpu() {
    DeviceInfo info;
    info.id = "cuda:0";
    info.compute_units = 132;
    info.compute_capability = 90;
    info.languages = {Language::cuda_tile};
    return info;
}

Plan plan_of(const std::string& tile, const std::string& problem) {
    static const Registry registry;
    const Variant& variant = registry.variant("attention/tile.cuda_tile@" + tile);
    return variant.plan(gpu(), *registry.operation("attention").parse(problem));
}

std::int32_t number(const Step& step, std::size_t from_last) {
    return std::get<std::int32_t>(step.operands.at(step.operands.size() - from_last));
}

TEST(AttentionTile, PrefillIsOneKernelWithoutScratch) {
    const Plan plan = plan_of("128x128", "batch=1 heads=32 kv_heads=8 seq_q=4096 seq_k=4096 head_dim=128 bf16 causal");
    ASSERT_EQ(plan.steps.size(), 1u);
    EXPECT_TRUE(plan.scratch.empty());
    EXPECT_EQ(plan.steps[0].grid.x, 4u * 4096 / 128);
    EXPECT_TRUE(std::holds_alternative<NullOperand>(plan.steps[0].operands.at(5)));
}

TEST(AttentionTile, DecodingIsCutUntilTheDeviceIsFullTwice) {
    for (const std::int64_t keys : {32768, 32767, 1000}) {
        const Plan plan = plan_of(
            "16x128", "batch=1 heads=64 kv_heads=8 seq_q=1 seq_k=" + std::to_string(keys) + " head_dim=128 bf16");
        ASSERT_EQ(plan.steps.size(), 2u) << keys;
        const Step& step = plan.steps[0];
        const std::int64_t splits = number(step, 3), part = number(step, 4);
        EXPECT_EQ(part % 128, 0) << "whole tiles";
        EXPECT_GE(part, 2 * 128);
        EXPECT_GE(splits * part, keys);
        EXPECT_LT((splits - 1) * part, keys) << "no part is empty";
        EXPECT_EQ(step.grid.x, static_cast<unsigned>(splits));
        EXPECT_EQ(step.grid.volume(), static_cast<std::size_t>(splits) * 8);
        const std::size_t full = keys > 30000 ? 132 : 0;
        EXPECT_GE(step.grid.volume(), full) << "of many keys there are blocks for all";
        // What each part leaves of 64 rows: sums of 128 columns, and two numbers.
        EXPECT_EQ(plan.scratch, (std::vector<std::size_t>{static_cast<std::size_t>(splits) * 64 * 128 * 4,
                                                          static_cast<std::size_t>(splits) * 64 * 2 * 4}));
        EXPECT_EQ(plan.kernels.at(1).entry, "attention_tile_combine");
        EXPECT_EQ(plan.steps[1].grid.x, 64u / attention::combined_rows);
    }
}

TEST(AttentionTile, WithoutKeysThereIsOnePart) {
    const Plan plan = plan_of("16x128", "batch=2 heads=2 kv_heads=1 seq_q=1 seq_k=0 head_dim=128 bf16");
    ASSERT_EQ(plan.steps.size(), 1u);
    EXPECT_EQ(number(plan.steps[0], 3), 1);
}

}  // namespace
}  // namespace stele::attention_tile_test
