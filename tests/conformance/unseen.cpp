#include "tests/conformance/unseen.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "harness/measure/runner.hpp"
#include "kernels/attention/problem.hpp"
#include "kernels/sparse_attention/problem.hpp"
#include "tests/support/run_on.hpp"

namespace stele {
namespace {

/// Which keys a query sees, and the sizes.
struct Sight {
    attention::Shape shape;
    attention::VisibleKeys keys;
    bool has_blocks;
};

// Tiles of which some rows see a part; keys split over blocks; a mask that drops whole blocks.
constexpr std::string_view dense_texts[] = {
    "batch=1 heads=4 kv_heads=2 seq_q=40 seq_k=50 head_dim=64 {} causal",
    "batch=1 heads=2 kv_heads=1 seq_q=130 seq_k=100 head_dim=128 {} causal",
    "batch=1 heads=1 kv_heads=1 seq_q=20 seq_k=1031 head_dim=64 {} causal",
    "batch=1 heads=2 kv_heads=1 seq_q=70 seq_k=120 head_dim=64 {} causal window=20",
    "batch=1 heads=2 kv_heads=1 seq_q=40 seq_k=50 head_dim=256 {} causal",
    "batch=1 heads=3 kv_heads=1 seq_q=30 seq_k=40 head_dim=576 {} causal latent=512",
};
constexpr std::string_view sparse_texts[] = {
    "batch=1 heads=4 kv_heads=2 seq_q=130 seq_k=190 head_dim=64 {} causal block=64 density=0.5 pattern=random",
    "batch=1 heads=8 kv_heads=2 seq_q=140 seq_k=260 head_dim=128 {} block=64 density=0.4 pattern=random",
};

bool is_sparse(const Variant& variant) { return variant.operation == "sparse_attention"; }

Sight sight_of(const Problem& problem, const Variant& variant) {
    if (!is_sparse(variant)) {
        const attention::Shape& shape = attention::shape_of(problem);
        return {shape, attention::dense_visibility(shape), false};
    }
    const auto& sparse = sparse_attention::as_sparse_attention(problem);
    const auto& mask = sparse.mask();
    return {sparse.shape(), sparse_attention::visibility(sparse.shape(), sparse.grid(), mask.row_begin, mask.column),
            true};
}

/// Keys that are spoilt: the last ones, which late queries alone see, those near which the first query's window ends,
/// and all of one mask block.
bool is_spoilt(const Sight& sight, std::int64_t key) {
    if (sight.shape.window > 0 && key / 8 == (sight.shape.seq_k - sight.shape.seq_q) / 8) return true;
    return (sight.shape.causal && key >= sight.shape.seq_k - 15) || (sight.has_blocks && key / 64 == 1);
}

void spoil(const Sight& sight, Tensor& tensor) {
    const attention::Shape& shape = sight.shape;
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const double values[] = {std::nan(""), infinity, -infinity};
    for (std::size_t i = 0; i < tensor.spec.elements(); ++i) {
        const std::int64_t key = static_cast<std::int64_t>(i) / shape.head_dim % shape.seq_k;
        if (is_spoilt(sight, key)) tensor.set(i, values[(i + static_cast<std::size_t>(key)) % 3]);
    }
}

std::string check(const Tensor& got, const Expected& expected, std::size_t index) {
    const double value = got.at(index), right = expected.value[index];
    if (value == right || std::abs(value - right) <= expected.bound[index]) return {};
    return fmt::format("{}[{}] is {}, not {}", got.spec.name, index, value, right);
}

/// The first wrong element among rows that see nothing spoilt; counts those rows.
std::string wrong_row(const Sight& sight, const std::vector<Tensor>& outputs, const std::vector<Expected>& expected,
                      std::size_t& clean_rows) {
    const attention::Shape& shape = sight.shape;
    const auto value_dim = static_cast<std::size_t>(shape.value_dim());
    for (std::int64_t row = 0; row < shape.rows(); ++row) {
        std::vector<std::int32_t> keys;
        sight.keys(row / shape.seq_q / shape.heads, row / shape.seq_q % shape.heads, row % shape.seq_q, keys);
        if (std::ranges::any_of(keys, [&](std::int32_t key) { return is_spoilt(sight, key); })) continue;
        ++clean_rows;
        const auto at = static_cast<std::size_t>(row);
        if (std::string wrong = check(outputs[1], expected[1], at); !wrong.empty()) return wrong;
        for (std::size_t d = 0; d < value_dim; ++d)
            if (std::string wrong = check(outputs[0], expected[0], at * value_dim + d); !wrong.empty()) return wrong;
    }
    return {};
}

}  // namespace

bool has_unseen_keys(const Variant& variant) { return variant.operation == "attention" || is_sparse(variant); }

void check_unseen_keys(Device& device, const Variant& variant, const Operation& operation) {
    SamplerOptions options;
    options.cell_timeout_seconds = 600;
    const std::span<const std::string_view> texts = is_sparse(variant) ? std::span<const std::string_view>(sparse_texts)
                                                                       : std::span<const std::string_view>(dense_texts);
    std::size_t ran = 0;
    for (const std::string_view text : texts)
        for (const char* dtype : {"f32", "f16", "bf16", "e4m3"}) {
            const bool is_narrow = std::string_view(dtype) == "e4m3";
            if (is_narrow && (is_sparse(variant) || text.find("latent=") != text.npos)) continue;
            const auto problem = operation.parse(fmt::format(fmt::runtime(text), dtype));
            if (!variant.supports(device.info(), *problem)) continue;
            ++ran;
            const Sight sight = sight_of(*problem, variant);
            std::vector<Tensor> inputs = problem->inputs(options.seed, options.fill);
            const std::vector<Expected> expected = problem->reference(inputs, variant.arithmetic_for(*problem));
            ASSERT_TRUE(expected[0].sampled.empty());
            for (const char* name : {"K", "V"})
                if (const auto tensor = attention::tensor_index(sight.shape, name)) spoil(sight, inputs[*tensor]);
            const GivenRun run = test::run_given_on({&variant, problem.get(), &device}, inputs, options);
            ASSERT_EQ(run.outputs.size(), 2u) << problem->id() << ": " << run.measurement.verdict.reason;
            std::size_t clean_rows = 0;
            EXPECT_EQ(wrong_row(sight, run.outputs, expected, clean_rows), "") << problem->id();
            EXPECT_GT(clean_rows, 0u) << problem->id();
            EXPECT_LT(clean_rows, static_cast<std::size_t>(sight.shape.rows())) << problem->id();
        }
    if (ran == 0) GTEST_SKIP() << "all problems of " << variant.id() << " were skipped on " << device.info().id;
}

}  // namespace stele
