#include "tests/conformance/batch_order.hpp"

#include <cstring>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernels/attention/layout.hpp"
#include "tests/support/run_on.hpp"

namespace stele {
namespace {

/// A problem, and the same with its sequences in reverse order.
struct Pair {
    std::string_view text, reversed;
};

constexpr Pair pairs[] = {
    {"batch=3 heads=4 kv_heads=2 seq_q=2 seq_k=70 head_dim=64 {} causal",
     "batch=3 heads=4 kv_heads=2 seq_q=2 seq_k=70 head_dim=64 {} causal"},
    {"batch=3 heads=4 kv_heads=2 seq_q=1 seq_k=300 head_dim=64 {} page=16 lengths=300,5,40",
     "batch=3 heads=4 kv_heads=2 seq_q=1 seq_k=300 head_dim=64 {} page=16 lengths=40,5,300"},
    {"batch=3 heads=4 kv_heads=2 seq_q=9 seq_k=70 head_dim=64 {} causal lengths=5,70,40",
     "batch=3 heads=4 kv_heads=2 seq_q=9 seq_k=70 head_dim=64 {} causal lengths=40,70,5"},
    {"batch=3 heads=4 kv_heads=1 seq_q=2 seq_k=90 head_dim=576 {} causal latent=512 page=16 lengths=5,90,40",
     "batch=3 heads=4 kv_heads=1 seq_q=2 seq_k=90 head_dim=576 {} causal latent=512 page=16 lengths=40,90,5"},
};

void copy_row(Tensor& to, std::int64_t to_row, const Tensor& from, std::int64_t from_row, std::int64_t head_dim) {
    const std::size_t bytes = static_cast<std::size_t>(head_dim) * size_of(to.spec.dtype);
    std::memcpy(&to.data[static_cast<std::size_t>(to_row) * bytes],
                &from.data[static_cast<std::size_t>(from_row) * bytes], bytes);
}

/// `inputs` of `shape` as those of the problem with the sequences reversed.
std::vector<Tensor> reversed(const attention::Shape& shape, const std::vector<Tensor>& inputs, const Problem& other) {
    std::vector<Tensor> out = other.inputs(1, Fill::normal);
    const attention::Shape& turned = attention::shape_of(other);
    std::vector<std::size_t> of_keys;
    for (const char* name : {"K", "V"})
        if (const auto tensor = attention::tensor_index(shape, name)) of_keys.push_back(*tensor);
    if (shape.is_paged()) {
        for (const std::size_t same : of_keys) out[same] = inputs[same];
        const std::size_t index = *attention::tensor_index(shape, "page_table");
        for (std::int64_t sequence = 0; sequence < shape.batch; ++sequence)
            copy_row(out[index], sequence, inputs[index], shape.batch - 1 - sequence, shape.table_pages());
    }
    const attention::Layout from(shape, attention::page_table_of(shape, inputs));
    const attention::Layout to(turned, attention::page_table_of(turned, out));
    for (std::int64_t sequence = 0; sequence < shape.batch; ++sequence) {
        const std::int64_t before = shape.batch - 1 - sequence;
        for (std::int64_t head = 0; head < shape.heads; ++head)
            for (std::int64_t query = 0; query < turned.queries_of(sequence); ++query)
                copy_row(out[attention::tensor_q], to.query_row(sequence, head, query), inputs[attention::tensor_q],
                         from.query_row(before, head, query), shape.head_dim);
        for (std::int64_t head = 0; head < shape.kv_heads && !shape.is_paged(); ++head)
            for (std::int64_t key = 0; key < turned.keys_of(sequence); ++key)
                for (const std::size_t tensor : of_keys)
                    copy_row(out[tensor], to.key_row(sequence, head, key), inputs[tensor],
                             from.key_row(before, head, key), shape.head_dim);
    }
    return out;
}

/// Bytes of O's and lse's rows of one sequence.
std::vector<std::byte> result(const attention::Shape& shape, const std::vector<Tensor>& outputs,
                              std::int64_t sequence) {
    const attention::Layout layout(shape, {});
    std::vector<std::byte> out;
    for (const Tensor& tensor : outputs) {
        const auto bytes = tensor.data.size() / static_cast<std::size_t>(shape.rows());
        for (std::int64_t head = 0; head < shape.heads; ++head)
            for (std::int64_t query = 0; query < shape.queries_of(sequence); ++query) {
                const auto* row =
                    &tensor.data[static_cast<std::size_t>(layout.query_row(sequence, head, query)) * bytes];
                out.insert(out.end(), row, row + bytes);
            }
    }
    return out;
}

void check_pair(Device& device, const Variant& variant, const Problem& problem, const Problem& other) {
    const attention::Shape &shape = attention::shape_of(problem), &turned = attention::shape_of(other);
    const std::vector<Tensor> inputs = problem.inputs(1, Fill::normal);
    const GivenRun once = test::run_given_on({&variant, &problem, &device}, inputs);
    const GivenRun again = test::run_given_on({&variant, &problem, &device}, inputs);
    const GivenRun after = test::run_given_on({&variant, &other, &device}, reversed(shape, inputs, other));
    for (const GivenRun* run : {&once, &again, &after})
        ASSERT_EQ(run->measurement.verdict.outcome, Outcome::passed)
            << problem.id() << ": " << run->measurement.verdict.reason;
    for (std::int64_t sequence = 0; sequence < shape.batch; ++sequence) {
        EXPECT_EQ(result(shape, once.outputs, sequence), result(shape, again.outputs, sequence)) << problem.id();
        EXPECT_EQ(result(shape, once.outputs, sequence), result(turned, after.outputs, shape.batch - 1 - sequence))
            << problem.id() << ", sequence " << sequence;
    }
}

}  // namespace

bool has_batch_order(const Variant& variant) { return variant.operation == "attention"; }

void check_batch_order(Device& device, const Variant& variant, const Operation& operation) {
    std::size_t ran = 0;
    for (const Pair& pair : pairs)
        for (const char* dtype : {"f16", "f32"}) {
            const auto problem = operation.parse(fmt::format(fmt::runtime(pair.text), dtype));
            const auto other = operation.parse(fmt::format(fmt::runtime(pair.reversed), dtype));
            if (!variant.supports(device.info(), *problem)) continue;
            ++ran;
            check_pair(device, variant, *problem, *other);
            break;
        }
    if (ran == 0) GTEST_SKIP() << "all problems of " << variant.id() << " were skipped on " << device.info().id;
}

}  // namespace stele
