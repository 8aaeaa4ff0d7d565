// What instructions are and take, by hand; and the tables of machines, typed a second time from their sources.
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "harness/base/folder.hpp"
#include "harness/explain/cpu_code.hpp"
#include "harness/explain/hot_loop.hpp"
#include "harness/explain/instruction_mix.hpp"
#include "harness/explain/machine_rates.hpp"
#include "harness/explain/occupancy.hpp"
#include "harness/explain/opcode.hpp"
#include "harness/explain/source_lines.hpp"
#include "harness/explain/static_bound.hpp"

namespace stele::explain::numbers_test {
namespace {

TEST(MachineTables, OfRatesAreTheirSources) {
    const std::map<std::string_view, std::vector<double>> sources{
        {"sm_80", {64, 256, 64, 64, 16, 32, 128, 5120.0 / 108, 2048}},
        {"sm_86", {128, 128, 64, 64, 16, 0, 128, 0, 1024}},
        {"sm_89", {128, 128, 64, 64, 16, 0, 128, 0, 1024}},
        {"sm_90", {128, 256, 64, 64, 16, 32, 128, 0, 4096}},
        {"sm_100", {128, 128, 0, 0, 16, 0, 128, 0, 8192}},
        {"sm_120", {128, 128, 64, 128, 0, 0, 128, 0, 1024}}};
    EXPECT_EQ(machine_rates().size(), sources.size());
    for (const MachineRates& row : machine_rates())
        EXPECT_EQ((std::vector<double>{row.fp32, row.fp16, row.multiply, row.integer, row.special, row.memory,
                                       row.shared_bytes, row.l2_bytes, row.matrix_flops}),
                  sources.at(row.architecture))
            << row.architecture;
    EXPECT_EQ(rates_of("sm_90a")->matrix_flops, 4096);
    EXPECT_EQ(rates_of("sm_100f")->matrix_flops, 8192);
    EXPECT_EQ(rates_of("sm_120")->integer, 128);
    EXPECT_FALSE(rates_of("sm_90b"));
}

TEST(MachineTables, OfLimitsAreTheProgrammingGuides) {
    struct Limits {
        int warps, blocks;
        std::size_t kib;
    };
    const std::map<std::string_view, Limits> guide{
        {"sm_80", {64, 32, 164}},  {"sm_86", {48, 16, 100}},  {"sm_89", {48, 24, 100}},   {"sm_90", {64, 32, 228}},
        {"sm_90a", {64, 32, 228}}, {"sm_100", {64, 32, 228}}, {"sm_100a", {64, 32, 228}}, {"sm_120", {48, 24, 100}}};
    EXPECT_EQ(known_architectures().size(), guide.size());
    for (const MultiprocessorLimits& row : known_architectures()) {
        const Limits& limits = guide.at(row.architecture);
        EXPECT_EQ(row.warps, limits.warps) << row.architecture;
        EXPECT_EQ(row.blocks, limits.blocks) << row.architecture;
        EXPECT_EQ(row.registers, 65536) << row.architecture;
        EXPECT_EQ(row.registers_per_thread, 255) << row.architecture;
        EXPECT_EQ(row.shared_bytes, limits.kib * 1024) << row.architecture;
        EXPECT_EQ(row.shared_bytes_per_block, (limits.kib - 1) * 1024) << row.architecture << ", less what is kept";
    }
}

TEST(OccupancyByHand, WhatDoesNotFitIsNoBlock) {
    const auto limits = limits_of("sm_90a").value();
    for (const auto& [threads, shared] : {std::pair{0, std::size_t{0}}, {-1, 0}, {128, 228 * 1024}}) {
        EXPECT_EQ(occupancy(limits, threads, 32, shared).blocks, 0);
        EXPECT_EQ(occupancy(limits, threads, 32, shared).fraction, 0);
    }
    EXPECT_EQ(occupancy(limits, 1, 0, 0).blocks, 32);
    // Registers and warps allow 8 blocks each: the first is named.
    EXPECT_EQ(occupancy(limits, 256, 32, 0).limit, "registers");
}

TEST(Opcodes, HavePartsWidthsAndShapes) {
    EXPECT_EQ(opcode_parts("LDG.E.128"), (std::vector<std::string_view>{"LDG", "E", "128"}));
    EXPECT_TRUE(has_part("LDG.E.128", "E"));
    EXPECT_FALSE(has_part("LDG.E.128", "12"));
    const std::map<const char*, int> bits{
        {"LDG.E.128", 128}, {"LDG.E.64", 64}, {"LDG.E.256", 256}, {"LDG.E.U16", 16},     {"LDG.E.S16", 16},
        {"LDG.E.U8", 8},    {"LDG.E.S8", 8},  {"LDG.E", 32},      {"LDSM.16.M88.4", 32}, {"LDSM.16.MT88.4", 32}};
    for (const auto& [opcode, wanted] : bits) EXPECT_EQ(access_bits(opcode), wanted) << opcode;
    EXPECT_EQ(matrices_moved("LDSM.16.M88.4"), 4);
    EXPECT_EQ(matrices_moved("LDSM.16.M88.2"), 2);
    EXPECT_EQ(matrices_moved("LDSM.16.M88"), 1);
    const std::map<const char*, std::vector<int>> shapes{
        {"HMMA.16816.F32", {16, 8, 16}},        {"HMMA.1688.F32", {16, 8, 8}},   {"HMMA.1684.F32", {16, 8, 4}},
        {"IMMA.16832.S8", {16, 8, 32}},         {"QMMA.16864.F32", {16, 8, 64}}, {"DMMA.884", {8, 8, 4}},
        {"HGMMA.64x256x16.F32", {64, 256, 16}}, {"HMMA.UNKNOWN", {0, 0, 0}},     {"HMMA.16x8", {0, 0, 0}}};
    for (const auto& [opcode, wanted] : shapes) {
        const MatrixShape shape = matrix_shape(opcode);
        EXPECT_EQ((std::vector<int>{shape.m, shape.n, shape.k}), wanted) << opcode;
        EXPECT_EQ(shape.products(), wanted[0] * wanted[1] * wanted[2]) << opcode;
    }
    EXPECT_TRUE(puts_constant("HFMA2", "R4,-RZ,RZ,0,0"));
    EXPECT_FALSE(puts_constant("HFMA2", "R4,R5,R6,R4"));
    EXPECT_FALSE(puts_constant("FFMA", "R4,-RZ,RZ,0,0"));
}

SassFunction code_of(std::vector<Instruction> instructions) { return {"kernel", std::move(instructions)}; }

Instruction one(const char* opcode, const char* operands = "R0,R1", const char* predicate = "") {
    return {predicate, opcode, operands, {}, false, false};
}

PipeWork work_of(const Instruction& instruction) {
    const std::size_t first[] = {0};
    return pipe_work(code_of({instruction}), first);
}

InstructionMix mix_of(const Instruction& instruction) { return count_mix(code_of({instruction})); }

TEST(WorkByHand, OfOneInstructionOfEachKind) {
    for (const char* opcode : {"FFMA", "FADD", "FMUL", "FFMA32I"}) EXPECT_EQ(work_of(one(opcode)).fp32, 1) << opcode;
    for (const char* opcode : {"FFMA2", "FADD2", "FMUL2"}) EXPECT_EQ(work_of(one(opcode)).fp32, 2) << opcode;
    for (const char* opcode : {"HFMA2.BF16", "HADD2", "HMUL2"}) EXPECT_EQ(work_of(one(opcode)).fp16, 2) << opcode;
    EXPECT_EQ(work_of(one("HADD2.F32")).fp16, 0) << "how f16 becomes f32";
    EXPECT_EQ(work_of(one("HFMA2.MMA", "R4,-RZ,RZ,0,0")).fp16, 0);
    EXPECT_EQ(work_of(one("MOV")).fp16, 0);
    EXPECT_EQ(work_of(one("IDP")).multiply, 1);
    for (const char* opcode : {"IADD3", "LOP3.LUT", "SHF.L", "FSETP", "FMNMX"})
        EXPECT_EQ(work_of(one(opcode)).integer, 1) << opcode;
    EXPECT_EQ(work_of(one("STS.128")).shared_bytes, 512) << "four rows";
    EXPECT_EQ(work_of(one("STS")).shared_bytes, 128);
    EXPECT_EQ(work_of(one("STS.U8")).shared_bytes, 128) << "a row at least";
    EXPECT_EQ(work_of(one("STSM.16.M88.2")).shared_bytes, 256);
    EXPECT_EQ(work_of(one("LDGSTS.E.128")).shared_bytes, 512);
    EXPECT_EQ(work_of(one("LDGSTS.E.128")).l2_bytes, 0) << "through the L1 cache";
    EXPECT_EQ(work_of(one("LDGSTS.E.BYPASS.64")).l2_bytes, 256);
    EXPECT_EQ(work_of(one("LDG.E.BYPASS.64")).l2_bytes, 0);
    EXPECT_EQ(work_of(one("LDG.E.128")).shared_bytes, 0);
    for (const char* opcode : {"LDG", "STG", "LDL", "RED", "ATOMS"})
        EXPECT_EQ(work_of(one(opcode)).memory, 1) << opcode;
    EXPECT_EQ(work_of(one("MOV")).memory, 0);
    EXPECT_EQ(work_of(one("HMMA.16816.F32")).matrix_flops, 2.0 * 16 * 8 * 16);
    EXPECT_EQ(work_of(one("IMMA.16832.S8")).matrix_flops, 16.0 * 8 * 32) << "of 8 bits half the time";
    EXPECT_EQ(work_of(one("DMMA.884")).matrix_flops, 0) << "no rate is told";
    EXPECT_EQ(work_of(one("FFMA", "R0,R1", "@P0")).fp32, 1) << "arithmetic counts wherever it stands";
    EXPECT_EQ(work_of(one("IMAD", "R0,R1", "@P0")).multiply, 0);
    EXPECT_EQ(work_of(one("IMAD", "R0,R1", "@P0")).issued, 1);
    EXPECT_TRUE(is_arithmetic(one("HMMA.16816.F32")));
    EXPECT_TRUE(is_arithmetic(one("HFMA2")));
    EXPECT_FALSE(is_arithmetic(one("IMAD")));
}

TEST(MixByHand, OfOneInstructionOfEachKind) {
    EXPECT_EQ(mix_of(one("FFMA")).flops_per_thread, 2);
    EXPECT_EQ(mix_of(one("FFMA2")).flops_per_thread, 4);
    EXPECT_EQ(mix_of(one("FADD2")).flops_per_thread, 2);
    EXPECT_EQ(mix_of(one("FFMA2")).fp32_fma, 1u);
    EXPECT_EQ(mix_of(one("FADD")).fp32_fma, 0u);
    EXPECT_EQ(mix_of(one("HADD2")).flops_per_thread, 2);
    EXPECT_EQ(mix_of(one("MOV")).flops_per_thread, 0);
    EXPECT_EQ(mix_of(one("LDG.E.64")).global_load_bytes, 8);
    EXPECT_EQ(mix_of(one("STG.E.64")).global_store_bytes, 8);
    EXPECT_EQ(mix_of(one("LDS.64")).shared_load_bytes, 8);
    EXPECT_EQ(mix_of(one("STS.64")).shared_store_bytes, 8);
    EXPECT_EQ(mix_of(one("LDSM.16.M88.2")).shared_load_bytes, 8);
    EXPECT_EQ(mix_of(one("STSM.16.M88.4")).shared_store_bytes, 16);
    EXPECT_EQ(mix_of(one("STL")).local_accesses, 1u);
    EXPECT_EQ(mix_of(one("HMMA.16816.F32")).thread_flops(), 2.0 * 16 * 8 * 16 / 32);
    InstructionMix both = mix_of(one("HMMA.16816.F32"));
    both.flops_per_thread = 3;
    EXPECT_EQ(both.thread_flops(), 131);
    EXPECT_EQ(mix_of(one("UTMALDG.2D.MULTICAST")).tma(), 1u);
    const std::map<const char*, const char*> classes{{"WARPGROUP.ARRIVE", "wgmma sync"},
                                                     {"DFMA", "fp64"},
                                                     {"FSETP.GT", "fp compare"},
                                                     {"F2FP.BF16", "convert"},
                                                     {"UBLKCP.S.G", "TMA"},
                                                     {"UBLKRED", "TMA"},
                                                     {"UBLKPF", "TMA"},
                                                     {"UTMASTG", "TMA"},
                                                     {"STAS.64", "STS.64"},
                                                     {"STSM.16.M88.2", "STSM.x2"},
                                                     {"LD.E", "LDG.32"},
                                                     {"ST.E.64", "STG.64"},
                                                     {"LDC", "constant"},
                                                     {"RED.E", "atomic"},
                                                     {"SYNCS.ARRIVE", "barrier"},
                                                     {"SHFL.IDX", "warp exchange"},
                                                     {"BRA", "branch"},
                                                     {"USETMAXREG", "setmaxnreg"},
                                                     {"NOP", "nop"},
                                                     {"MOV", "move"},
                                                     {"LDL.64", "local"},
                                                     {"IADD3", "integer"},
                                                     {"LDS.U8", "LDS.8"}};
    for (const auto& [opcode, wanted] : classes) EXPECT_EQ(instruction_class(opcode), wanted) << opcode;
}

TEST(BoundsByHand, OfNothingAreNothing) {
    const MachineRates hopper = rates_of("sm_90a").value();
    EXPECT_TRUE(pipe_cycles({}, hopper).empty());
    PipeWork work;
    work.issued = 8;
    work.multiply = 1;
    EXPECT_EQ(pipe_cycles(work, hopper).at(Pipe::issue), 8);
    EXPECT_EQ(pipe_cycles(work, hopper).at(Pipe::fma), 2);
    EXPECT_FALSE(static_bound(work, 0, hopper).arithmetic);
    EXPECT_EQ(text_of(static_bound(work, 0, hopper)), "issue");
    // One flop of one lane takes half of 32 lanes' time at 128 lanes in four parts: half a cycle.
    work = {};
    work.issued = work.fp32 = 1;
    const StaticBound single = static_bound(work, 1, hopper);
    EXPECT_EQ(single.arithmetic, Pipe::fma);
    EXPECT_EQ(single.share, 0.5);
    EXPECT_EQ(single.binds, Pipe::fma) << "of equal ones the arithmetic";
    // As many halves as singles: the singles' peak.
    work.fp16 = 1;
    EXPECT_EQ(static_bound(work, 2, hopper).arithmetic, Pipe::fma);
    work.fp16 = 2;
    EXPECT_EQ(static_bound(work, 2, hopper).arithmetic, Pipe::half);
    EXPECT_EQ(static_bound(work, 2, hopper).share, 0.5);
    MachineRates slow = hopper;
    slow.fp32 = 1;
    work.fp16 = 0;
    EXPECT_EQ(static_bound(work, 2, slow).cycles.at(Pipe::fma), 128);
    EXPECT_EQ(static_bound(work, 2, slow).share, 1);
    EXPECT_EQ(sure_instructions(code_of({one("MOV"), one("MOV")}), {}, std::vector<std::size_t>{0, 1}),
              (std::vector<std::size_t>{0, 1}))
        << "without a loop nothing may be left out";
}

TEST(SassByHand, AddressesAreFromTheFunctionsStart) {
    const auto functions = parse_sass(R"json([{}, [{"function-name": "f", "start": 256, "sass-instructions": [
        {"opcode": "BRA", "operands": "P1, 0x100"}, {"opcode": "BRA", "operands": "!P1, 0x120"},
        {"opcode": "JMP", "operands": "UP0, 0x110"}, {"opcode": "BRA", "operands": "!UP0, 0xf0"},
        {"opcode": "BRA", "operands": "0x100`(.L)"}, {"opcode": "CALL", "operands": "0x100"},
        {"opcode": "RET"}, {"opcode": "BRX"}, {"opcode": "MOV"}, {"opcode": "BRA", "operands": "0x1000"},
        {"opcode": "NOP"}, {"opcode": "NOP"}]
}, {"function-name": "g", "sass-instructions": []}]])json");
    ASSERT_EQ(functions.size(), 2u);
    EXPECT_TRUE(functions[1].instructions.empty());
    const auto& code = functions[0].instructions;
    ASSERT_EQ(code.size(), 10u);
    EXPECT_EQ(code[0].target, 0u);
    EXPECT_EQ(code[1].target, 2u);
    EXPECT_EQ(code[2].target, 1u);
    for (const std::size_t elsewhere : {3, 4, 5, 9}) EXPECT_FALSE(code[elsewhere].target) << elsewhere;
    for (const std::size_t i : {0, 1, 2, 3}) EXPECT_TRUE(code[i].conditional) << i;
    EXPECT_FALSE(code[4].conditional);
    EXPECT_TRUE(code[6].leaves && code[7].leaves);
    EXPECT_FALSE(code[0].leaves || code[8].leaves);
}

