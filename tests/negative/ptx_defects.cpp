// Kernels that misuse asynchronous instructions are caught: by the defect's name, or by a wrong result.
#include <bit>
#include <cmath>
#include <string>

#include "backends/simt/ptx/numbers.hpp"
#include "tests/support/simt.hpp"

namespace stele::test {
namespace {

const SimtModule& module() {
    static const SimtModule loaded("stele_simt_ptx");
    return loaded;
}

/// A GEMM of ones, each element of which is K, and what became of it.
struct Outcome {
    std::string defect;
    bool right = true;
};

constexpr int M = 128, N = 128, K = 512;

Outcome run_ampere(const std::string& flaw) {
    SimtMemory memory;
    const std::vector<std::uint16_t> ones(M * K, simt::encode_f16(1.0));
    const auto* a = memory.add(ones);
    const auto* b = memory.add(ones);
    float* c = memory.add(std::vector<float>(M * N, -1));
    Outcome out;
    out.defect = module().run("ampere_gemm", flaw, {{2, 2}, {128}, 30720}, memory, a, b, c, M, N, K);
    for (int i = 0; i < M * N; ++i) out.right = out.right && c[i] == K;
    return out;
}

Outcome run_hopper(const std::string& flaw, std::uint64_t seed = 1) {
    SimtMemory memory;
    const std::vector<std::uint16_t> ones(M * K, 0x3f80);
    const TensorMap a =
        matrix_map(memory.add(ones), TensorMapElement::bf16, K, M, 64, 128, TensorMapSwizzle::bytes_128);
    const TensorMap b =
        matrix_map(memory.add(ones), TensorMapElement::bf16, K, N, 64, 128, TensorMapSwizzle::bytes_128);
    float* c = memory.add(std::vector<float>(M * N, -1));
    Outcome out;
    out.defect =
        module().run("hopper_gemm", flaw, {{1, 1}, {384}, 3 * 2 * 16384 + 1024, {}, seed}, memory, a, b, c, M, N, K);
    for (int i = 0; i < M * N; ++i) out.right = out.right && c[i] == K;
    return out;
}

void expect_defect(const std::string& found, const std::string& name, const std::string& detail) {
    EXPECT_EQ(found.rfind(name + ": ", 0), 0u) << found;
    EXPECT_NE(found.find(detail), std::string::npos) << found;
}

TEST(PtxDefects, WaitingForOneGroupLessIsNamed) {
    expect_defect(run_ampere("wrong_group").defect, "missing wait", "ldmatrix");
}

// Plain loads are not looked at in this module: they find all-ones where a copy is in flight.
TEST(PtxDefects, APlainLoadOfACopyInFlightGivesAWrongResult) {
    SimtMemory memory;
    float* in = memory.add(std::vector<float>(32, 1.0f));
    float* out = memory.add(std::vector<float>(32, 1.0f));
    ASSERT_EQ(module().run("hasty_load", "", {{1}, {32}, 128}, memory, in, out), "");
    EXPECT_TRUE(std::isnan(out[5]));
}

TEST(PtxDefects, MisalignedLdmatrixIsNamedWithItsLine) {
    const std::string found = run_ampere("misaligned_ldmatrix").defect;
    expect_defect(found, "misaligned", "ldmatrix.x4");
    EXPECT_NE(found.find("ptx_gemm.cuh:"), std::string::npos) << found;
    EXPECT_NE(found.find("thread"), std::string::npos) << found;
}

TEST(PtxDefects, ADroppedMbarrierWaitIsNamedOrGivesAWrongResult) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        const Outcome out = run_hopper("dropped_wait", seed);
        if (out.defect.empty()) {
            EXPECT_FALSE(out.right);
        } else {
            EXPECT_TRUE(out.defect.starts_with("missing wait") || out.defect.starts_with("race") ||
                        out.defect.starts_with("too many arrivals"))
                << out.defect;
        }
    }
}

TEST(PtxDefects, AStageGivenBackTooEarlyIsNamed) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed)
        expect_defect(run_hopper("early_release", seed).defect, "race", "operand");
}

TEST(PtxDefects, ReadingAccumulatorsTooEarlyGivesAWrongResult) {
    const Outcome out = run_hopper("dropped_result_wait");
    EXPECT_EQ(out.defect, "");
    EXPECT_FALSE(out.right);
}

