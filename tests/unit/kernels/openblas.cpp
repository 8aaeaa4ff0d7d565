#include "kernels/common/openblas.hpp"

#include <gtest/gtest.h>

namespace stele {
namespace {

TEST(OpenBlas, SaysWhereItDoesNotKnowTheCpu) {
    EXPECT_FALSE(remark_on_core("SkylakeX", true));
    EXPECT_FALSE(remark_on_core("Haswell", true));
    EXPECT_FALSE(remark_on_core("Prescott", false)) << "an old CPU has what it needs";
    const auto remark = remark_on_core("Prescott", true);
    ASSERT_TRUE(remark);
    EXPECT_TRUE(remark->find("Prescott") != std::string::npos && remark->find("OPENBLAS_CORETYPE") != std::string::npos)
        << *remark;
}

}  // namespace
}  // namespace stele
