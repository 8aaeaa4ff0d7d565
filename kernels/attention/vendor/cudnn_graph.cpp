#include "kernels/attention/vendor/cudnn_graph.hpp"

namespace stele::cudnn {
namespace {

constexpr std::int64_t alignment_bytes = 16;

}  // namespace

Descriptor& GraphBuilder::tensor(std::int64_t id, DataType type, const Axes& extent, const Axes& stride) {
    Descriptor& descriptor = made(DescriptorType::tensor, "tensor");
    descriptor.set(Attribute::tensor_type, type);
    descriptor.set(Attribute::tensor_extents, std::span<const std::int64_t>(extent));
    descriptor.set(Attribute::tensor_strides, std::span<const std::int64_t>(stride));
    descriptor.set(Attribute::tensor_id, id);
    descriptor.set(Attribute::tensor_alignment, alignment_bytes);
    return descriptor;
}

GraphTensor GraphBuilder::in_memory(std::int64_t id, DataType type, const Axes& extent, const Axes& stride,
                                    const GraphTensor* ragged) {
    Descriptor& descriptor = tensor(id, type, extent, stride);
    if (ragged) descriptor.set(Attribute::tensor_ragged_offset, *ragged->descriptor);
    descriptor.finalize();
    return {&descriptor, extent};
}

GraphTensor GraphBuilder::scalar(std::int64_t id, DataType type) {
    constexpr Axes one{1, 1, 1, 1};
    Descriptor& descriptor = tensor(id, type, one, one);
    descriptor.set(Attribute::tensor_is_by_value, true);
    descriptor.finalize();
    return {&descriptor, one};
}

GraphTensor GraphBuilder::passing(DataType type, const Axes& extent) {
    return passing(type, extent, packed_strides(extent));
}

GraphTensor GraphBuilder::passing(DataType type, const Axes& extent, const Axes& stride) {
    Descriptor& descriptor = tensor(next_id_++, type, extent, stride);
    descriptor.set(Attribute::tensor_is_virtual, true);
    descriptor.finalize();
    return {&descriptor, extent};
}

void GraphBuilder::matmul(const GraphTensor& a, const GraphTensor& b, const GraphTensor& c, const Lengths& lengths) {
    Descriptor& matmul = made(DescriptorType::matmul, "matmul");
    matmul.set(Attribute::matmul_precision, DataType::f32);
    // Beyond the lengths 0 is read, whatever the memory holds.
    if (lengths.m) matmul.set(Attribute::matmul_padding, 0.0);
    matmul.finalize();
    Descriptor& operation = made(DescriptorType::matmul_operation, "matmul's operation");
    operation.set(Attribute::matmul_a, *a.descriptor);
    operation.set(Attribute::matmul_b, *b.descriptor);
    operation.set(Attribute::matmul_c, *c.descriptor);
    operation.set(Attribute::matmul_of_operation, matmul);
    if (lengths.m) operation.set(Attribute::matmul_m_override, *lengths.m->descriptor);
    if (lengths.n) operation.set(Attribute::matmul_n_override, *lengths.n->descriptor);
    if (lengths.k) operation.set(Attribute::matmul_k_override, *lengths.k->descriptor);
    add(operation);
}

Descriptor& GraphBuilder::pointwise_operation(Pointwise mode, DataType precision, const GraphTensor& x,
                                              const GraphTensor* b) {
    Descriptor& pointwise = made(DescriptorType::pointwise, "pointwise");
    pointwise.set(Attribute::pointwise_mode, mode);
    pointwise.set(Attribute::pointwise_precision, precision);
    pointwise.finalize();
    Descriptor& operation = made(DescriptorType::pointwise_operation, "pointwise operation");
    operation.set(Attribute::pointwise_of_operation, pointwise);
    operation.set(Attribute::pointwise_x, *x.descriptor);
    if (b) operation.set(Attribute::pointwise_b, *b->descriptor);
    return operation;
}

void GraphBuilder::pointwise(Pointwise mode, DataType precision, const GraphTensor& x, const GraphTensor* b,
                             const GraphTensor& y) {
    Descriptor& operation = pointwise_operation(mode, precision, x, b);
    operation.set(Attribute::pointwise_y, *y.descriptor);
    add(operation);
}

void GraphBuilder::select(const GraphTensor& t, const GraphTensor& x, const GraphTensor& b, const GraphTensor& y) {
    Descriptor& operation = pointwise_operation(Pointwise::select, DataType::f32, x, &b);
    operation.set(Attribute::pointwise_t, *t.descriptor);
    operation.set(Attribute::pointwise_y, *y.descriptor);
    add(operation);
}

GraphTensor GraphBuilder::index(const GraphTensor& x, std::int64_t axis) {
    const GraphTensor y = passing(DataType::i32, x.extent);
    Descriptor& pointwise = made(DescriptorType::pointwise, "index");
    pointwise.set(Attribute::pointwise_mode, Pointwise::index);
    pointwise.set(Attribute::pointwise_precision, DataType::f32);
    pointwise.set(Attribute::pointwise_axis, axis);
    pointwise.finalize();
    Descriptor& operation = made(DescriptorType::pointwise_operation, "index operation");
    operation.set(Attribute::pointwise_of_operation, pointwise);
    operation.set(Attribute::pointwise_x, *x.descriptor);
    operation.set(Attribute::pointwise_y, *y.descriptor);
    add(operation);
    return y;
}

void GraphBuilder::reduce(Reduction reduction, const GraphTensor& x, const GraphTensor& y) {
    Descriptor& descriptor = made(DescriptorType::reduction, "reduction");
    descriptor.set(Attribute::reduction_precision, DataType::f32);
    descriptor.set(Attribute::reduction_operator, reduction);
    descriptor.finalize();
    Descriptor& operation = made(DescriptorType::reduction_operation, "reduction's operation");
    operation.set(Attribute::reduction_of_operation, descriptor);
    operation.set(Attribute::reduction_x, *x.descriptor);
    operation.set(Attribute::reduction_y, *y.descriptor);
    add(operation);
}

void GraphBuilder::load_pages(const GraphTensor& container, const GraphTensor& table, const GraphTensor& lengths,
                              const GraphTensor& y) {
    Descriptor& operation = made(DescriptorType::paged_load_operation, "pages' operation");
    operation.set(Attribute::paged_container, *container.descriptor);
    operation.set(Attribute::paged_table, *table.descriptor);
    operation.set(Attribute::paged_sequence, *lengths.descriptor);
    operation.set(Attribute::paged_y, *y.descriptor);
    add(operation);
}

void GraphBuilder::add(Descriptor& operation) {
    operation.finalize();
    operations_.push_back(operation.raw());
}

Descriptor GraphBuilder::finish(Handle handle) {
    Descriptor graph(library_, DescriptorType::operation_graph, "operation graph");
    if (handle) graph.set(Attribute::graph_handle, handle);
    graph.set(Attribute::graph_operations, std::span<const RawDescriptor>(operations_));
    graph.finalize();
    return graph;
}

}  // namespace stele::cudnn
