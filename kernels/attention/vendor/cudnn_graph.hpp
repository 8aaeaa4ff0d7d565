// Operations on tensors, put together as a graph for cuDNN to find one kernel for.
#pragma once

#include <array>
#include <deque>
#include <vector>

#include "kernels/attention/vendor/cudnn_descriptor.hpp"

namespace stele::cudnn {

using Axes = std::array<std::int64_t, 4>;

/// A tensor of a graph: its descriptor and its extents.
struct GraphTensor {
    const Descriptor* descriptor = nullptr;
    Axes extent{};
};

/// Rows of rows: the strides of a tensor without gaps, in elements.
constexpr Axes packed_strides(const Axes& extent) {
    return {extent[1] * extent[2] * extent[3], extent[2] * extent[3], extent[3], 1};
}

/// Makes a graph's descriptors and owns them. All members throw DeviceError.
class GraphBuilder {
public:
    explicit GraphBuilder(const Cudnn& library) : library_(library) {}

    /// A tensor in the device's memory; execution finds its address by `id`. Strides in elements. `ragged`, if any:
    /// where each batch begins instead, in elements.
    GraphTensor in_memory(std::int64_t id, DataType type, const Axes& extent, const Axes& stride,
                          const GraphTensor* ragged = nullptr);
    /// One value in the host's memory, read at each execution.
    GraphTensor scalar(std::int64_t id, DataType type);
    /// What passes from one operation to the next and is never in memory.
    GraphTensor passing(DataType type, const Axes& extent);
    GraphTensor passing(DataType type, const Axes& extent, const Axes& stride);

    /// Where lengths differ by batch: i32 [batch, 1, 1, 1]. Null: none.
    struct Lengths {
        const GraphTensor *m = nullptr, *n = nullptr, *k = nullptr;
    };
    /// c[…, m, n] = a[…, m, k] b[…, k, n], sums in f32.
    void matmul(const GraphTensor& a, const GraphTensor& b, const GraphTensor& c, const Lengths& lengths);
    void matmul(const GraphTensor& a, const GraphTensor& b, const GraphTensor& c) { matmul(a, b, c, {}); }
    /// The number of each element of x along an axis, i32.
    GraphTensor index(const GraphTensor& x, std::int64_t axis);
    /// y = mode(x), or mode(x, b).
    void pointwise(Pointwise mode, DataType precision, const GraphTensor& x, const GraphTensor* b,
                   const GraphTensor& y);
    /// y = t ? x : b.
    void select(const GraphTensor& t, const GraphTensor& x, const GraphTensor& b, const GraphTensor& y);
    /// y is x, reduced along the axes where y has the extent 1.
    void reduce(Reduction reduction, const GraphTensor& x, const GraphTensor& y);
    /// y[batch, …] = the pages of `container` that `table` [batch, 1, pages, 1] names, end to end.
    void load_pages(const GraphTensor& container, const GraphTensor& table, const GraphTensor& lengths,
                    const GraphTensor& y);

    /// The finished graph. Null `handle`: for no device, as long as nothing is executed.
    Descriptor finish(Handle handle);

private:
    Descriptor& made(DescriptorType type, const char* name) { return owned_.emplace_back(library_, type, name); }
    /// With its attributes set but for what makes it more than memory.
    Descriptor& tensor(std::int64_t id, DataType type, const Axes& extent, const Axes& stride);
    /// With its mode and inputs set.
    Descriptor& pointwise_operation(Pointwise mode, DataType precision, const GraphTensor& x, const GraphTensor* b);
    void add(Descriptor& operation);

    const Cudnn& library_;
    std::deque<Descriptor> owned_;
    std::vector<RawDescriptor> operations_;
    std::int64_t next_id_ = 1000;  // of tensors that nobody asks for
};

}  // namespace stele::cudnn
