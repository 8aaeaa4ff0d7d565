#include "kernels/attention/vendor/cudnn_attention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "backends/error.hpp"

namespace stele::attention {
namespace {

using namespace cudnn;

constexpr std::size_t most_plans = 4;  // each is compiled when it is made, for a third of a second or more

constexpr std::int64_t id(CudnnTensor tensor) { return static_cast<std::int64_t>(tensor); }

/// Sequences that do not all have the queries and keys that the extents say.
bool has_lengths(const Shape& shape) { return shape.is_packed() || shape.is_paged(); }

/// A single query, being the last, sees all keys.
bool has_mask(const Shape& shape) { return shape.causal && shape.seq_q > 1; }

/// Of each sequence, or of the whole.
struct Lengths {
    GraphTensor q, k;
};

/// y = mode(x, b), as large as x.
GraphTensor combined(GraphBuilder& builder, Pointwise mode, DataType type, const GraphTensor& x, const GraphTensor& b) {
    const GraphTensor y = builder.passing(type, x.extent);
    builder.pointwise(mode, type, x, &b, y);
    return y;
}

GraphTensor selected(GraphBuilder& builder, const GraphTensor& seen, const GraphTensor& scores,
                     const GraphTensor& masked) {
    const GraphTensor out = builder.passing(DataType::f32, scores.extent);
    builder.select(seen, scores, masked, out);
    return out;
}

/// Without rows and keys past the lengths.
GraphTensor cut_scores(GraphBuilder& builder, const Lengths& lengths, const GraphTensor& scores,
                       const GraphTensor& masked) {
    const GraphTensor row = builder.index(scores, 2), key = builder.index(scores, 3);
    const GraphTensor in_rows = combined(builder, Pointwise::less, DataType::boolean, row, lengths.q);
    const GraphTensor in_keys = combined(builder, Pointwise::less, DataType::boolean, key, lengths.k);
    return selected(builder, combined(builder, Pointwise::logical_and, DataType::boolean, in_rows, in_keys), scores,
                    masked);
}

/// Without keys after the last one that a query sees; the last query sees the last key.
GraphTensor causal_scores(GraphBuilder& builder, const Lengths* lengths, const GraphTensor& scores,
                          const GraphTensor& masked) {
    GraphTensor last = builder.index(scores, 2);
    if (lengths) {
        last = combined(builder, Pointwise::add, DataType::i32, last, lengths->k);
        last = combined(builder, Pointwise::subtract, DataType::i32, last, lengths->q);
    }
    const GraphTensor key = builder.index(scores, 3);
    return selected(builder, combined(builder, Pointwise::greater_equal, DataType::boolean, last, key), scores, masked);
}

/// Without keys that lie a window or more before the last one that a query sees.
GraphTensor windowed_scores(GraphBuilder& builder, const Lengths* lengths, const GraphTensor& scores,
                            const GraphTensor& masked) {
    const GraphTensor row = builder.index(scores, 2);
    GraphTensor end = builder.index(scores, 3);
    // As cudnn-frontend asks for it: in f32 where one number says it.
    const DataType type = lengths ? DataType::i32 : DataType::f32;
    end = combined(builder, Pointwise::add, type, end, builder.scalar(id(CudnnTensor::window), type));
    if (lengths) {
        end = combined(builder, Pointwise::subtract, DataType::i32, end, lengths->k);
        end = combined(builder, Pointwise::add, DataType::i32, end, lengths->q);
    }
    return selected(builder, combined(builder, Pointwise::greater, DataType::boolean, end, row), scores, masked);
}

/// P of scores, in `type`; lse goes to memory.
GraphTensor softmax(GraphBuilder& builder, const GraphTensor& scores, const GraphTensor& lse, DataType type) {
    const GraphTensor row_max = builder.passing(DataType::f32, lse.extent);
    const GraphTensor row_sum = builder.passing(DataType::f32, lse.extent);
    const GraphTensor log_sum = builder.passing(DataType::f32, lse.extent);
    const GraphTensor weights = builder.passing(DataType::f32, scores.extent);
    const GraphTensor p = builder.passing(type, scores.extent);
    builder.reduce(Reduction::max, scores, row_max);
    const GraphTensor below = combined(builder, Pointwise::subtract, DataType::f32, scores, row_max);
    builder.pointwise(Pointwise::exp, DataType::f32, below, nullptr, weights);
    builder.reduce(Reduction::sum, weights, row_sum);
    builder.pointwise(Pointwise::log, DataType::f32, row_sum, nullptr, log_sum);
    builder.pointwise(Pointwise::add, DataType::f32, row_max, &log_sum, lse);
    builder.pointwise(Pointwise::divide, DataType::f32, weights, &row_sum, p);
    return p;
}

/// Kᵀ: the same memory, its last axes exchanged.
constexpr Axes exchanged(const Axes& axes) { return {axes[0], axes[1], axes[3], axes[2]}; }

/// A problem's tensors in memory, as the graph's operations see them: K already transposed.
class Memory {
public:
    Memory(GraphBuilder& builder, const Shape& shape)
        : builder_(builder),
          shape_(shape),
          type_(shape.dtype == Dtype::f16 ? DataType::f16 : DataType::bf16),
          keys_{shape.batch, shape.kv_heads, shape.seq_k, shape.head_dim} {}

