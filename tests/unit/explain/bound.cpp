// Upper bounds: what each instruction asks of which pipe, which pipe binds, and that no card has been faster.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <numeric>
#include <sstream>

#include "harness/explain/baseline.hpp"
#include "harness/explain/static_bound.hpp"
#include "harness/record/report_json.hpp"
#include "kernels/former_ids.hpp"

namespace stele::explain::bound_test {
namespace {

SassFunction code_of(std::vector<Instruction> instructions) { return {"kernel", std::move(instructions)}; }

PipeWork work_of(std::vector<Instruction> instructions) {
    const SassFunction code = code_of(std::move(instructions));
    std::vector<std::size_t> all(code.instructions.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return pipe_work(code, all);
}

/// So many FMA and as many other instructions of one kind.
PipeWork loop(std::size_t fma, std::size_t others, const char* opcode) {
    std::vector<Instruction> instructions(fma, {"", "FFMA", "R0,R1,R2,R0", {}, false, false});
    instructions.insert(instructions.end(), others, {"", opcode, "R4,R5", {}, false, false});
    return work_of(std::move(instructions));
}

TEST(PipeWork, CountsWhatIsSure) {
    const PipeWork work = work_of({{"", "FFMA", "R0,R1,R2,R0", {}, false, false},
                                   {"", "FADD2", "R0,R1,R2", {}, false, false},
                                   {"", "HFMA2", "R4,R5,R6,R4", {}, false, false},
                                   {"", "HFMA2.MMA", "R4,-RZ,RZ,0,0", {}, false, false},
                                   {"", "IMAD.WIDE", "R0,R1,R2,R4", {}, false, false},
                                   {"", "ISETP.GE", "P0,R1,R2", {}, false, false},
                                   {"@P0", "LDG.E.128", "R0,[R2]", {}, false, false},
                                   {"", "LDS.128", "R0,[R2]", {}, false, false},
                                   {"", "STS.128", "[R2],R0", {}, false, false},
                                   {"", "LDSM.16.M88.4", "R0,[R2]", {}, false, false},
                                   {"", "LDGSTS.E.BYPASS.128", "[R0],[R2.64]", {}, false, false},
                                   {"", "MUFU.EX2", "R0,R1", {}, false, false}});
    EXPECT_EQ(work.issued, 12);
    EXPECT_EQ(work.fp32, 3);
    EXPECT_EQ(work.fp16, 2) << "a constant written as HFMA2 computes nothing";
    EXPECT_EQ(work.multiply, 1);
    EXPECT_EQ(work.integer, 1);
    EXPECT_EQ(work.special, 1);
    EXPECT_EQ(work.memory, 4) << "what is under a predicate may not happen";
    EXPECT_EQ(work.shared_bytes, 128 + 512 + 512 + 512) << "a load may be of one address";
    EXPECT_EQ(work.l2_bytes, 512);
}

TEST(PipeWork, AWgmmaReadsItsOperandsOnceForFourWarps) {
    const PipeWork from_shared =
        work_of({{"", "HGMMA.64x256x16.F32.BF16", "R24,gdesc[UR8],R24,gsb0", {}, false, false}});
    EXPECT_EQ(from_shared.matrix_flops, 2.0 * 64 * 256 * 16 / 4);
    EXPECT_EQ(from_shared.shared_bytes, 32.0 * (64 + 256) / 4);
    const PipeWork from_registers =
        work_of({{"", "HGMMA.64x256x16.F32.BF16", "R24,R4,gdesc[UR8],R24", {}, false, false}});
    EXPECT_EQ(from_registers.shared_bytes, 32.0 * 256 / 4);
    EXPECT_EQ(work_of({{"", "QGMMA.64x128x32.F32.E4M3.E4M3", "R24,gdesc[UR8],R24", {}, false, false}}).matrix_flops,
              2.0 * 64 * 128 * 32 / 4 / 2)
        << "of 8 bits twice as many in the same time";
    EXPECT_EQ(work_of({{"", "HMMA.1688.F32.TF32", "R0,R4,R8,R0", {}, false, false}}).matrix_flops,
              2.0 * 16 * 8 * 8 * 2);
}

TEST(StaticBounds, ByHand) {
    const MachineRates hopper = rates_of("sm_90a").value(), ampere = rates_of("sm_80").value();
    // 256 FMA and 44 moves: 300 slots for 256 cycles of 32 lanes; with 16 lanes the FMA take 512.
    const PipeWork moves = loop(256, 44, "MOV");
    EXPECT_EQ(text_of(static_bound(moves, 512, hopper)), "at most 0.85 of the FMA peak: issue");
    EXPECT_EQ(text_of(static_bound(moves, 512, ampere)), "at most 1.00 of the FMA peak: FMA");
    // 100 multiplies take the FMA pipe: 356 cycles, as many as slots; on half of its lanes they alone take 200.
    const StaticBound multiplies = static_bound(loop(256, 100, "IMAD"), 512, hopper);
    EXPECT_EQ(multiplies.cycles.at(Pipe::fma), 356);
    EXPECT_DOUBLE_EQ(multiplies.share, 256.0 / 356);
    EXPECT_EQ(static_bound(loop(10, 100, "IMAD"), 20, hopper).cycles.at(Pipe::fma), 200);
    // 80 shared loads: each 4 cycles of a sub-partition, a fourth of the multiprocessor's.
    const StaticBound loads = static_bound(loop(256, 80, "LDS"), 512, hopper);
    EXPECT_EQ(loads.cycles.at(Pipe::shared), 320);
    EXPECT_EQ(loads.cycles.at(Pipe::memory), 320);
    EXPECT_EQ(loads.binds, Pipe::issue) << "336 slots";
    // A packed multiply-add makes two results: 128 of both take 256 lanes, of which sm_90 has 256 and sm_120 half.
    EXPECT_EQ(static_bound(loop(0, 128, "HFMA2"), 512, hopper).cycles.at(Pipe::half), 128);
    EXPECT_EQ(static_bound(loop(0, 128, "HFMA2"), 512, rates_of("sm_120").value()).cycles.at(Pipe::half), 256);
    // A MUFU takes 8 cycles of 4 lanes.
    EXPECT_EQ(text_of(static_bound(loop(256, 64, "MUFU.EX2"), 512, hopper)),
              "at most 0.50 of the FMA peak: special function");
    // A wgmma of 64×256×16 takes 128 cycles, and reads 80 bytes in each (see the README of gemm).
    const PipeWork matrix = work_of({{"", "HGMMA.64x256x16.F32.BF16", "R24,gdesc[UR8],R24", {}, false, false}});
    const StaticBound group = static_bound(matrix, 0, hopper);
    EXPECT_EQ(group.cycles.at(Pipe::matrix), 128);
    EXPECT_EQ(group.cycles.at(Pipe::shared), 80);
    EXPECT_EQ(group.share, 1);
}

TEST(StaticBounds, WithoutARateAPipeBoundsNothing) {
    MachineRates unknown = rates_of("sm_100").value();
    unknown.fp16 = 0;
    EXPECT_FALSE(static_bound(loop(0, 8, "HFMA2"), 32, unknown).arithmetic);
    unknown.fp32 = 0;
    EXPECT_EQ(text_of(static_bound(loop(8, 0, ""), 16, unknown)), "issue");
    EXPECT_FALSE(rates_of("sm_75"));
}

TEST(StaticBounds, WhatAnIterationMayLeaveOutIsNotSure) {
    // 0 header, 1 skips 2…3 as often as it likes, 4 back.
    SassFunction code = code_of({{"", "FFMA", "R0,R1,R2,R0", {}, false, false},
                                 {"@P1", "BRA", "0x40", 4, true, false},
                                 {"", "STS", "[R0],R1", {}, false, false},
                                 {"", "FADD", "R0,R0,R3", {}, false, false},
                                 {"@P0", "BRA", "0x0", 0, true, false},
                                 {"", "EXIT", "", {}, false, true}});
    const auto loops = find_loops(code);
    ASSERT_EQ(loops.size(), 1u);
    EXPECT_EQ(loops[0].always, (std::vector<std::size_t>{0, 1, 4}));
    EXPECT_EQ(sure_instructions(code, loops, loops[0].instructions), (std::vector<std::size_t>{0, 1, 3, 4}))
        << "arithmetic counts wherever it stands";
}

/// The highest bound of a variant's kernels that compute; nothing where the baseline has none.
std::optional<StaticBound> best_bound(const Baseline& baseline, const std::string& variant, std::string_view dtype) {
    std::optional<StaticBound> best;
    for (const auto& [text, row] : baseline.rows) {
        const auto key = parse_baseline_key(text);
        if (!key || key->variant != variant || key->dtype != dtype) continue;
        const auto bound = bound_of(text, row);
        if (bound && bound->arithmetic && (!best || best->share < bound->share)) best = bound;
    }
    return best;
}

/// Flops a cycle and multiprocessor at the peak of the bound's arithmetic.
double peak_of(const StaticBound& bound, Dtype dtype, const MachineRates& rates) {
    if (*bound.arithmetic == Pipe::fma) return 2 * rates.fp32;
    if (*bound.arithmetic == Pipe::half) return 2 * rates.fp16;
    return rates.matrix_flops * (dtype == Dtype::tf32 || dtype == Dtype::f32 ? 0.5 : size_of(dtype) == 1 ? 2 : 1);
}

TEST(StaticBounds, NoCardHasMeasuredMore) {
    namespace fs = std::filesystem;
    std::ifstream file(STELE_SOURCE_DIR "/results/static/sm_90a.json");
    const Baseline baseline =
        parse_baseline(std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()));
    ASSERT_TRUE(std::ranges::any_of(baseline.rows, [](const auto& row) { return row.second.loop.has_value(); }));
    const MachineRates rates = rates_of("sm_90a").value();
    std::size_t held = 0;
    for (const auto& entry : fs::directory_iterator(STELE_SOURCE_DIR "/results/h200")) {
        const Report report = read_report(entry.path());
        for (const Measurement& cell : report.measurements) {
            if (!cell.timing || cell.timing->clock.empty()) continue;
            const auto bound = best_bound(baseline, present_id(cell.ran.value_or(cell.variant)), name(cell.dtype));
            const auto device = std::ranges::find(report.devices, cell.device, &DeviceInfo::id);
            if (!bound || device == report.devices.end()) continue;
            double megahertz = 0;
            for (const ClockState& clock : cell.timing->clock)
                megahertz = std::max(megahertz, clock.sm_mhz.value_or(0));
            if (megahertz == 0) continue;
            const double cycles = cell.timing->median_ns * megahertz * 1e-3;
            const double share = cell.flops / (cycles * device->compute_units * peak_of(*bound, cell.dtype, rates));
            ++held;
            EXPECT_LE(share, bound->share)
                << "the table of rates is wrong, or what the loop is sure to do: " << cell.variant << " on "
                << cell.problem << " in " << entry.path().filename() << " beside " << text_of(*bound);
        }
    }
    EXPECT_GT(held, 20u) << "cells whose kernel and tile the baseline has";
}

}  // namespace
}  // namespace stele::explain::bound_test