TEST(LoopsByHand, WhatIsNotReachedIsNone) {
    // 0 leaves; 1 and 2 are a loop that nobody comes to.
    Instruction leaves = one("EXIT"), back = one("BRA");
    leaves.leaves = true;
    back.target = 1;
    EXPECT_TRUE(find_loops(code_of({leaves, one("MOV"), back})).empty());
    EXPECT_TRUE(find_loops(code_of({})).empty());
    // A branch to itself without end: a loop of one.
    back.target = 0;
    const auto loops = find_loops(code_of({back}));
    ASSERT_EQ(loops.size(), 1u);
    EXPECT_EQ(loops[0].instructions, std::vector<std::size_t>{0});
    EXPECT_EQ(loops[0].always, std::vector<std::size_t>{0});
}

TEST(CpuCodeByHand, ReadsRegistersJumpsAndComments) {
    const auto functions = parse_objdump(
        "file.so:     file format elf64\n\n"
        "0000000000001000 <f>:\n"
        "    1000:\tvmulps %zmm0,%zmm1,%zmm2    # 2000 <x>\n"
        "    1004:\taddss  %xmm0,%xmm1\n"
        "    1008:\tvfnmadd231ps 0x8(%rbp),%ymm1,%ymm2\n"
        "    100c:\tvfmsub231ps %ymm0,%ymm1,%ymm2\n"
        "    1010:\tjne    1000 <f>\n"
        "    1014:\tjmp    9999 <g>\n"
        "    1018:\n"
        "0000000000002000 <g>:\n"
        "    2000:\tjmpq   1004 <f+4>\n"
        "    2004:\tret\n");
    ASSERT_EQ(functions.size(), 2u);
    EXPECT_EQ(functions[0].name, "f");
    ASSERT_EQ(functions[0].instructions.size(), 6u);
    EXPECT_EQ(functions[0].instructions[0].operands, "%zmm0,%zmm1,%zmm2");
    EXPECT_EQ(functions[0].instructions[4].target, 0u);
    EXPECT_TRUE(functions[0].instructions[4].conditional);
    EXPECT_FALSE(functions[0].instructions[5].conditional);
    EXPECT_TRUE(functions[0].instructions[5].leaves);
    EXPECT_TRUE(functions[1].instructions[0].leaves) << "a jump into another function";
    EXPECT_TRUE(functions[1].instructions[1].leaves);
    const CpuFigures figures = cpu_figures(functions[0]);
    EXPECT_EQ(figures.kernel, "f");
    EXPECT_EQ(figures.loop_instructions, 5u);
    EXPECT_EQ(figures.vector_bits, 512);
    EXPECT_EQ(figures.fma, 1u);
    EXPECT_EQ(figures.vector_fma, 1u);
    EXPECT_EQ(figures.stack_accesses, 1u);
    const auto scalar = parse_objdump(
        "0000000000001000 <f>:\n    1000:\tvfmadd231ss %xmm0,%xmm1,%xmm2\n    1004:\tjne    1000 <f>\n    "
        "1008:\tret\n");
    EXPECT_EQ(cpu_figures(scalar[0]).vector_bits, 32);
    EXPECT_EQ(cpu_figures(scalar[0]).vector_fma, 0u);
    EXPECT_EQ(cpu_figures(scalar[0]).fma, 1u);
    EXPECT_EQ(cpu_figures(parse_objdump("0000000000001000 <f>:\n    1000:\tret\n")[0]).vector_bits, 0);
    const auto memory = parse_objdump(
        "0000000000001000 <f>:\n    1000:\tmulps (%rax),%xmm1\n    1004:\tjne    1000 <f>\n    1008:\tret\n");
    EXPECT_EQ(cpu_figures(memory[0]).vector_bits, 128);
}

