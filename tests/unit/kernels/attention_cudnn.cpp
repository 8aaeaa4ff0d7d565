// attention/vendor.cudnn against a stand-in for cuDNN (tests/support/fake_cudnn.cpp): what the library is told, in
// which order, and what becomes of its refusals.
#include "kernels/attention/vendor/cudnn.hpp"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <map>

#include "backends/error.hpp"
#include "kernels/attention/operation.hpp"
#include "kernels/attention/vendor/cudnn_attention.hpp"

namespace stele::attention::cudnn_test {
namespace {

using cudnn::DescriptorType;

class AttentionCudnn : public testing::Test {
protected:
    void begin(std::size_t version = 92801, int configurations = 1, std::int64_t workspace = 256) {
        control<void(std::size_t, int, std::int64_t)>("fake_cudnn_begin")(version, configurations, workspace);
    }
    void refuse(DescriptorType type, int times) {
        control<void(DescriptorType, int)>("fake_cudnn_refuse")(type, times);
    }
    std::string transcript() { return control<const char*()>("fake_cudnn_transcript")(); }
    int alive() { return control<int()>("fake_cudnn_alive")(); }
    template <typename Function>
    Function* control(const char* name) {
        void* handle = dlopen(library_.library.path().c_str(), RTLD_NOW | RTLD_NOLOAD);
        return reinterpret_cast<Function*>(dlsym(handle, name));
    }

    static Shape shape(std::string_view text) { return shape_of(*make_operation()->parse(text)); }

    CudnnAttention attention(const Shape& shape) {
        return CudnnAttention(library_, shape, 1024,
                              {[this](cudnn::Stream, const std::function<void()>& call) {
                                   call();
                                   return times_.empty() ? 1.0f : times_.at(timed_++);
                               },
                               [this](std::span<const std::byte> data) -> std::shared_ptr<void> {
                                   tables_.emplace_back(data.begin(), data.end());
                                   return {std::bit_cast<void*>(100 + tables_.size()), [](void*) {}};
                               }});
    }
    template <typename T>
    std::vector<T> table(std::size_t index) {
        std::vector<T> out(tables_.at(index).size() / sizeof(T));
        std::memcpy(out.data(), tables_[index].data(), tables_[index].size());
        return out;
    }
    std::string refusal(std::string_view text) {
        CudnnAttention refused = attention(shape(text));
        try {
            refused({}, nullptr);
        } catch (const DeviceError& error) {
            return error.what();
        }
        return "";
    }

