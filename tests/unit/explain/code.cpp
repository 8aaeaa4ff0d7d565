// Explain: machine code read, loops found from the control flow, instructions classed.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/base/error.hpp"
#include "harness/explain/compiler.hpp"
#include "harness/explain/control_flow.hpp"
#include "harness/explain/cpu_code.hpp"
#include "harness/explain/hot_loop.hpp"
#include "harness/explain/instruction_mix.hpp"
#include "harness/explain/sass.hpp"

namespace stele::explain::code_test {
namespace {

struct Line {
    const char* predicate;
    const char* opcode;
    const char* operands;
};

/// nvdisasm's JSON for one function.
SassFunction assembled(const std::vector<Line>& lines) {
    std::string rows;
    for (const Line& line : lines) {
        if (!rows.empty()) rows += ",";
        rows += "{";
        if (*line.predicate) rows += std::string("\"predicate\":\"") + line.predicate + "\",";
        rows += std::string("\"opcode\":\"") + line.opcode + "\",\"operands\":\"" + line.operands + "\"}";
    }
    const std::string json = R"([{"SM":{}},[{"function-name":"kernel","start":0,"sass-instructions":[)" + rows + "]}]]";
    return parse_sass(json).at(0);
}

TEST(ExplainSass, ReadsTargetsAndDropsPadding) {
    const SassFunction code = assembled(
        {{"", "MOV", "R1,R2"}, {"@P0", "BRA", "0x0"}, {"", "EXIT", ""}, {"", "BRA", "0x30"}, {"", "NOP", ""}});
    ASSERT_EQ(code.instructions.size(), 3u) << "the branch to itself and the NOP after EXIT are padding";
    EXPECT_EQ(code.instructions[1].target, 0u);
    EXPECT_TRUE(code.instructions[1].conditional);
    EXPECT_TRUE(code.instructions[2].leaves);
}

TEST(ExplainSass, RefusesWhatIsNotItsJson) {
    EXPECT_THROW(parse_sass("{}"), std::runtime_error);
    EXPECT_THROW(parse_sass("[{},[{\"start\":0}]]"), std::runtime_error);
    EXPECT_THROW(parse_sass("nonsense"), std::runtime_error);
}

TEST(ExplainTiles, AKernelsNameInTheSource) {
    EXPECT_EQ(
        name_in_source("void stele::t::f<(stele::Dtype)2, 0ul, true>(stele::Element<(stele::Dtype)2>::type*, int)"),
        "stele::t::f<(stele::Dtype)2, 0ul, true>");
    EXPECT_EQ(name_in_source("stele::t::copy(int const*, long long)"), "stele::t::copy");
    EXPECT_EQ(name_in_source("guard variable"), "");
}

TEST(ExplainTiles, OneKernelTakesThePlaceOfTheList) {
    const std::string text =
        "kernels\nstd::vector<NativeInstance> gemm_tile() {\n    if (x) {\n    }\n}\n\n}  // end\n";
    const std::string one = with_one_kernel(text, "stele::f<1>");
    EXPECT_TRUE(one.starts_with("kernels\n"));
    EXPECT_TRUE(one.ends_with("\n\n}  // end\n")) << one;
    EXPECT_NE(one.find("&stele::f<1>"), std::string::npos);
    EXPECT_EQ(one.find("gemm_tile"), std::string::npos);
    EXPECT_THROW(with_one_kernel("kernels\n", "stele::f<1>"), BadInput);
    EXPECT_THROW(with_one_kernel(text, ""), BadInput);
}

TEST(ExplainLoops, FindsTheNestAndItsInnermost) {
    // 0 outer header; 1 inner header; 2 work; 3 inner back edge; 4 outer back edge; 5 exit.
    const SassFunction code = assembled({{"", "MOV", "R0,R1"},
                                         {"", "LDS.128", "R4,[R0]"},
                                         {"", "FFMA", "R1,R2,R3,R1"},
                                         {"@P0", "BRA", "0x10"},
                                         {"@P1", "BRA", "0x0"},
                                         {"", "EXIT", ""}});
    const auto loops = find_loops(code);
    ASSERT_EQ(loops.size(), 2u);
    EXPECT_EQ(loops[0].header, 0u);
    EXPECT_FALSE(loops[0].innermost);
    EXPECT_EQ(loops[0].instructions, (std::vector<std::size_t>{0, 1, 2, 3, 4}));
    EXPECT_EQ(loops[1].header, 1u);
    EXPECT_TRUE(loops[1].innermost);
    EXPECT_EQ(loops[1].instructions, (std::vector<std::size_t>{1, 2, 3}));
}

TEST(ExplainLoops, ABackwardBranchIsNoLoopWithoutDomination) {
    // A block placed later that jumps back to a join: 0 → 2 or 1 → 3 exit; 2 (later in text) jumps back to 1.
    const SassFunction code = assembled(
        {{"@P0", "BRA", "0x30"}, {"", "MOV", "R0,R1"}, {"", "EXIT", ""}, {"", "MOV", "R2,R3"}, {"", "BRA", "0x10"}});
    EXPECT_TRUE(find_loops(code).empty()) << "by text this looks like a loop; by control flow it is none";
}

TEST(ExplainLoops, TwoBackEdgesOfOneHeaderAreOneLoop) {
    const SassFunction code = assembled({{"", "MOV", "R0,R1"},
                                         {"@P0", "BRA", "0x0"},
                                         {"", "FADD", "R0,R1,R2"},
                                         {"@P1", "BRA", "0x0"},
                                         {"", "EXIT", ""}});
    const auto loops = find_loops(code);
    ASSERT_EQ(loops.size(), 1u);
    EXPECT_EQ(loops[0].instructions.size(), 4u);
    EXPECT_TRUE(loops[0].innermost);
}

using Indices = std::vector<std::size_t>;

Indices hot_loop_of(const SassFunction& code) {
    const std::vector<Loop> loops = find_loops(code);
    return hot_loop(loops, [&](std::span<const std::size_t> body) { return count_mix(code, body).thread_flops(); });
}

TEST(ExplainHotLoop, IsTheOneThatMultipliesWithItsPollingAndNotTheTileLoopAroundIt) {
    // As a kernel of wgmma has it: 0…6 for each tile, 1…4 for each stage, 2…3 until the stage is full.
    const SassFunction code = assembled({{"", "MOV", "R0,R1"},
                                         {"", "IADD3", "R2,R2,0x1,RZ"},
                                         {"", "SYNCS.PHASECHK.TRANS64.TRYWAIT", "P0,[UR8],R2"},
                                         {"@!P0", "BRA", "0x20"},
                                         {"", "HGMMA.64x128x16.F32.BF16", "R24,gdesc[UR8],R24"},
                                         {"@P1", "BRA", "0x10"},
                                         {"", "FMUL", "R24,R24,R3"},
                                         {"@P2", "BRA", "0x0"},
                                         {"", "EXIT", ""}});
    EXPECT_EQ(hot_loop_of(code), (Indices{1, 2, 3, 4, 5}));
}

TEST(ExplainHotLoop, OfTwoInARowIsTheOneWithMoreWorkAndNotTheLonger) {
    const SassFunction code = assembled({{"", "FFMA", "R0,R1,R2,R0"},
                                         {"@P0", "BRA", "0x0"},
                                         {"", "FADD", "R0,R1,R0"},
                                         {"", "MOV", "R3,R4"},
                                         {"", "MOV", "R4,R5"},
                                         {"@P0", "BRA", "0x20"},
                                         {"", "EXIT", ""}});
    EXPECT_EQ(hot_loop_of(code), (Indices{0, 1}));
}

TEST(ExplainHotLoop, WithoutArithmeticIsTheLongestInnermost) {
    const SassFunction code = assembled({{"", "MOV", "R0,R1"},
                                         {"", "LDG.E", "R4,[R0]"},
                                         {"@P0", "BRA", "0x10"},
                                         {"@P1", "BRA", "0x0"},
                                         {"", "MOV", "R4,R5"},
                                         {"", "STG.E", "[R0],R4"},
                                         {"@P0", "BRA", "0x40"},
                                         {"", "EXIT", ""}});
    EXPECT_EQ(hot_loop_of(code), (Indices{4, 5, 6}));
    EXPECT_TRUE(hot_loop_of(assembled({{"", "FADD", "R0,R1,R0"}, {"", "EXIT", ""}})).empty());
}

TEST(ExplainMix, ClassesByKindAndWidth) {
    EXPECT_EQ(instruction_class("LDG.E.128.CONSTANT"), "LDG.128");
    EXPECT_EQ(instruction_class("LDG.E"), "LDG.32");
    EXPECT_EQ(instruction_class("LDG.E.U16"), "LDG.16");
    EXPECT_EQ(instruction_class("STS.64"), "STS.64");
    EXPECT_EQ(instruction_class("LDSM.16.M88.4"), "LDSM.x4");
    EXPECT_EQ(instruction_class("LDGSTS.E.BYPASS.128"), "cp.async");
    EXPECT_EQ(instruction_class("UTMALDG.2D"), "TMA");
    EXPECT_EQ(instruction_class("UTMALDG.3D.MULTICAST"), "TMA multicast");
    EXPECT_EQ(instruction_class("HGMMA.64x128x16.F32.BF16"), "HGMMA");
    EXPECT_EQ(instruction_class("FFMA"), "fp32");
    EXPECT_EQ(instruction_class("HFMA2.MMA"), "fp16");
    EXPECT_EQ(instruction_class("HADD2.F32"), "convert");
    EXPECT_EQ(instruction_class("MUFU.EX2"), "special");
    EXPECT_EQ(instruction_class("BAR.SYNC.DEFER_BLOCKING"), "barrier");
    EXPECT_EQ(instruction_class("IMAD.WIDE"), "integer");
    EXPECT_EQ(instruction_class("STL.128"), "local");
}

TEST(ExplainMix, CountsWorkAndTraffic) {
    const SassFunction code = assembled({{"", "FFMA", "R0,R1,R2,R0"},
                                         {"", "FADD", "R0,R0,R3"},
                                         {"", "HFMA2.MMA", "R4,-RZ,RZ,0,0"},
                                         {"", "HFMA2", "R4,R5,R6,R4"},
                                         {"", "HMMA.16816.F32", "R0,R4,R8,R0"},
                                         {"", "HGMMA.64x128x16.F32", "R24,gdesc[UR8],R24"},
                                         {"", "LDS.128", "R8,[R0]"},
                                         {"", "LDGSTS.E.BYPASS.128", "[R0],[R2.64]"},
                                         {"", "LDL", "R0,[R1]"}});
    const InstructionMix mix = count_mix(code);
    EXPECT_EQ(mix.total, 9u);
    EXPECT_EQ(mix.fp32_fma, 1u);
    EXPECT_EQ(mix.flops_per_thread, 2 + 1 + 4) << "a constant written as HFMA2 computes nothing";
    EXPECT_EQ(mix.matrix_flops_per_warp, 2.0 * 16 * 8 * 16 + 2.0 * 64 * 128 * 16 / 4)
        << "a wgmma is shared by four warps";
    EXPECT_EQ(mix.matrix_instructions(), 2u);
    EXPECT_EQ(mix.shared_load_bytes, 16);
    EXPECT_EQ(mix.global_load_bytes, 16);
    EXPECT_EQ(mix.shared_store_bytes, 16);
    EXPECT_EQ(mix.local_accesses, 1u);
}

TEST(ExplainCpu, ReadsObjdumpAndItsLoops) {
    const auto functions = parse_objdump(
        "0000000000001000 <_pocl_kernel_f_workgroup>:\n"
        "    1000:\tpush   %rbp\n"
        "    1001:\tvmovups (%rax),%ymm1\n"
        "    1005:\tvfmadd231ps %ymm0,%ymm1,%ymm2\n"
        "    1009:\tvmovaps %ymm2,0x20(%rsp)\n"
        "    100d:\tjne    1001 <_pocl_kernel_f_workgroup+0x1>\n"
        "    100f:\tret\n");
    ASSERT_EQ(functions.size(), 1u);
    const CpuFigures figures = cpu_figures(functions[0]);
    EXPECT_EQ(figures.instructions, 6u);
    EXPECT_EQ(figures.loop_instructions, 4u);
    EXPECT_EQ(figures.vector_bits, 256);
    EXPECT_EQ(figures.vector_fma, 1u);
    EXPECT_EQ(figures.stack_accesses, 1u);
}

TEST(ExplainCpu, ALoopThatCopiesInsideTheMainOneIsPartOfIt) {
    const auto functions = parse_objdump(
        "0000000000001000 <_pocl_kernel_f_workgroup>:\n"
        "    1000:\tvfmadd231ps %ymm0,%ymm1,%ymm2\n"
        "    1001:\tvmovups (%rax),%ymm1\n"
        "    1002:\tjne    1001 <_pocl_kernel_f_workgroup+0x1>\n"
        "    1003:\tjne    1000 <_pocl_kernel_f_workgroup>\n"
        "    1004:\tret\n");
    ASSERT_EQ(functions.size(), 1u);
    const CpuFigures figures = cpu_figures(functions[0]);
    EXPECT_EQ(figures.loop_instructions, 4u);
    EXPECT_EQ(figures.vector_fma, 1u);
}

}  // namespace
}  // namespace stele::explain::code_test
