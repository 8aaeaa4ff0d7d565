// A stand-in for libcudnn.so.9, for tests: keeps the backend's rules (attributes are set, then a descriptor is
// finalized, then it is used), writes down operations and executions, and refuses what it is told to. Computes nothing.
#include <cstdint>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "kernels/attention/vendor/cudnn_api.hpp"

namespace stele::cudnn {

struct OpaqueContext {
    Stream stream = nullptr;
};

struct OpaqueDescriptor {
    DescriptorType type;
    bool finalized = false;
    std::map<Attribute, std::vector<char>> values;

    bool has(Attribute attribute) const { return values.contains(attribute); }
    template <typename T>
    std::vector<T> all(Attribute attribute) const {
        const std::vector<char>& bytes = values.at(attribute);
        std::vector<T> out(bytes.size() / sizeof(T));
        std::memcpy(static_cast<void*>(out.data()), bytes.data(), out.size() * sizeof(T));
        return out;
    }
    template <typename T>
    T one(Attribute attribute) const {
        return all<T>(attribute).at(0);
    }
};

namespace {

constexpr Status bad_parameter = 2000, not_finalized = 2004, not_supported = 3000;

struct State {
    std::size_t version = 92801;
    int configurations = 1;
    std::int64_t workspace = 256;
    std::map<DescriptorType, int> refusals;  // so many of a type are not finalized
    bool refuses_handles = false;
    std::string transcript, complaint;
    std::set<OpaqueDescriptor*> alive;
    int handles = 0;
};
State state;

Status complain(Status status, const std::string& words) {
    state.complaint = words;
    return status;
}

std::size_t bytes_of(ValueType type) {
    switch (type) {
        case ValueType::boolean:
        case ValueType::character:
            return 1;
        case ValueType::data_type:
        case ValueType::heuristics_mode:
        case ValueType::pointwise_mode:
        case ValueType::reduction_operator:
            return 4;
        default:
            return 8;
    }
}

const std::map<DescriptorType, std::vector<Attribute>> required{
    {DescriptorType::tensor,
     {Attribute::tensor_type, Attribute::tensor_extents, Attribute::tensor_strides, Attribute::tensor_id,
      Attribute::tensor_alignment}},
    {DescriptorType::matmul, {Attribute::matmul_precision}},
    {DescriptorType::matmul_operation,
     {Attribute::matmul_a, Attribute::matmul_b, Attribute::matmul_c, Attribute::matmul_of_operation}},
    {DescriptorType::pointwise, {Attribute::pointwise_mode, Attribute::pointwise_precision}},
    {DescriptorType::pointwise_operation,
     {Attribute::pointwise_of_operation, Attribute::pointwise_x, Attribute::pointwise_y}},
    {DescriptorType::reduction, {Attribute::reduction_operator, Attribute::reduction_precision}},
    {DescriptorType::reduction_operation,
     {Attribute::reduction_of_operation, Attribute::reduction_x, Attribute::reduction_y}},
    {DescriptorType::paged_load_operation,
     {Attribute::paged_container, Attribute::paged_table, Attribute::paged_sequence, Attribute::paged_y}},
    {DescriptorType::operation_graph, {Attribute::graph_operations, Attribute::graph_handle}},
    {DescriptorType::heuristics, {Attribute::heuristics_graph, Attribute::heuristics_mode}},
    {DescriptorType::execution_plan, {Attribute::plan_handle, Attribute::plan_config}},
    {DescriptorType::variant_pack, {Attribute::pack_ids, Attribute::pack_pointers, Attribute::pack_workspace}},
};

std::int64_t id(const OpaqueDescriptor& operation, Attribute attribute) {
    return operation.one<RawDescriptor>(attribute)->one<std::int64_t>(Attribute::tensor_id);
}

/// " m=12" where the operation has such a tensor.
std::string optional_id(const OpaqueDescriptor& operation, Attribute attribute, const char* name) {
    return operation.has(attribute) ? fmt::format(" {}={}", name, id(operation, attribute)) : std::string();
}

std::string line_of(const OpaqueDescriptor& descriptor) {
    switch (descriptor.type) {
        case DescriptorType::tensor: {
            if (descriptor.has(Attribute::tensor_is_virtual)) return {};
            return fmt::format("tensor {} type {} [{}] by [{}]{}{}\n",
                               descriptor.one<std::int64_t>(Attribute::tensor_id),
                               static_cast<int>(descriptor.one<DataType>(Attribute::tensor_type)),
                               fmt::join(descriptor.all<std::int64_t>(Attribute::tensor_extents), " "),
                               fmt::join(descriptor.all<std::int64_t>(Attribute::tensor_strides), " "),
                               descriptor.has(Attribute::tensor_is_by_value) ? " by value" : "",
                               optional_id(descriptor, Attribute::tensor_ragged_offset, "begins"));
        }
        case DescriptorType::matmul_operation:
            return fmt::format(
                "matmul {} {}{}{}{} = {}\n", id(descriptor, Attribute::matmul_a), id(descriptor, Attribute::matmul_b),
                optional_id(descriptor, Attribute::matmul_m_override, "m"),
                optional_id(descriptor, Attribute::matmul_n_override, "n"),
                optional_id(descriptor, Attribute::matmul_k_override, "k"), id(descriptor, Attribute::matmul_c));
        case DescriptorType::pointwise_operation: {
            const OpaqueDescriptor& pointwise = *descriptor.one<RawDescriptor>(Attribute::pointwise_of_operation);
            const std::string axis =
                pointwise.has(Attribute::pointwise_axis)
                    ? fmt::format(" axis={}", pointwise.one<std::int64_t>(Attribute::pointwise_axis))
                    : std::string();
            return fmt::format(
                "pointwise-{} {}{}{}{} = {}\n", static_cast<int>(pointwise.one<Pointwise>(Attribute::pointwise_mode)),
                id(descriptor, Attribute::pointwise_x), optional_id(descriptor, Attribute::pointwise_b, "b"),
                optional_id(descriptor, Attribute::pointwise_t, "t"), axis, id(descriptor, Attribute::pointwise_y));
        }
        case DescriptorType::reduction_operation: {
            const OpaqueDescriptor& reduction = *descriptor.one<RawDescriptor>(Attribute::reduction_of_operation);
            return fmt::format("reduction-{} {} = {}\n",
                               static_cast<int>(reduction.one<Reduction>(Attribute::reduction_operator)),
                               id(descriptor, Attribute::reduction_x), id(descriptor, Attribute::reduction_y));
        }
        case DescriptorType::paged_load_operation:
            return fmt::format("pages {} table={} lengths={} = {}\n", id(descriptor, Attribute::paged_container),
                               id(descriptor, Attribute::paged_table), id(descriptor, Attribute::paged_sequence),
                               id(descriptor, Attribute::paged_y));
        case DescriptorType::operation_graph:
            return fmt::format("graph of {}\n", descriptor.all<RawDescriptor>(Attribute::graph_operations).size());
        case DescriptorType::execution_plan:
            return "plan\n";
        default:
            return {};
    }
}

}  // namespace

extern "C" {

Status cudnnCreate(Handle* handle) {
    if (state.refuses_handles) return complain(1001, "the device is on holiday");
    *handle = new OpaqueContext;
    ++state.handles;
    return 0;
}

Status cudnnDestroy(Handle handle) {
    delete handle;
    --state.handles;
    return 0;
}

Status cudnnSetStream(Handle handle, Stream stream) {
    handle->stream = stream;
    return 0;
}

std::size_t cudnnGetVersion() { return state.version; }

const char* cudnnGetErrorString(Status status) {
    return status == not_supported   ? "CUDNN_STATUS_NOT_SUPPORTED"
           : status == bad_parameter ? "CUDNN_STATUS_BAD_PARAM"
                                     : "CUDNN_STATUS_OTHER";
}

void cudnnGetLastErrorString(char* message, std::size_t bytes) {
    std::strncpy(message, state.complaint.c_str(), bytes - 1);
    message[bytes - 1] = '\0';
    state.complaint.clear();
}

Status cudnnBackendCreateDescriptor(DescriptorType type, RawDescriptor* descriptor) {
    *descriptor = new OpaqueDescriptor{type, false, {}};
    state.alive.insert(*descriptor);
    return 0;
}

Status cudnnBackendDestroyDescriptor(RawDescriptor descriptor) {
    state.alive.erase(descriptor);
    delete descriptor;
    return 0;
}

Status cudnnBackendSetAttribute(RawDescriptor descriptor, Attribute attribute, ValueType type, std::int64_t count,
                                const void* values) {
    if (descriptor->finalized) return complain(bad_parameter, "set after it was finalized");
    if (type == ValueType::descriptor) {
        std::vector<RawDescriptor> given(static_cast<std::size_t>(count));
        std::memcpy(static_cast<void*>(given.data()), values, given.size() * sizeof(RawDescriptor));
        for (RawDescriptor one : given)
            if (!state.alive.contains(one) || !one->finalized)
                return complain(not_finalized, "an attribute is a descriptor that is not finalized");
    }
    const auto* bytes = static_cast<const char*>(values);
    descriptor->values[attribute].assign(bytes, bytes + static_cast<std::size_t>(count) * bytes_of(type));
    return 0;
}

Status cudnnBackendGetAttribute(RawDescriptor descriptor, Attribute attribute, ValueType, std::int64_t wanted,
                                std::int64_t* count, void* values) {
    if (!descriptor->finalized) return complain(not_finalized, "asked before it was finalized");
    if (attribute == Attribute::plan_workspace) {
        *count = 1;
        std::memcpy(values, &state.workspace, sizeof state.workspace);
        return 0;
    }
    if (attribute != Attribute::heuristics_results) return complain(bad_parameter, "no such attribute");
    const bool best = descriptor->one<HeuristicsMode>(Attribute::heuristics_mode) == HeuristicsMode::best;
    const int found = best ? state.configurations : 0;
    *count = found;
    if (!values) return 0;
    std::vector<RawDescriptor> given(static_cast<std::size_t>(wanted));
    std::memcpy(static_cast<void*>(given.data()), values, given.size() * sizeof(RawDescriptor));
    for (RawDescriptor one : given) one->finalized = true;
    return 0;
}

Status cudnnBackendFinalize(RawDescriptor descriptor) {
    if (int& left = state.refusals[descriptor->type]; left > 0) {
        --left;
        return complain(not_supported, "not on a Sunday");
    }
    if (const auto wants = required.find(descriptor->type); wants != required.end())
        for (const Attribute attribute : wants->second)
            if (!descriptor->has(attribute))
                return complain(bad_parameter,
                                fmt::format("descriptor {} lacks attribute {}", static_cast<int>(descriptor->type),
                                            static_cast<int>(attribute)));
    descriptor->finalized = true;
    state.transcript += line_of(*descriptor);
    return 0;
}

Status cudnnBackendExecute(Handle handle, RawDescriptor plan, RawDescriptor pack) {
    if (!plan->finalized || !pack->finalized) return complain(not_finalized, "executed before it was finalized");
    const auto ids = pack->all<std::int64_t>(Attribute::pack_ids);
    const auto pointers = pack->all<std::uintptr_t>(Attribute::pack_pointers);
    if (ids.size() != pointers.size()) return complain(bad_parameter, "ids and addresses differ in number");
    state.transcript += fmt::format("execute on {} with", reinterpret_cast<std::uintptr_t>(handle->stream));
    for (std::size_t i = 0; i < ids.size(); ++i) state.transcript += fmt::format(" {}@{}", ids[i], pointers[i]);
    state.transcript += fmt::format(" workspace {}\n", pack->one<std::uintptr_t>(Attribute::pack_workspace));
    return 0;
}

// What tests tell it and ask it.
void fake_cudnn_begin(std::size_t version, int configurations, std::int64_t workspace) {
    state = {};
    state.version = version;
    state.configurations = configurations;
    state.workspace = workspace;
}
void fake_cudnn_refuse(DescriptorType type, int times) { state.refusals[type] = times; }
void fake_cudnn_refuse_handles() { state.refuses_handles = true; }
const char* fake_cudnn_transcript() { return state.transcript.c_str(); }
/// Descriptors and handles that nobody has destroyed.
int fake_cudnn_alive() { return static_cast<int>(state.alive.size()) + state.handles; }
}

}  // namespace stele::cudnn
