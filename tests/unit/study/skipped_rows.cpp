// Rows that no device can run are one line; all others stay rows.
#include "harness/study/skipped_rows.hpp"

#include <gtest/gtest.h>

namespace stele::skipped_rows_test {
namespace {

Measurement cell(const std::string& variant, Language language, const std::string& device, const std::string& why) {
    Measurement made;
    made.variant = variant;
    made.language = language;
    made.device = device;
    made.verdict.outcome = why.empty() ? Outcome::passed : Outcome::skipped;
    made.verdict.reason = why;
    return made;
}

TEST(SkippedRows, AreCountedByTheirReason) {
    std::vector<Measurement> cells{
        cell("gemm/a.cuda", Language::cuda, "", "no cuda device: no driver"),
        cell("gemm/a.ptx", Language::ptx, "", "no cuda device: no driver"),
        cell("gemm/b.cuda", Language::cuda, "", "no cuda device: no driver"),
        cell("gemm/a.opencl", Language::opencl, "opencl:0", ""),
        cell("gemm/a.opencl", Language::opencl, "opencl:1", "no f32"),  // runs elsewhere, so it stays
        cell("gemm/b.opencl", Language::opencl, "opencl:0", "too large: a tile"),
        cell("gemm/b.opencl", Language::opencl, "opencl:1", "too large: another")};
    Measurement wrong = cell("gemm/c.cuda", Language::cuda, "cuda:0", "zero");
    wrong.verdict.outcome = Outcome::wrong;
    cells.push_back(wrong);
    ProblemSides problem;
    for (const Measurement& measurement : cells) {
        CellSide& row = problem.cells.emplace_back();
        row.variant = measurement.variant;
        row.measurement = &measurement;
    }
    CellSide& absent = problem.cells.emplace_back();
    absent.variant = "gemm/d.cuda";
    EXPECT_EQ(count_skipped(problem), "3 CUDA C++ and PTX rows: no cuda device: no driver; 2 OpenCL C rows: too large");
    ASSERT_EQ(problem.cells.size(), 4u);
    EXPECT_EQ(problem.cells[0].variant, "gemm/a.opencl");
    EXPECT_EQ(problem.cells[1].variant, "gemm/a.opencl");
    EXPECT_EQ(problem.cells[2].variant, "gemm/c.cuda");
    EXPECT_EQ(problem.cells[3].variant, "gemm/d.cuda");
    EXPECT_EQ(count_skipped(problem), "");
}

}  // namespace
}  // namespace stele::skipped_rows_test
