// Explain: the assembler's figures, occupancy, source lines, and the gate.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "backends/names.hpp"
#include "harness/explain/baseline.hpp"
#include "harness/explain/compiler.hpp"
#include "harness/explain/figures.hpp"
#include "harness/explain/occupancy.hpp"
#include "harness/explain/source_lines.hpp"

namespace stele::explain::gate_test {
namespace {

/// Each baseline that is kept has what the program would examine today, by name: no kernel more, none less. Whether its
/// figures hold takes compilers, and the gate asks them for sm_90a.
TEST(KeptBaselines, HaveTheKernelsThatThereAre) {
    const Registry registry;
    std::map<std::string, std::vector<std::unique_ptr<Problem>>> suites;
    for (const Operation* operation : registry.operations())
        suites[std::string(operation->name())] = problems(*operation, Suite::full);
    std::map<std::string, std::string> versions;
    for (const std::string architecture : {"sm_80", "sm_90a", "sm_100", "sm_120"}) {
        std::ifstream file(fmt::format("{}/results/static/{}.json", STELE_SOURCE_DIR, architecture));
        const Baseline baseline =
            parse_baseline(std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()));
        std::set<std::string> expected, kept;
        for (const Variant* variant : registry.variants()) {
            if (!variant->default_tile || variant->language == Language::cuda_tile) continue;
            if (!is_native(variant->language) && !is_from_text(variant->language)) continue;
            const auto takes = [&](const Problem& problem) {
                return is_taken(default_for(registry, *variant, architecture, problem), architecture, problem);
            };
            for (const Problem* problem : one_of_each_dtype(takes, suites[variant->operation])) {
                const Variant& taken = default_for(registry, *variant, architecture, *problem);
                if (is_taken(taken, architecture, *problem))
                    expected.insert(fmt::format("{}|{}", taken.id(), name(problem->dtype())));
            }
        }
        for (const auto& [text, row] : baseline.rows) {
            const auto key = parse_baseline_key(text).value();
            EXPECT_EQ(key.architecture, architecture);
            kept.insert(fmt::format("{}|{}", key.variant, key.dtype));
        }
        EXPECT_EQ(kept, expected) << "renew it: stele explain --arch " << architecture << " --save results/static/"
                                  << architecture << ".json";
        if (versions.empty()) versions = baseline.versions;
        EXPECT_EQ(baseline.versions, versions) << architecture << " is of other compilers";
    }
}

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

/// By the rules in occupancy.hpp, counted by hand on both sides of each step.
TEST(ExplainOccupancy, RoundsAsTheHardwareGrants) {
    const auto limits = limits_of("sm_90a").value();
    const auto blocks = [&](int threads, int registers, std::size_t shared) {
        return occupancy(limits, threads, registers, shared).blocks;
    };
    // A warp of 33 registers takes 33·32 = 1056, granted as 1280: 51 warps, 48 by fours. Of 40: 1280 as well.
    EXPECT_EQ(blocks(128, 32, 0), 16);
    EXPECT_EQ(blocks(128, 33, 0), 12);
    EXPECT_EQ(blocks(128, 40, 0), 12);
    // 41: 1536 a warp, 42 warps, 40 by fours.
    EXPECT_EQ(blocks(128, 41, 0), 10);
    // 168: 5376 a warp, 12 warps, and blocks of 5 warps are 2; of 3 warps 4.
    EXPECT_EQ(blocks(160, 168, 0), 2);
    EXPECT_EQ(blocks(96, 168, 0), 4);
    // 255: 8160 granted as 8192, 8 warps.
    EXPECT_EQ(blocks(256, 255, 0), 1);
    EXPECT_EQ(blocks(288, 255, 0), 0);
    // Part of a warp is a whole one: 33 threads are two, 64 / 2 = 32 blocks; 97 are four, 16.
    EXPECT_EQ(blocks(32, 16, 0), 32);
    EXPECT_EQ(blocks(33, 16, 0), 32);
    EXPECT_EQ(blocks(65, 16, 0), 21);
    EXPECT_EQ(blocks(97, 16, 0), 16);
    // 228 KiB / 4 = 57 KiB, 1 of which the system keeps: 56 KiB a block are four, one byte more is granted as 128.
    EXPECT_EQ(blocks(32, 16, 56 * 1024), 4);
    EXPECT_EQ(blocks(32, 16, 56 * 1024 + 1), 3);
    // 28 blocks of 8338 bytes would fit; each is granted 8320 or 8448 of the 233472.
    EXPECT_EQ(blocks(32, 16, 8320 - 1024), 28);
    EXPECT_EQ(blocks(32, 16, 8320 - 1024 + 1), 27);
    // The most that a block may have.
    EXPECT_EQ(blocks(128, 32, 227 * 1024), 1);
    EXPECT_EQ(occupancy(limits, 128, 32, 227 * 1024 + 1).limit, "shared memory of one block");
    EXPECT_EQ(occupancy(limits, 0, 32, 0).limit, "no threads");
    EXPECT_DOUBLE_EQ(occupancy(limits, 96, 168, 0).fraction, 12.0 / 64);
    // sm_86 holds 48 warps and 16 blocks.
    const auto smaller = limits_of("sm_86").value();
    EXPECT_EQ(occupancy(smaller, 96, 16, 0).blocks, 16);
    EXPECT_EQ(occupancy(smaller, 97, 16, 0).blocks, 12);
    EXPECT_EQ(occupancy(smaller, 97, 16, 0).limit, "warps");
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

const Asked asked{{"gemm/tiled.cuda@64"}, {"sm_90a"}, {}};

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
}

TEST(ExplainGate, FailsOnWhatIsGoneOfWhatWasAskedFor) {
    const auto gone = [](const Asked& wanted) {
        const HeldAgainst result = hold_against(one_row({}), {}, wanted);
        EXPECT_EQ(result.worse(), !result.gone.empty());
        return result.gone.size();
    };
    EXPECT_EQ(gone({{"gemm/tiled.cuda@64"}, {"sm_90a"}, {}}), 1u);
    EXPECT_EQ(gone({{"gemm/tiled.cuda"}, {"sm_80", "sm_90a"}, {"f16", "f32"}}), 1u) << "of any tile";
    EXPECT_EQ(gone({{}, {"sm_90a"}, {}}), 1u) << "everything";
    EXPECT_EQ(gone({{"gemm/naive.cuda"}, {"sm_90a"}, {}}), 0u);
    EXPECT_EQ(gone({{"gemm/tiled.cuda@128"}, {"sm_90a"}, {}}), 0u);
    EXPECT_EQ(gone({{}, {"sm_80"}, {}}), 0u);
    EXPECT_EQ(gone({{}, {"sm_90a"}, {"bf16"}}), 0u);
}

TEST(ExplainGate, ListsWhatShouldHaveBeenExaminedOnce) {
    Explanation explanation;
    explanation.absent = {{"gemm/b.opencl", "sm_90a", "clang-19 is not on this machine"},
                          {"gemm/b.opencl", "sm_90a", "clang-19 is not on this machine"},
                          {"gemm/a.cuda", "sm_90a", "computes f16, not f32", true},
                          {"gemm/a.ptx", "sm_90a", "nvcc is not on this machine"}};
    EXPECT_EQ(not_examined(explanation),
              (std::vector<std::string>{"gemm/a.ptx for sm_90a: nvcc is not on this machine",
                                        "gemm/b.opencl for sm_90a: clang-19 is not on this machine"}));
}

TEST(ExplainGate, ReadsBackWhatItWrote) {
    BaselineRow row{1, 2, 3, 4, 5};
    row.loop = LoopCounts{.flops = 512, .lane_flops = 500.5, .work = {.issued = 300, .shared_bytes = 640.25}};
    const Baseline before = one_row(row);
    const Baseline after = parse_baseline(to_json(before));
    EXPECT_EQ(after.rows, before.rows);
    EXPECT_EQ(after.versions, before.versions);
    for (const char* wrong :
         {"", "{", "{}", R"({"schema":"stele-explain","schema_version":99})",
          R"({"format":"stele-explain-baseline","schema_version":99})",
          R"({"format":"stele-explain-baseline","schema_version":4})",
          R"({"format":"stele-explain-baseline","schema_version":4,"versions":{},"kernels":{"k":1}})"})
        EXPECT_THROW(parse_baseline(wrong), BadInput) << wrong;
}

TEST(ExplainGate, ReadsTheVersionBeforeThisOne) {
    std::string text = to_json(one_row({1, 2, 3, 4, 5}));
    const auto replace = [&](const std::string& from, const std::string& to) {
        text.replace(text.find(from), from.size(), to);
    };
    replace(R"("format": "stele-explain-baseline")", R"("schema": "stele-explain")");
    replace(R"("schema_version": 4)", R"("schema_version": 2)");
    EXPECT_EQ(parse_baseline(text).rows, one_row({1, 2, 3, 4, 5}).rows);
}

}  // namespace
}  // namespace stele::explain::gate_test