    DataType type() const { return type_; }
    GraphTensor table(CudnnTensor tensor, DataType type, std::int64_t rows) {
        return builder_.in_memory(id(tensor), type, {rows, 1, 1, 1}, {1, 1, 1, 1});
    }
    /// Q or O.
    GraphTensor queries(CudnnTensor tensor) {
        const Axes extent{shape_.batch, shape_.heads, shape_.seq_q, shape_.head_dim};
        return rows_of(tensor, type_, extent, CudnnTensor::q_begins, shape_.all_queries());
    }
    GraphTensor lse() {
        const Axes extent{shape_.batch, shape_.heads, shape_.seq_q, 1};
        return rows_of(CudnnTensor::lse, DataType::f32, extent, CudnnTensor::lse_begins, shape_.all_queries());
    }
    GraphTensor keys_transposed(const GraphTensor* lengths) { return keys(CudnnTensor::k, true, lengths); }
    GraphTensor values(const GraphTensor* lengths) { return keys(CudnnTensor::v, false, lengths); }

private:
    /// [batch, heads, rows, columns] without gaps; packed, [heads, all_rows, columns] from where a sequence begins.
    GraphTensor rows_of(CudnnTensor tensor, DataType type, const Axes& extent, CudnnTensor begins,
                        std::int64_t all_rows, bool transposed = false) {
        Axes strides = packed_strides(extent);
        std::optional<GraphTensor> ragged;
        if (shape_.is_packed()) {
            strides[1] = all_rows * extent[3];
            ragged = once(begins);
        }
        return builder_.in_memory(id(tensor), type, transposed ? exchanged(extent) : extent,
                                  transposed ? exchanged(strides) : strides, ragged ? &*ragged : nullptr);
    }

    GraphTensor keys(CudnnTensor tensor, bool transposed, const GraphTensor* lengths) {
        if (!shape_.is_paged())
            return rows_of(tensor, type_, keys_, CudnnTensor::k_begins, shape_.all_keys(), transposed);
        const Axes pool{shape_.pool_pages(), shape_.kv_heads, shape_.page, shape_.head_dim};
        const GraphTensor container = builder_.in_memory(id(tensor), type_, pool, packed_strides(pool));
        const Axes strides = packed_strides(keys_);
        const GraphTensor loaded =
            builder_.passing(type_, transposed ? exchanged(keys_) : keys_, transposed ? exchanged(strides) : strides);
        if (!page_table_.descriptor) {
            // The last column is one that no sequence uses.
            const std::int64_t columns = shape_.table_pages();
            page_table_ = builder_.in_memory(id(CudnnTensor::page_table), DataType::i32,
                                             {shape_.batch, 1, columns - 1, 1}, {columns, columns, 1, 1});
        }
        builder_.load_pages(container, page_table_, *lengths, loaded);
        return loaded;
    }

    GraphTensor once(CudnnTensor begins) {
        GraphTensor& made = begins == CudnnTensor::q_begins   ? q_begins_
                            : begins == CudnnTensor::k_begins ? k_begins_
                                                              : lse_begins_;
        if (!made.descriptor) made = table(begins, DataType::i64, shape_.batch + 1);
        return made;
    }