TEST(SourceByHand, CommentsMayOpenAndCloseAnywhere) {
    EXPECT_EQ(code_lines("a /* x */ b; /* y\n z */ c; // d\n/**/e/**/\n/ * f;\n{ }\n  } (\n/"),
              (std::vector<std::string>{"a b;", "c;", "e", "/ * f;", "/"}));
}

TEST(SourceByHand, OverlapIsWhatTwoFilesShareOfAllTheirLines) {
    const TemporaryFolder folder;
    std::filesystem::create_directories(folder.path() / "kernels");
    const auto write = [&](const char* name, const char* text) {
        std::ofstream(folder.path() / "kernels" / name) << text;
    };
    write("a.cu", "one;\ntwo;\nthree;\none;\n");
    write("b.cl", "two;\nthree;\nfour;\n");
    write("c.cl", "five;\n");
    write("d.cl", "\n");
    const SourceOverlap overlap = overlap_of(folder.path(), {"a.cu", "b.cl", "c.cl"});
    ASSERT_EQ(overlap.files.size(), 3u);
    EXPECT_EQ(overlap.files[0].lines, 4u);
    EXPECT_EQ(overlap.files[2].file, "c.cl");
    ASSERT_EQ(overlap.pairs.size(), 3u);
    EXPECT_EQ(overlap.pairs[0].share, 0.5) << "two of four";
    EXPECT_EQ(overlap.pairs[1].first, "a.cu");
    EXPECT_EQ(overlap.pairs[1].second, "c.cl");
    EXPECT_EQ(overlap.pairs[1].share, 0);
    EXPECT_DOUBLE_EQ(overlap.divergence, 1 - 0.5 / 3);
    EXPECT_EQ(overlap_of(folder.path(), {"a.cu"}).divergence, 0) << "alone it diverges from nothing";
    EXPECT_EQ(overlap_of(folder.path(), {"d.cl", "d.cl"}).pairs[0].share, 1) << "nothing is like nothing";
}

}  // namespace
}  // namespace stele::explain::numbers_test
