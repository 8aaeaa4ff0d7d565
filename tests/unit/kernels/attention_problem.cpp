// Attention's problems: their texts, their work, their inputs, their plans.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "kernels/attention/operation.hpp"
#include "kernels/attention/rows.hpp"

namespace stele::attention::attention_problem_test {
namespace {

const Operation& operation() {
    static const std::unique_ptr<Operation> made = make_operation();
    return *made;
}

std::string message(const std::string& text) {
    try {
        operation().parse(text);
    } catch (const ProblemError& error) {
        return error.what();
    }
    return "";
}

TEST(AttentionProblem, TextsReadBack) {
    for (Suite suite : {Suite::smoke, Suite::edge, Suite::quick, Suite::full, Suite::cpu}) {
        const std::vector<std::string> texts = operation().suite(suite);
        EXPECT_FALSE(texts.empty());
        EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), texts.size());
        for (const std::string& text : texts) EXPECT_EQ(operation().parse(text)->id(), text);
    }
    EXPECT_EQ(operation().parse("causal scale=0.1 f16 head_dim=64 seq_k=2 seq_q=1 kv_heads=1 heads=1 batch=1")->id(),
              "batch=1 heads=1 kv_heads=1 seq_q=1 seq_k=2 head_dim=64 f16 causal scale=0.1");
    EXPECT_EQ(shape_of(*operation().parse("batch=1 heads=1 kv_heads=1 seq_q=1 seq_k=2 head_dim=64")).softmax_scale,
              0.125f);
}

TEST(AttentionProblem, BadTextsSayWhy) {
    const std::string good = "batch=1 heads=6 kv_heads=2 seq_q=1 seq_k=2 ";
    EXPECT_EQ(message(good + "head_dim=64"), "");
    EXPECT_NE(message(good + "head_dim=80").find("head_dim=80 is not supported"), std::string::npos);
    EXPECT_NE(message("batch=1 heads=6 kv_heads=4 seq_q=1 seq_k=2 head_dim=64").find("not a multiple of kv_heads=4"),
              std::string::npos);
    EXPECT_NE(message("batch=1 heads=1 kv_heads=1 seq_q=1 seq_k=-1 head_dim=64").find("seq_k=-1"), std::string::npos);
    EXPECT_NE(message("batch=1 heads=1 kv_heads=1 seq_q=0 seq_k=1 head_dim=64").find("seq_q=0"), std::string::npos);
    EXPECT_NE(message(good + "head_dim=64 f64"), "");
    EXPECT_NE(message(good + "head_dim=64 latent=512").find("go together"), std::string::npos);
    EXPECT_NE(message("batch=1 heads=6 kv_heads=1 seq_q=1 seq_k=2 head_dim=576").find("go together"),
              std::string::npos);
    EXPECT_NE(message(good + "head_dim=576 latent=512").find("kv_heads=1"), std::string::npos);
    EXPECT_NE(message(good + "head_dim=64 window=2").find("without causal"), std::string::npos);
    EXPECT_NE(message(good + "head_dim=64 causal window=0").find("window=0"), std::string::npos);
    EXPECT_NE(message(good + "head_dim=64 banana").find("banana"), std::string::npos);
    EXPECT_NE(message(good).find("head_dim="), std::string::npos);
    EXPECT_NE(message(good + "head_dim=64 scale=0 logits=80").find("scale=0"), std::string::npos);
    EXPECT_NE(message("batch=60000 heads=60000 kv_heads=1 seq_q=8000000 seq_k=1 head_dim=64").find("elements"),
              std::string::npos);
}

TEST(AttentionProblem, PairsAreCountedAsBruteForceCountsThem) {
    for (bool causal : {false, true})
        for (std::int64_t seq_q = 1; seq_q <= 9; ++seq_q)
            for (std::int64_t seq_k = 0; seq_k <= 9; ++seq_k)
                for (std::int64_t window = 0; window <= (causal ? 10 : 0); ++window) {
                    Shape shape;
                    shape.window = window;
                    shape.batch = 2;
                    shape.heads = 3;
                    shape.seq_q = seq_q;
                    shape.seq_k = seq_k;
                    shape.causal = causal;
                    double pairs = 0;
                    for (std::int64_t i = 0; i < seq_q; ++i)
                        for (std::int64_t j = 0; j < seq_k; ++j) {
                            const std::int64_t behind = i + seq_k - seq_q - j;
                            const bool seen = !causal || (behind >= 0 && (window == 0 || behind < window));
                            pairs += seen;
                            EXPECT_EQ(j >= visible_keys(shape, i).begin && j < visible_keys(shape, i).end, seen);
                        }
                    EXPECT_EQ(pairs_of(shape), 6 * pairs) << seq_q << ' ' << seq_k << ' ' << causal << ' ' << window;
                    EXPECT_EQ(AttentionProblem(shape).flops(), 4 * 64 * 6 * pairs);
                }
}