    GraphBuilder& builder_;
    const Shape& shape_;
    DataType type_;
    Axes keys_;
    GraphTensor page_table_, q_begins_, k_begins_, lse_begins_;
};

Descriptor graph_of(GraphBuilder& builder, Handle handle, const Shape& shape) {
    Memory memory(builder, shape);
    std::optional<Lengths> of_sequences, of_whole;
    if (has_lengths(shape))
        of_sequences = {memory.table(CudnnTensor::q_lengths, DataType::i32, shape.batch),
                        memory.table(CudnnTensor::k_lengths, DataType::i32, shape.batch)};
    const Lengths* lengths = of_sequences ? &*of_sequences : nullptr;
    const GraphTensor *q_lengths = lengths ? &lengths->q : nullptr, *k_lengths = lengths ? &lengths->k : nullptr;

    const Axes score_extent{shape.batch, shape.heads, shape.seq_q, shape.seq_k};
    const GraphTensor products = builder.passing(DataType::f32, score_extent);
    const GraphTensor q = memory.queries(CudnnTensor::q), k = memory.keys_transposed(k_lengths);
    builder.matmul(q, k, products, {q_lengths, k_lengths, nullptr});
    const GraphTensor scale = builder.scalar(id(CudnnTensor::scale), DataType::f32);
    GraphTensor scores = combined(builder, Pointwise::multiply, DataType::f32, products, scale);
    GraphTensor masked;
    if (lengths || has_mask(shape) || shape.window > 0) masked = builder.scalar(id(CudnnTensor::masked), DataType::f32);
    if (lengths) scores = cut_scores(builder, *lengths, scores, masked);
    if (has_mask(shape)) {
        if (!lengths && shape.seq_q != shape.seq_k)
            of_whole = {builder.scalar(id(CudnnTensor::seq_q), DataType::i32),
                        builder.scalar(id(CudnnTensor::seq_k), DataType::i32)};
        scores = causal_scores(builder, of_whole ? &*of_whole : lengths, scores, masked);
    }
    if (shape.window > 0) scores = windowed_scores(builder, lengths, scores, masked);
    const GraphTensor p = softmax(builder, scores, memory.lse(), memory.type());
    const GraphTensor v = memory.values(k_lengths);
    builder.matmul(p, v, memory.queries(CudnnTensor::o), {q_lengths, nullptr, k_lengths});
    return builder.finish(handle);
}

/// Where each sequence's rows begin, `row` elements each, and where the last one's end.
template <typename RowsOf>
std::vector<std::int64_t> begins(std::int64_t batch, std::int64_t row, RowsOf&& rows_of) {
    std::vector<std::int64_t> out{0};
    for (std::int64_t sequence = 0; sequence < batch; ++sequence) out.push_back(out.back() + row * rows_of(sequence));
    return out;
}

}  // namespace

CudnnGraph::CudnnGraph(const Cudnn& library, Handle handle, const Shape& shape)
    : library_(library), handle_(handle), builder_(library), graph_(graph_of(builder_, handle, shape)) {}

std::vector<Descriptor> CudnnGraph::configurations(const Descriptor* device) const {
    std::optional<DeviceError> refusal;
    for (const HeuristicsMode mode : {HeuristicsMode::best, HeuristicsMode::fallback}) try {
            Descriptor heuristics(library_, DescriptorType::heuristics, "heuristics");
            heuristics.set(Attribute::heuristics_graph, graph_);
            heuristics.set(Attribute::heuristics_mode, mode);
            if (device) heuristics.set(Attribute::heuristics_device, *device);
            heuristics.finalize();
            std::vector<Descriptor> found = heuristics.descriptors(
                Attribute::heuristics_results, DescriptorType::engine_config, "engine configuration");
            if (!found.empty()) return found;
        } catch (const DeviceError& error) {
            if (!refusal) refusal = error;
        }
    if (refusal) throw *refusal;
    return {};
}

Descriptor CudnnGraph::plan(const Descriptor& configuration, const Descriptor* device) const {
    Descriptor plan(library_, DescriptorType::execution_plan, "execution plan");
    if (handle_) plan.set(Attribute::plan_handle, handle_);
    plan.set(Attribute::plan_config, configuration);
    if (device) plan.set(Attribute::plan_device, *device);
    plan.finalize();
    return plan;
}

CudnnAttention::CudnnAttention(const Cudnn& library, const Shape& shape, std::size_t workspace_bytes,
                               CudnnDriver driver)
    : library_(library),
      shape_(shape),
      workspace_bytes_(workspace_bytes),
      driver_(std::move(driver)),
      scale_(shape.softmax_scale),
      masked_(-std::numeric_limits<float>::infinity()),
      seq_q_(static_cast<std::int32_t>(shape.seq_q)),
      seq_k_(static_cast<std::int32_t>(shape.seq_k)),
      window_(static_cast<std::int32_t>(shape.window)),
      shifted_window_(static_cast<float>(shape.window - shape.seq_k + shape.seq_q)),
      handle_(nullptr, library.destroy) {}

void CudnnAttention::operator()(const CudnnOperands& operands, Stream stream) {
    if (!plan_) prepare(operands, stream);
    execute(*plan_, operands);
}

void CudnnAttention::prepare(const CudnnOperands& operands, Stream stream) {
    Handle made = nullptr;
    library_.check(library_.create(&made), "cudnnCreate");
    handle_.reset(made);
    library_.check(library_.set_stream(made, stream), "cudnnSetStream");
    graph_ = std::make_unique<CudnnGraph>(library_, made, shape_);
    make_tables();

    std::vector<Descriptor> plans;
    std::string refusals;
    for (const Descriptor& configuration : graph_->configurations()) {
        if (plans.size() == most_plans) break;
        try {
            Descriptor plan = graph_->plan(configuration);
            const auto wanted = static_cast<std::size_t>(plan.number(Attribute::plan_workspace));
            if (wanted <= workspace_bytes_)
                plans.push_back(std::move(plan));
            else
                refusals +=
                    fmt::format("; a plan wants a workspace of {} bytes, and there are {}", wanted, workspace_bytes_);
        } catch (const DeviceError& error) {
            refusals += fmt::format("; {}", error.what());
        }
    }
    if (plans.empty())
        throw DeviceError(fmt::format("cuDNN {} has no plan for attention of {}{}", library_.version_text(),
                                      shape_text(shape_), refusals),
                          0, "");
    std::size_t best = 0;
    float shortest = std::numeric_limits<float>::infinity();
    for (std::size_t i = 0; i < plans.size() && plans.size() > 1; ++i) {
        const float time = driver_.time(stream, [&] { execute(plans[i], operands); });
        if (time >= shortest) continue;
        shortest = time;
        best = i;
    }
    plan_ = std::make_unique<Descriptor>(std::move(plans[best]));
}

void CudnnAttention::make_tables() {
    const auto add = [&]<typename T>(CudnnTensor tensor, const std::vector<T>& values) {
        tables_.emplace_back(tensor, driver_.copy(std::as_bytes(std::span(values))));
    };
    const auto queries = [&](std::int64_t sequence) { return shape_.queries_of(sequence); };
    const auto keys = [&](std::int64_t sequence) { return shape_.keys_of(sequence); };
    if (has_lengths(shape_)) {
        std::vector<std::int32_t> q_lengths, k_lengths;
        for (std::int64_t sequence = 0; sequence < shape_.batch; ++sequence) {
            q_lengths.push_back(static_cast<std::int32_t>(queries(sequence)));
            k_lengths.push_back(static_cast<std::int32_t>(keys(sequence)));
        }
        add(CudnnTensor::q_lengths, q_lengths);
        add(CudnnTensor::k_lengths, k_lengths);
    }
    if (!shape_.is_packed()) return;
    add(CudnnTensor::q_begins, begins(shape_.batch, shape_.head_dim, queries));
    add(CudnnTensor::lse_begins, begins(shape_.batch, 1, queries));
    if (!shape_.is_paged()) add(CudnnTensor::k_begins, begins(shape_.batch, shape_.head_dim, keys));
}

void CudnnAttention::execute(const Descriptor& plan, const CudnnOperands& operands) const {
    // Addresses as the library takes them: of the device's memory, and of host values that it only reads.
    std::vector<std::int64_t> ids;
    std::vector<void*> addresses;
    const auto give = [&](CudnnTensor tensor, const void* address) {
        ids.push_back(id(tensor));
        addresses.push_back(const_cast<void*>(address));
    };
    give(CudnnTensor::q, operands.q);
    give(CudnnTensor::k, operands.k);
    give(CudnnTensor::v, operands.v);
    give(CudnnTensor::o, operands.o);
    give(CudnnTensor::lse, operands.lse);
    give(CudnnTensor::scale, &scale_);
    if (shape_.is_paged()) give(CudnnTensor::page_table, operands.page_table);
    for (const auto& [tensor, table] : tables_) give(tensor, table.get());
    if (has_lengths(shape_) || has_mask(shape_) || shape_.window > 0) give(CudnnTensor::masked, &masked_);
    if (has_mask(shape_) && !has_lengths(shape_) && shape_.seq_q != shape_.seq_k) {
        give(CudnnTensor::seq_q, &seq_q_);
        give(CudnnTensor::seq_k, &seq_k_);
    }
    if (shape_.window > 0) {
        if (has_lengths(shape_))
            give(CudnnTensor::window, &window_);
        else
            give(CudnnTensor::window, &shifted_window_);
    }
    Descriptor pack(library_, DescriptorType::variant_pack, "variant pack");
    pack.set(Attribute::pack_ids, std::span<const std::int64_t>(ids));
    pack.set(Attribute::pack_pointers, std::span<void* const>(addresses));
    pack.set(Attribute::pack_workspace, operands.workspace);
    pack.finalize();
    library_.check(library_.execute(handle_.get(), plan.raw(), pack.raw()), "cudnnBackendExecute");
}

}  // namespace stele::attention
