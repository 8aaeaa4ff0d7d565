// Explain's tables: each figure under its name, in its unit, from kernels whose figures all differ.
#include <gtest/gtest.h>

#include <map>

#include "harness/explain/explanation_document.hpp"
#include "harness/explain/side_by_side.hpp"

namespace stele::explain::tables_test {
namespace {

/// An iteration of 320 flops a thread, 256 of them a warp's matrix instructions', on 40 bytes of shared memory.
KernelFigures kernel() {
    KernelFigures row;
    row.variant = "gemm/tiled.cuda@64";
    row.operation = "gemm";
    row.algorithm = "tiled";
    row.kernel = "gemm_tiled";
    row.dtype = "f16";
    row.architecture = "sm_90a";
    row.compiler = "nvcc";
    row.threads = 96;
    row.assembler.registers = 77;
    row.assembler.spill_store_bytes = 4;
    row.assembler.spill_load_bytes = 12;
    row.assembler.stack_bytes = 24;
    row.assembler.static_shared_bytes = 512;
    row.dynamic_shared_bytes = 4096;
    row.code_bytes = 6400;
    row.whole.total = 400;
    row.occupancy = {5, 0.25, "registers"};
    InstructionMix loop;
    loop.total = 53;
    loop.by_class = {{"HMMA", 2}, {"fp32", 32}, {"LDS.128", 19}};
    loop.flops_per_thread = 64;
    loop.matrix_flops_per_warp = 256 * 32;
    loop.fp32_fma = 31;
    loop.shared_load_bytes = 40;
    loop.global_load_bytes = 7;
    row.loop = loop;
    row.bound = StaticBound{{{Pipe::issue, 53}, {Pipe::matrix, 40}}, Pipe::issue, Pipe::matrix, 0.75};
    return row;
}

TEST(ExplainTables, TheOverviewHasEachFigureInItsColumn) {
    const KernelFigures row = kernel();
    const KernelFigures* const rows[] = {&row};
    const Table table = overview(rows, "gemm on sm_90a");
    std::map<std::string, std::string> cells;
    ASSERT_EQ(table.rows.size(), 1u);
    for (std::size_t i = 0; i < table.columns.size(); ++i) cells[table.columns[i].title] = table.rows[0].cells.at(i);
    const std::map<std::string, std::string> expected{{"kernel", "gemm/tiled"},
                                                      {"language", "cuda"},
                                                      {"dtype", "f16"},
                                                      {"regs", "77"},
                                                      {"spills", "16"},
                                                      {"shared", "4608"},
                                                      {"blocks/SM", "5"},
                                                      {"limit", "registers"},
                                                      {"instr.", "400"},
                                                      {"loop", "53"},
                                                      {"FMA", "31"},
                                                      {"matrix", "2"},
                                                      {"TMA", "–"},
                                                      {"roles", "–"},
                                                      {"flops/byte", "8.00"},
                                                      {"at most", "0.75 matrix"},
                                                      {"by", "issue"},
                                                      {"!", ""}};
    EXPECT_EQ(cells, expected);
}

TEST(ExplainTables, SideBySideNamesWhatEachFigureIs) {
    const KernelFigures cuda = kernel();
    KernelFigures ptx = kernel();
    ptx.language = Language::ptx;
    ptx.loop->shared_load_bytes = 0;
    ptx.loop->global_load_bytes = 20;
    ptx.code_bytes = 6416;
    ptx.bound->cycles[Pipe::issue] = 54.5;
    const KernelFigures* const siblings[] = {&cuda, &ptx};
    const Table table = side_by_side(siblings);
    ASSERT_EQ(table.columns.size(), 3u);
    EXPECT_EQ(table.columns[1].title, "CUDA C++");
    EXPECT_EQ(table.columns[2].title, "PTX");
    std::map<std::string, std::pair<std::string, std::string>> lines;
    for (const Row& row : table.rows) lines[row.cells.at(0)] = {row.cells.at(1), row.cells.at(2)};
    const std::map<std::string, std::pair<std::string, std::string>> expected{
        {"registers", {"77", "77"}},
        {"spill bytes", {"16", "16"}},
        {"blocks per SM", {"5 (25 %, registers)", "5 (25 %, registers)"}},
        {"instructions", {"400", "400"}},
        {"code bytes", {"6400", "6416"}},
        {"hot loop: instructions", {"53", "53"}},
        {"hot loop: flops a thread", {"320", "320"}},
        {"hot loop: global bytes a thread", {"7", "20"}},
        {"hot loop: shared bytes a thread", {"40", "0"}},
        {"hot loop: flops per loaded byte", {"8.00", "16.0"}},
        {"hot loop: upper bound", {"at most 0.75 of the matrix peak: issue", "at most 0.75 of the matrix peak: issue"}},
        {"least cycles: issue", {"53.0", "54.5"}}};
    EXPECT_EQ(lines, expected) << "of figures that agree only those that are always shown";
    EXPECT_EQ(table.rows.front().cells[0], "hot loop: shared bytes a thread") << "what differs most comes first";
}

TEST(ExplainTables, RolesMulticastAndTheStackOfTiles) {
    KernelFigures row = kernel();
    row.language = Language::cuda_tile;
    row.threads = 384;
    row.assembler.spill_store_bytes = row.assembler.spill_load_bytes = 0;
    row.whole.by_class = {{"TMA", 2}, {"TMA multicast", 1}, {"setmaxnreg", 3}};
    const KernelFigures* const rows[] = {&row};
    const Table all = overview(rows, "gemm on sm_90a");
    std::map<std::string, std::string> cells;
    for (std::size_t i = 0; i < all.columns.size(); ++i) cells[all.columns[i].title] = all.rows[0].cells.at(i);
    EXPECT_EQ(cells["spills"], "stack 24");
    EXPECT_EQ(cells["TMA"], "multicast");
    EXPECT_EQ(cells["roles"], "3");

    std::map<std::string, std::string> lines;
    for (const Row& line : side_by_side(rows).rows) lines[line.cells.at(0)] = line.cells.at(1);
    EXPECT_EQ(lines["TMA"], "3");
    EXPECT_EQ(lines["TMA multicast"], "1");
    EXPECT_EQ(lines["warpgroups with roles"], "3");
    EXPECT_EQ(lines["stack bytes"], "24") << "of a kernel without siblings all that is not zero is shown";
    EXPECT_EQ(lines.count("hot loop: local"), 0u);
    EXPECT_NE(in_words(row).find("TMA copies with multicast, 3 warpgroups with roles"), std::string::npos);
}

TEST(ExplainTables, AGateSaysWhatItDidNotExamine) {
    HeldAgainst result;
    result.held = 3;
    result.changes = {{"a|key", "registers", 64, 69, true}, {"b|key", "loop_instructions", 200, 190, false}};
    result.gone = {"c|key"};
    result.added = {"d|key"};
    const std::string text = drawn(document_of(result, "baseline.json", {"e for sm_90a: no nvcc"}), DrawnAs::markdown);
    for (const char* expected :
         {"3 kernels against baseline.json", "WORSE", "NOT EXAMINED: e for sm\\_90a: no nvcc",
          "NOT EXAMINED: in the baseline, but not explained now: c\\|key", "Not in the baseline: d\\|key"})
        EXPECT_NE(text.find(expected), std::string::npos) << expected << "\n" << text;
    EXPECT_EQ(text.find("No figure differs"), std::string::npos);
}

}  // namespace
}  // namespace stele::explain::tables_test