TEST(PtxDefects, FencesThatAreMissingAreNamed) {
    expect_defect(run_hopper("dropped_init_fence").defect, "missing fence", "fence_mbarrier_init");
    expect_defect(run_hopper("dropped_fence").defect, "missing fence", "wgmma_fence");
    SimtMemory memory;
    float* out = memory.add(std::vector<float>(128));
    expect_defect(module().run("unfenced_operand", "", {{1}, {128}, 4096}, memory, out), "missing fence", "operand A");
    const TensorMap map = matrix_map(out, TensorMapElement::f32, 32, 1, 32, 1, TensorMapSwizzle::none);
    expect_defect(module().run("unfenced_store", "", {{1}, {32}, 128}, memory, map), "missing fence",
                  "tensor.2d store");
}

TEST(PtxDefects, TooManyArrivalsAreNamed) {
    expect_defect(run_hopper("many_arrivals").defect, "too many arrivals", "takes 2 arrivals");
    SimtMemory memory;
    const float* in = memory.add(std::vector<float>(32));
    expect_defect(module().run("extra_arrival", "", {{1}, {32}, 128}, memory, in), "too many arrivals",
                  "takes 1 arrivals");
}

TEST(PtxDefects, TransactionsThatNeverCompleteAreNamed) {
    expect_defect(run_hopper("more_bytes").defect, "transaction never completes", "expects 32784 bytes");
}

TEST(PtxDefects, MisalignedTilesAreNamed) {
    expect_defect(run_hopper("misaligned_tma").defect, "misaligned", "cp.async.bulk.tensor.2d load");
    expect_defect(run_hopper("misaligned_wgmma").defect, "misaligned", "wgmma operand A");
    SimtMemory memory;
    const float* in = memory.add(std::vector<float>(32));
    expect_defect(module().run("odd_bulk", "", {{1}, {32}, 128}, memory, in), "misaligned", "24 bytes");
}

TEST(PtxDefects, StoresThatAreNotWaitedFor) {
    SimtMemory memory;
    float* out = memory.add(std::vector<float>(32));
    expect_defect(module().run("unwaited_store", "", {{1}, {32}, 128}, memory, out), "missing wait",
                  "bulk_wait_group_read");
    ASSERT_EQ(module().run("overwritten_store", "", {{1}, {32}, 128}, memory, out), "");
    EXPECT_NE(out[5], 1.0f);
}

TEST(PtxDefects, AMissingArrivalHasAPlace) {
    SimtMemory memory;
    const std::string found = module().run("missing_arrival", "", {{2}, {32}}, memory);
    expect_defect(found, "deadlock", "parity 0 of the mbarrier at shared address 0x");
    expect_defect(found, "deadlock", "block (1,0,0), thread (0,0,0)");
}

TEST(PtxDefects, MulticastIsIntoBlocksThatAreThere) {
    SimtMemory memory;
    const float* in = memory.add(std::vector<float>(32));
    const SimtShape alone{{1}, {32}, 128, {1}};
    EXPECT_EQ(module().run("multicast_into", "", alone, memory, in, 1), "");
    expect_defect(module().run("multicast_into", "", alone, memory, in, 0), "invalid operand", "in a cluster of 1");
    expect_defect(module().run("multicast_into", "", alone, memory, in, 2), "invalid operand", "in a cluster of 1");
}

TEST(PtxDefects, ArrivingAtABarrierThatIsNotSeenYetIsNamed) {
    SimtMemory memory;
    for (bool expects : {false, true})
        expect_defect(module().run("early_arrival", "", {{1}, {32}, 0, {1}}, memory, expects), "missing fence",
                      expects ? "mbarrier.arrive.expect_tx.shared::cluster" : "mbarrier.arrive.shared::cluster");
}

TEST(PtxDefects, OtherMisuseIsNamed) {
    SimtMemory memory;
    float* out = memory.add(std::vector<float>(128));
    expect_defect(module().run("no_barrier", "", {{1}, {32}}, memory), "invalid operand", "no mbarrier");
    expect_defect(module().run("lonely_warp", "", {{1}, {128}, 4096}, memory, out), "deadlock", "wgmma.wait_group");
    expect_defect(module().run("touched_accumulator", "", {{1}, {128}, 4096}, memory, out), "missing wait",
                  "accumulators");
}

}  // namespace
}  // namespace stele::test