TEST(AttentionProblem, BytesCountEachTensorOnce) {
    const auto problem = operation().parse("batch=2 heads=4 kv_heads=2 seq_q=3 seq_k=5 head_dim=64 f16");
    EXPECT_EQ(problem->bytes(), 2 * (2 * 4 * 3 * 64 + 2 * 2 * 5 * 64) * 2 + 2 * 4 * 3 * 4);
    const std::vector<TensorSpec> specs = problem->tensors();
    ASSERT_EQ(specs.size(), 5u);
    const auto windowed =
        operation().parse("batch=2 heads=4 kv_heads=2 seq_q=3 seq_k=50 head_dim=64 f16 causal window=3");
    EXPECT_EQ(windowed->bytes(), problem->bytes()) << "three queries see the last five keys";
    EXPECT_EQ(specs[tensor_k].shape, (std::vector<std::int64_t>{2, 2, 5, 64}));
    EXPECT_EQ(specs[tensor_lse].dtype, Dtype::f32);
    EXPECT_EQ(specs[tensor_o].role, Role::output);
}

TEST(AttentionProblem, NarrowOperandsHaveScalesAndAWiderResult) {
    const auto problem = operation().parse("batch=2 heads=4 kv_heads=2 seq_q=3 seq_k=5 head_dim=64 e4m3 page=16");
    const Shape& shape = shape_of(*problem);
    const auto specs = problem->tensors();
    EXPECT_EQ(specs[*tensor_index(shape, "K")].dtype, Dtype::e4m3);
    EXPECT_EQ(specs[*tensor_index(shape, "O")].dtype, Dtype::bf16);
    EXPECT_EQ(specs[*tensor_index(shape, "q_scale")].shape, (std::vector<std::int64_t>{4}));
    EXPECT_EQ(specs[*tensor_index(shape, "v_scale")].shape, (std::vector<std::int64_t>{2}));
    const std::vector<Tensor> inputs = problem->inputs(1, Fill::normal);
    ASSERT_EQ(inputs.size(), *tensor_index(shape, "O"));
    for (const char* name : {"q_scale", "k_scale", "v_scale"})
        for (const float value : inputs[*tensor_index(shape, name)].as<float>()) {
            EXPECT_GT(value, 0.3f);
            EXPECT_NE(value, 1.0f);
        }
}

TEST(AttentionProblem, LatentKeysAreReadOnceAndHaveTheValues) {
    const auto problem = operation().parse("batch=2 heads=4 kv_heads=1 seq_q=3 seq_k=5 head_dim=576 f16 latent=512");
    const std::vector<TensorSpec> specs = problem->tensors();
    ASSERT_EQ(specs.size(), 4u);
    EXPECT_EQ(specs[1].shape, (std::vector<std::int64_t>{2, 1, 5, 576}));
    EXPECT_EQ(specs[2].name, "O");
    EXPECT_EQ(specs[2].shape, (std::vector<std::int64_t>{2, 4, 3, 512}));
    EXPECT_EQ(problem->flops(), 2. * (576 + 512) * 2 * 4 * 3 * 5);
    EXPECT_EQ(problem->bytes(), 2 * (2 * 4 * 3 * (576 + 512) + 2 * 5 * 576) + 4 * 2 * 4 * 3);
    // As if V were the first columns of K.
    const auto plain = operation().parse("batch=1 heads=2 kv_heads=1 seq_q=3 seq_k=9 head_dim=256 causal scale=0.05");
    Shape latent = shape_of(*plain);
    latent.latent = 64;
    std::vector<Tensor> inputs = plain->inputs(4, Fill::normal);
    inputs[tensor_v] = inputs[tensor_k];
    const std::vector<Expected> whole = plain->reference(inputs, {});
    inputs.pop_back();
    const std::vector<Expected> first = AttentionProblem(latent).reference(inputs, {});
    ASSERT_EQ(first[0].value.size(), 6u * 64);
    for (std::size_t i = 0; i < first[0].value.size(); ++i)
        EXPECT_EQ(first[0].value[i], whole[0].value[i / 64 * 256 + i % 64]);
    EXPECT_EQ(first[1].value, whole[1].value);
}