    const LibraryFolder folder_{STELE_FAKE_LIBRARIES, "a test"};
    const cudnn::Cudnn library_{std::span(&folder_, 1)};
    std::vector<float> times_;
    std::size_t timed_ = 0;
    std::vector<std::vector<std::byte>> tables_;
};

CudnnOperands operands() {
    const auto at = [](std::uintptr_t address) { return std::bit_cast<void*>(address); };
    return {at(11), at(12), at(13), at(14), at(15), at(16), at(17)};
}

TEST_F(AttentionCudnn, TheGraphIsAttention) {
    begin();
    attention(shape("batch=2 heads=4 kv_heads=2 seq_q=7 seq_k=9 head_dim=64 bf16"))(operands(), nullptr);
    EXPECT_EQ(transcript().substr(0, transcript().find("execute")),
              "tensor 1 type 9 [2 4 7 64] by [1792 448 64 1]\n"
              "tensor 2 type 9 [2 2 64 9] by [1152 576 1 64]\n"
              "matmul 1 2 = 1000\n"
              "tensor 7 type 0 [1 1 1 1] by [1 1 1 1] by value\n"
              "pointwise-1 1000 b=7 = 1001\n"
              "tensor 5 type 0 [2 4 7 1] by [28 7 1 1]\n"
              "reduction-3 1001 = 1002\n"
              "pointwise-9 1001 b=1002 = 1007\n"
              "pointwise-13 1007 = 1005\n"
              "reduction-0 1005 = 1003\n"
              "pointwise-15 1003 = 1004\n"
              "pointwise-0 1002 b=1004 = 5\n"
              "pointwise-6 1005 b=1003 = 1006\n"
              "tensor 3 type 9 [2 2 9 64] by [1152 576 64 1]\n"
              "tensor 4 type 9 [2 4 7 64] by [1792 448 64 1]\n"
              "matmul 1006 3 = 4\n"
              "graph of 10\n"
              "plan\n");
}

TEST_F(AttentionCudnn, TheMaskIsAlignedToTheLastKey) {
    begin();
    attention(shape("batch=1 heads=1 kv_heads=1 seq_q=7 seq_k=9 head_dim=64 f16 causal"))(operands(), nullptr);
    const std::string unequal = transcript();
    // Row + seq_k − seq_q ≥ key.
    for (const char* line : {"pointwise-501 1001 axis=2 = 1002\n", "pointwise-0 1002 b=10 = 1003\n",
                             "pointwise-9 1003 b=9 = 1004\n", "pointwise-501 1001 axis=3 = 1005\n",
                             "pointwise-303 1004 b=1005 = 1006\n", "pointwise-601 1001 b=8 t=1006 = 1007\n"})
        EXPECT_NE(unequal.find(line), std::string::npos) << line << "is not in\n" << unequal;
    begin();
    attention(shape("batch=1 heads=1 kv_heads=1 seq_q=9 seq_k=9 head_dim=64 f16 causal"))(operands(), nullptr);
    EXPECT_NE(transcript().find("pointwise-303 1002 b=1003 = 1004\n"), std::string::npos) << transcript();
    begin();
    attention(shape("batch=1 heads=1 kv_heads=1 seq_q=1 seq_k=9 head_dim=64 f16 causal"))(operands(), nullptr);
    EXPECT_EQ(transcript().find("pointwise-303"), std::string::npos) << "a single query sees all keys";
}

TEST_F(AttentionCudnn, AWindowIsASecondMask) {
    begin();
    attention(shape("batch=1 heads=1 kv_heads=1 seq_q=7 seq_k=9 head_dim=64 f16 causal window=3"))(operands(), nullptr);
    const std::string said = transcript();
    // Key + (window − seq_k + seq_q) > row, of the scores that the causal mask has left.
    for (const char* line : {"tensor 11 type 0 [1 1 1 1] by [1 1 1 1] by value\n", "pointwise-0 1009 b=11 = 1010\n",
                             "pointwise-302 1010 b=1008 = 1011\n", "pointwise-601 1007 b=8 t=1011 = 1012\n"})
        EXPECT_NE(said.find(line), std::string::npos) << line << "is not in\n" << said;
    begin();
    attention(shape("batch=2 heads=1 kv_heads=1 seq_q=1 seq_k=9 head_dim=64 f16 causal window=3 page=16"))(operands(),
                                                                                                           nullptr);
    EXPECT_NE(transcript().find("tensor 11 type 4 [1 1 1 1]"), std::string::npos) << "i32 beside lengths";
}

TEST_F(AttentionCudnn, PagesAndLengthsAreItsOwnTables) {
    begin();
    attention(shape("batch=3 heads=2 kv_heads=1 seq_q=2 seq_k=40 head_dim=64 f16 page=16 lengths=40,1,9"))(operands(),
                                                                                                           nullptr);
    const std::string said = transcript();
    for (const char* line : {"tensor 12 type 4 [3 1 1 1] by [1 1 1 1]\n", "tensor 6 type 4 [3 1 3 1] by [4 4 1 1]\n",
                             "tensor 1 type 2 [3 2 2 64] by [256 320 64 1] begins=14\n",
                             "tensor 2 type 2 [8 1 16 64] by [1024 1024 64 1]\n", "pages 2 table=6 lengths=13 = 1001\n",
                             "matmul 1 1001 m=12 n=13 = 1000\n", " m=12 k=13 = 4\n"})
        EXPECT_NE(said.find(line), std::string::npos) << line << "is not in\n" << said;
    ASSERT_EQ(tables_.size(), 4u);
    EXPECT_EQ(table<std::int32_t>(0), (std::vector<std::int32_t>{2, 1, 2}));
    EXPECT_EQ(table<std::int32_t>(1), (std::vector<std::int32_t>{40, 1, 9}));
    EXPECT_EQ(table<std::int64_t>(2), (std::vector<std::int64_t>{0, 128, 192, 320}));
    EXPECT_EQ(table<std::int64_t>(3), (std::vector<std::int64_t>{0, 2, 3, 5}));
    EXPECT_NE(said.find(" 6@16 12@101 13@102 14@103 16@104 "), std::string::npos) << said;
}

TEST_F(AttentionCudnn, ExecutionGivesEachTensorItsAddressOnTheStream) {
    begin();
    CudnnAttention run = attention(shape("batch=1 heads=1 kv_heads=1 seq_q=4 seq_k=4 head_dim=64 f16"));
    run(operands(), reinterpret_cast<void*>(99));
    const std::string first = transcript();
    EXPECT_NE(first.find("execute on 99 with 1@11 2@12 3@13 4@14 5@15 7@"), std::string::npos) << first;
    EXPECT_NE(first.find(" workspace 17\n"), std::string::npos) << first;
    run(operands(), reinterpret_cast<void*>(99));
    EXPECT_EQ(transcript().substr(first.size()), first.substr(first.find("execute"))) << "nothing is made again";
}

TEST_F(AttentionCudnn, TheFastestPlanIsTaken) {
    begin(92801, 3);
    times_ = {3, 1, 2};
    CudnnAttention run = attention(shape("batch=1 heads=1 kv_heads=1 seq_q=4 seq_k=4 head_dim=64 f16"));
    run(operands(), nullptr);
    EXPECT_EQ(timed_, 3u);
    begin(92801, 3);
    times_ = {3, 1, 2};
    timed_ = 0;
    refuse(DescriptorType::execution_plan, 2);
    attention(shape("batch=1 heads=1 kv_heads=1 seq_q=4 seq_k=4 head_dim=64 f16"))(operands(), nullptr);
    EXPECT_EQ(timed_, 0u) << "one plan is left, and nothing to choose";
}

TEST_F(AttentionCudnn, RefusalsSayWhatTheLibrarySays) {
    const char* text = "batch=1 heads=1 kv_heads=1 seq_q=4 seq_k=4 head_dim=64 f16";
    begin();
    control<void()>("fake_cudnn_refuse_handles")();
    EXPECT_NE(refusal(text).find("cudnnCreate failed with CUDNN_STATUS_OTHER (1001)"), std::string::npos);
    EXPECT_NE(refusal(text).find("cuDNN 9.28.1 says: the device is on holiday"), std::string::npos);
    begin();
    refuse(DescriptorType::matmul_operation, 1);
    EXPECT_NE(refusal(text).find("cudnnBackendFinalize of matmul's operation failed with CUDNN_STATUS_NOT_SUPPORTED "
                                 "(3000)"),
              std::string::npos);
    begin(92801, 2);
    refuse(DescriptorType::execution_plan, 2);
    const std::string plans = refusal(text);
    EXPECT_NE(plans.find("cuDNN 9.28.1 has no plan for attention of batch=1 heads=1"), std::string::npos) << plans;
    EXPECT_NE(plans.find("not on a Sunday"), std::string::npos) << plans;
    begin(92801, 0);
    EXPECT_NE(refusal(text).find("has no plan for attention"), std::string::npos);
    begin(92801, 1, 4096);
    EXPECT_NE(refusal(text).find("a plan wants a workspace of 4096 bytes, and there are 1024"), std::string::npos);
    begin(92801, 0);
    refuse(DescriptorType::heuristics, 2);
    EXPECT_NE(refusal(text).find("cudnnBackendFinalize of heuristics"), std::string::npos);
    EXPECT_EQ(alive(), 0) << "nothing is left behind";
}

TEST_F(AttentionCudnn, OldOnesAndMissingOnesAreToldOf) {
    begin(91001);
    EXPECT_EQ(cudnn_why_not(library_),
              library_.library.path() + " is cuDNN 9.10.1, and this row asks for 9.10.2 or later");
    begin(91002);
    EXPECT_EQ(cudnn_why_not(library_), "");
    const LibraryFolder nowhere{"/nonexistent", "a test"};
    EXPECT_NE(cudnn_why_not(cudnn::Cudnn(std::span(&nowhere, 1))).find("libcudnn.so.9 was not found"),
              std::string::npos);
}

TEST(AttentionCudnnSupport, SaysWhatTheLibraryDoesNotDo) {
    DeviceInfo device;
    device.compute_capability = 90;
    const auto why_not = [&](std::string_view text) {
        return cudnn_supports(device, shape_of(*make_operation()->parse(text))).why_not;
    };
    EXPECT_EQ(why_not("batch=1 heads=8 kv_heads=2 seq_q=4 seq_k=40 head_dim=128 bf16 causal"), "");
    EXPECT_EQ(why_not("batch=2 heads=8 kv_heads=2 seq_q=1 seq_k=40 head_dim=128 bf16 page=16 lengths=40,3"), "");
    EXPECT_NE(why_not("batch=1 heads=8 kv_heads=2 seq_q=4 seq_k=40 head_dim=128 f32").find("not f32"),
              std::string::npos);
    EXPECT_NE(why_not("batch=1 heads=8 kv_heads=2 seq_q=4 seq_k=0 head_dim=128 f16"), "");
    EXPECT_NE(why_not("batch=2 heads=8 kv_heads=2 seq_q=4 seq_k=9 head_dim=128 f16 lengths=0,9"), "");
    EXPECT_NE(why_not("batch=1 heads=8 kv_heads=2 seq_q=5 seq_k=4 head_dim=128 f16 causal"), "");
    EXPECT_NE(why_not("batch=1 heads=8 kv_heads=1 seq_q=1 seq_k=4 head_dim=576 f16 latent=512"), "");
    device.compute_capability = 75;
    EXPECT_NE(why_not("batch=1 heads=8 kv_heads=2 seq_q=4 seq_k=40 head_dim=128 bf16"), "");
}

}  // namespace
}  // namespace stele::attention::cudnn_test
