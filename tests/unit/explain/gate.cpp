// Explain: the assembler's figures, occupancy, source lines, and the gate.
#include <gtest/gtest.h>

#include "harness/explain/baseline.hpp"
#include "harness/explain/compiler.hpp"
#include "harness/explain/occupancy.hpp"
#include "harness/explain/source_lines.hpp"

namespace stele::explain {
namespace {

TEST(ExplainAssembler, ReadsFiguresAndWarnings) {
    const auto found = parse_assembler_output(
        "ptxas info    : Compiling entry function 'f' for 'sm_90a'\n"
        "ptxas info    : Function properties for f\n"
        "    8 bytes stack frame, 12 bytes spill stores, 16 bytes spill loads\n"
        "ptxas info    : Used 30 registers, used 1 barriers, 256 bytes smem\n"
        "ptxas warning : Registers are spilled to local memory in function 'f', 12 bytes spill stores\n"
        "ptxas info    : Compiling entry function 'g' for 'sm_90a'\n"
        "ptxas info    : Function properties for g\n"
        "    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads\n"
        "ptxas info    : Used 40 registers\n");
    ASSERT_EQ(found.size(), 2u);
    const AssemblerFigures& f = found.at("f");
    EXPECT_EQ(f.registers, 30);
    EXPECT_EQ(f.stack_bytes, 8u);
    EXPECT_EQ(f.spill_store_bytes, 12u);
    EXPECT_EQ(f.spill_load_bytes, 16u);
    EXPECT_EQ(f.static_shared_bytes, 256u);
    EXPECT_EQ(f.warnings.size(), 1u);
    EXPECT_EQ(found.at("g").registers, 40);
    EXPECT_TRUE(found.at("g").warnings.empty());
}

TEST(ExplainOccupancy, AgreesWithHandCounts) {
    const auto limits = limits_of("sm_90a").value();
    // 256 threads of 128 registers: 65536 / (128·32) = 16 warps, 2 blocks of 8.
    EXPECT_EQ(occupancy(limits, 256, 128, 0).blocks, 2);
    EXPECT_EQ(occupancy(limits, 256, 128, 0).limit, "registers");
    // 32 registers: 64 warps fit, 8 blocks.
    EXPECT_DOUBLE_EQ(occupancy(limits, 256, 32, 0).fraction, 1.0);
    // 100 KiB and 1 KiB kept: two of 228.
    EXPECT_EQ(occupancy(limits, 128, 32, 100 * 1024).blocks, 2);
    EXPECT_EQ(occupancy(limits, 128, 32, 100 * 1024).limit, "shared memory");
    EXPECT_EQ(occupancy(limits, 32, 16, 0).limit, "blocks");
    EXPECT_EQ(occupancy(limits, 128, 32, 228 * 1024).blocks, 0);
    EXPECT_FALSE(limits_of("sm_1").has_value());
}

TEST(ExplainSource, CountsCodeAndWhatSiblingsShare) {
    const auto lines = code_lines("// comment\n\nint a = 1;  // why\n/* two\nlines */ int b;\n}\n  int   a = 1;\n");
    EXPECT_EQ(lines, (std::vector<std::string>{"int a = 1;", "int b;", "int a = 1;"}));
}

Baseline one_row(BaselineRow row) {
    Baseline baseline;
    baseline.versions = {{"nvcc", "13.0.88"}};
    baseline.rows["gemm/tiled.cuda@64|f32|gemm_tiled|64 f32|sm_90a|nvcc"] = row;
    return baseline;
}

const std::vector<std::string> asked{"gemm/tiled.cuda@64"};

TEST(ExplainGate, WorseBeyondItsMarginsOnly) {
    const BaselineRow before{.registers = 100,
                             .spill_bytes = 0,
                             .blocks_per_multiprocessor = 2,
                             .matrix_instructions = 16,
                             .loop_instructions = 200};
    const auto held = [&](auto change) {
        BaselineRow after = before;
        change(after);
        return hold_against(one_row(before), one_row(after), asked).worse();
    };
    EXPECT_FALSE(held([](BaselineRow&) {}));
    EXPECT_FALSE(held([](BaselineRow& row) { row.registers += 4; }));
    EXPECT_TRUE(held([](BaselineRow& row) { row.registers += 5; }));
    EXPECT_TRUE(held([](BaselineRow& row) { row.spill_bytes = 4; })) << "an added spill";
    EXPECT_TRUE(held([](BaselineRow& row) { row.stack_bytes = 64; })) << "an array that is indexed at run time";
    EXPECT_TRUE(held([](BaselineRow& row) { row.blocks_per_multiprocessor = 1; }));
    EXPECT_FALSE(held([](BaselineRow& row) { row.blocks_per_multiprocessor = 3; }));
    EXPECT_TRUE(held([](BaselineRow& row) { row.matrix_instructions = 15; }));
    EXPECT_FALSE(held([](BaselineRow& row) { row.loop_instructions = 210; }));
    EXPECT_TRUE(held([](BaselineRow& row) { row.loop_instructions = 211; }));
}

TEST(ExplainGate, SaysWhatIsMissingNewOrOfOtherCompilers) {
    Baseline now;
    now.versions = {{"nvcc", "13.1.0"}};
    now.rows["gemm/tiled.cuda@64|bf16|gemm_tiled|64 bf16|sm_90a|nvcc"] = {};
    const auto result = hold_against(one_row({}), now, asked);
    EXPECT_EQ(result.gone.size(), 1u);
    EXPECT_EQ(result.added.size(), 1u);
    EXPECT_EQ(result.held, 0u);
    ASSERT_EQ(result.other_versions.size(), 1u);
    EXPECT_EQ(result.other_versions[0], "nvcc: 13.0.88 then, 13.1.0 now");
    EXPECT_TRUE(hold_against(one_row({}), now, {"gemm/naive.cuda"}).gone.empty())
        << "only what was asked for can be gone";
}

TEST(ExplainGate, ReadsBackWhatItWrote) {
    const Baseline before = one_row({1, 2, 3, 4, 5});
    const Baseline after = parse_baseline(to_json(before));
    EXPECT_EQ(after.rows, before.rows);
    EXPECT_EQ(after.versions, before.versions);
    for (const char* wrong : {"", "{", "{}", R"({"schema":"stele-explain","schema_version":99})",
                              R"({"format":"stele-explain-baseline","schema_version":99})",
                              R"({"format":"stele-explain-baseline","schema_version":3})"})
        EXPECT_THROW(parse_baseline(wrong), BadInput) << wrong;
}

TEST(ExplainGate, ReadsTheVersionBeforeThisOne) {
    std::string text = to_json(one_row({1, 2, 3, 4, 5}));
    const auto replace = [&](const std::string& from, const std::string& to) {
        text.replace(text.find(from), from.size(), to);
    };
    replace(R"("format": "stele-explain-baseline")", R"("schema": "stele-explain")");
    replace(R"("schema_version": 3)", R"("schema_version": 2)");
    EXPECT_EQ(parse_baseline(text).rows, one_row({1, 2, 3, 4, 5}).rows);
}

}  // namespace
}  // namespace stele::explain