TEST(AttentionProblem, LogitsReachWhatWasAskedFor) {
    const auto problem =
        operation().parse("batch=1 heads=2 kv_heads=1 seq_q=6 seq_k=9 head_dim=64 f32 causal window=3 logits=80");
    const Shape& shape = shape_of(*problem);
    const std::vector<Tensor> inputs = problem->inputs(3, Fill::normal);
    for (std::int64_t row = 0; row < shape.rows(); ++row) {
        double nearest = 1e9;
        const KeyRange seen = visible_keys(shape, row % shape.seq_q);
        for (std::int64_t j = seen.begin; j < seen.end; ++j) {
            double dot = 0;
            for (std::int64_t d = 0; d < 64; ++d)
                dot += inputs[0].at(static_cast<std::size_t>(row * 64 + d)) *
                       inputs[1].at(static_cast<std::size_t>(j * 64 + d));
            nearest = std::min(nearest, std::abs(dot * shape.softmax_scale - (row % 2 == 0 ? 80 : -80)));
        }
        EXPECT_LT(nearest, 1e-3) << row;
    }
}

TEST(AttentionRows, EveryVariantPlansEveryProblemWithinTheDevice) {
    DeviceInfo device;
    device.compute_units = 132;
    device.max_threads_per_block = 1024;
    device.shared_bytes_per_block = 48 << 10;
    device.languages = {Language::cuda, Language::ptx, Language::opencl};
    for (const Variant& variant : operation().variants()) {
        if (variant.language == Language::vendor) continue;
        for (Suite suite : {Suite::smoke, Suite::edge, Suite::quick, Suite::full, Suite::cpu})
            for (const std::string& text : operation().suite(suite)) {
                const auto problem = operation().parse(text);
                if (!variant.supports_problem(device, *problem)) {
                    EXPECT_FALSE(variant.default_tile && variant.language == Language::opencl &&
                                 variant.algorithm == "flash" && !shape_of(*problem).is_paged() &&
                                 !shape_of(*problem).has_scales() && shape_of(*problem).head_dim <= 128)
                        << variant.id() << ": the default tile must fit into 48 KB";
                    continue;
                }
                const Plan plan = variant.plan(device, *problem);
                EXPECT_FALSE(plan.steps.empty());
                for (const Step& step : plan.steps) {
                    EXPECT_LT(step.kernel, plan.kernels.size());
                    EXPECT_GT(step.grid.volume(), 0u) << variant.id() << ' ' << text;
                    EXPECT_LE(step.grid.y, 65535u);
                    EXPECT_LE(step.grid.z, 65535u);
                    EXPECT_LE(step.block.volume(), 1024u);
                    EXPECT_LE(step.shared_bytes, device.shared_bytes_per_block);
                    for (const Operand& operand : step.operands)
                        if (const auto* scratch = std::get_if<ScratchOperand>(&operand)) {
                            EXPECT_LT(scratch->index, plan.scratch.size());
                        }
                }
            }
    }
}

TEST(AttentionRows, DecodeIsCutAlongTheKeys) {
    DeviceInfo device;
    device.compute_units = 132;
    device.shared_bytes_per_block = 200 << 10;
    const auto problem = operation().parse("batch=1 heads=64 kv_heads=8 seq_q=1 seq_k=32768 head_dim=128 bf16");
    for (const Variant& variant : operation().variants()) {
        if (variant.algorithm != "flash" || !variant.supports_problem(device, *problem)) continue;
        const Plan plan = variant.plan(device, *problem);
        ASSERT_EQ(plan.steps.size(), 2u);
        EXPECT_GE(plan.steps[0].grid.volume(), 264u) << variant.id();
    }
}

}  // namespace
}  // namespace stele::attention::attention_problem_test
