// Bulk and tensor stores leave on a GPU what they leave on the CPU executor.
#include "tests/gpu/both.hpp"
#include "tests/support/ptx_store_calls.hpp"

#ifdef STELE_TEST_HOPPER

namespace stele {

namespace ptx {
std::vector<NativeInstance> ptx_stores();
}

namespace test {
namespace {

class PtxStore : public testing::TestWithParam<StoreCall> {};

TEST_P(PtxStore, IsTheSameOnTheGpuAndOnTheCpu) {
    if (const std::string why = no_hopper(); !why.empty()) GTEST_SKIP() << why;
    const Both both = run_both(ptx::ptx_stores(), GetParam().call);
    EXPECT_EQ(both.gpu, both.simt);
}

INSTANTIATE_TEST_SUITE_P(All, PtxStore, testing::ValuesIn(store_calls()), name_of);

}  // namespace
}  // namespace test
}  // namespace stele

#endif
