// Bulk and tensor stores on the CPU executor leave what a plain loop says.
#include "tests/support/ptx_store_calls.hpp"

namespace stele::test::ptx_stores_test {
namespace {

class PtxStore : public testing::TestWithParam<StoreCall> {};

TEST_P(PtxStore, LeavesWhatAPlainLoopDoes) {
    EXPECT_EQ(run_on_simt(GetParam().call).front(), bytes_of_words(GetParam().expected));
}

INSTANTIATE_TEST_SUITE_P(All, PtxStore, testing::ValuesIn(store_calls()), name_of);

}  // namespace
}  // namespace stele::test::ptx_stores_test
