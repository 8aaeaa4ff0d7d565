#include "kernels/common/onednn.hpp"

#include <array>
#include <map>
#include <mutex>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "backends/library.hpp"

namespace stele {
namespace {

// The part of oneDNN's C ABI that is used, the same in versions 2 and 3 unless marked. Descriptors are opaque here:
// version 2 writes them into the caller's memory (696 bytes each in 2.6, and three of them and more in an operation's).
using Handle = struct OpaqueHandle*;
using Status = int;
constexpr int engine_cpu = 1;
constexpr unsigned stream_in_order = 1;
constexpr int argument_source = 1, argument_destination = 17, argument_weights = 33;

struct Argument {
    int which;
    Handle memory;
};
struct Version {
    int major, minor, patch;
};
struct alignas(64) DescriptorV2 {
    std::array<std::byte, 4096> bytes;
};
struct alignas(64) OperationV2 {
    std::array<std::byte, 32768> bytes;
};
constexpr std::size_t most_dimensions = 12;
using Extents = std::array<std::int64_t, most_dimensions>;

struct Onednn {
    Library library{onednn_library};
    const Version* (*version)() = nullptr;
    Status (*engine_create)(Handle*, int kind, std::size_t index) = nullptr;
    Status (*stream_create)(Handle*, Handle engine, unsigned flags) = nullptr;
    Status (*primitive_create)(Handle*, Handle description) = nullptr;
    Status (*primitive_desc_destroy)(Handle) = nullptr;
    Status (*primitive_destroy)(Handle) = nullptr;
    Status (*primitive_execute)(Handle, Handle stream, int count, const Argument*) = nullptr;
    Status (*memory_create)(Handle*, const void* descriptor, Handle engine, void* data) = nullptr;
    Status (*memory_destroy)(Handle) = nullptr;
    Status (*memory_set_data_handle)(Handle, void* data) = nullptr;
    Status (*stream_wait)(Handle) = nullptr;
    // Version 3.
    Status (*memory_desc_create_with_strides)(Handle*, int, const std::int64_t*, int dtype,
                                              const std::int64_t*) = nullptr;
    Status (*memory_desc_destroy)(Handle) = nullptr;
    Status (*matmul_primitive_desc_create)(Handle*, Handle engine, Handle a, Handle b, Handle bias, Handle c,
                                           Handle attributes) = nullptr;
    // Version 2.
    Status (*memory_desc_init_by_strides)(void*, int, const std::int64_t*, int dtype, const std::int64_t*) = nullptr;
    Status (*matmul_desc_init)(void*, const void* a, const void* b, const void* bias, const void* c) = nullptr;
    Status (*primitive_desc_create)(Handle*, const void* operation, Handle attributes, Handle engine,
                                    Handle hint) = nullptr;

    /// Of the OpenMP that it is linked with, where that is its runtime.
    int (*openmp_threads)() = nullptr;

    Handle engine = nullptr, stream = nullptr;

    Onednn() {
        library.find(version, "dnnl_version");
        library.find(engine_create, "dnnl_engine_create");
        library.find(stream_create, "dnnl_stream_create");
        library.find(primitive_create, "dnnl_primitive_create");
        library.find(primitive_desc_destroy, "dnnl_primitive_desc_destroy");
        library.find(primitive_destroy, "dnnl_primitive_destroy");
        library.find(primitive_execute, "dnnl_primitive_execute");
        library.find(memory_create, "dnnl_memory_create");
        library.find(memory_destroy, "dnnl_memory_destroy");
        library.find(memory_set_data_handle, "dnnl_memory_set_data_handle");
        library.find(stream_wait, "dnnl_stream_wait");
        library.find_optional(openmp_threads, "omp_get_max_threads");
        if (!library.loaded()) return;
        if (version()->major >= 3) {
            library.find(memory_desc_create_with_strides, "dnnl_memory_desc_create_with_strides");
            library.find(memory_desc_destroy, "dnnl_memory_desc_destroy");
            library.find(matmul_primitive_desc_create, "dnnl_matmul_primitive_desc_create");
        } else {
            library.find(memory_desc_init_by_strides, "dnnl_memory_desc_init_by_strides");
            library.find(matmul_desc_init, "dnnl_matmul_desc_init");
            library.find(primitive_desc_create, "dnnl_primitive_desc_create");
        }
        if (!library.loaded()) return;
        engine_create(&engine, engine_cpu, 0);
        stream_create(&stream, engine, stream_in_order);
    }
};

const Onednn& onednn() {
    static const Onednn loaded;
    return loaded;
}

void check(Status status, const char* call) {
    constexpr std::array names{"success",           "out_of_memory", "invalid_arguments", "unimplemented",
                               "last_impl_reached", "runtime_error", "not_required"};
    if (status == 0) return;
    const auto index = static_cast<std::size_t>(status);
    throw std::runtime_error(fmt::format("oneDNN: {} gave {}", call, index < names.size() ? names[index] : "an error"));
}

int code(Dtype dtype) {
    switch (dtype) {
        case Dtype::f16:
            return 1;
        case Dtype::bf16:
            return 2;
        case Dtype::f32:
            return 3;
        default:
            throw std::runtime_error(fmt::format("oneDNN: no product of {} here", name(dtype)));
    }
}

/// A memory descriptor of either version.
class Descriptor {
public:
    explicit Descriptor(const OnednnMatrix& matrix) {
        Extents extents{}, strides{};
        std::copy(matrix.extents.begin(), matrix.extents.end(), extents.begin());
        std::copy(matrix.strides.begin(), matrix.strides.end(), strides.begin());
        const int count = static_cast<int>(matrix.extents.size());
        if (onednn().memory_desc_create_with_strides)
            check(onednn().memory_desc_create_with_strides(&handle_, count, extents.data(), code(matrix.dtype),
                                                           strides.data()),
                  "dnnl_memory_desc_create_with_strides");
        else
            check(onednn().memory_desc_init_by_strides(&inline_, count, extents.data(), code(matrix.dtype),
                                                       strides.data()),
                  "dnnl_memory_desc_init_by_strides");
    }
    ~Descriptor() {
        if (handle_) onednn().memory_desc_destroy(handle_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    Handle handle() const { return handle_; }
    const void* address() const { return handle_ ? static_cast<const void*>(handle_) : &inline_; }

private:
    Handle handle_ = nullptr;
    DescriptorV2 inline_{};
};

}  // namespace

const std::string& onednn_why_not() { return onednn().library.why_not(); }

std::string onednn_description() {
    if (!onednn().library.loaded()) return {};
    const Version& version = *onednn().version();
    return fmt::format("oneDNN {}.{}.{}", version.major, version.minor, version.patch);
}

std::optional<LibraryState> onednn_state() {
    if (!Library::is_loaded(onednn_library) || !onednn().library.loaded()) return std::nullopt;
    const Version& version = *onednn().version();
    return LibraryState{fmt::format("{}.{}.{}", version.major, version.minor, version.patch),
                        onednn().openmp_threads ? onednn().openmp_threads() : 0};
}

struct OnednnMatmul::State {
    Handle primitive = nullptr;
    std::array<Argument, 3> arguments{
        {{argument_source, nullptr}, {argument_weights, nullptr}, {argument_destination, nullptr}}};

    ~State() {
        for (const Argument& argument : arguments)
            if (argument.memory) onednn().memory_destroy(argument.memory);
        if (primitive) onednn().primitive_destroy(primitive);
    }
};

OnednnMatmul::OnednnMatmul(const OnednnMatrix& a, const OnednnMatrix& b, const OnednnMatrix& c)
    : state_(std::make_unique<State>()) {
    if (!onednn().library.loaded()) throw std::runtime_error(onednn_why_not());
    const Descriptor of_a(a), of_b(b), of_c(c);
    Handle description = nullptr;
    if (onednn().matmul_primitive_desc_create) {
        check(onednn().matmul_primitive_desc_create(&description, onednn().engine, of_a.handle(), of_b.handle(),
                                                    nullptr, of_c.handle(), nullptr),
              "dnnl_matmul_primitive_desc_create");
    } else {
        OperationV2 operation{};
        check(onednn().matmul_desc_init(&operation, of_a.address(), of_b.address(), nullptr, of_c.address()),
              "dnnl_matmul_desc_init");
        check(onednn().primitive_desc_create(&description, &operation, nullptr, onednn().engine, nullptr),
              "dnnl_primitive_desc_create");
    }
    const Status created = onednn().primitive_create(&state_->primitive, description);
    onednn().primitive_desc_destroy(description);
    check(created, "dnnl_primitive_create");
    const std::array descriptors{&of_a, &of_b, &of_c};
    for (std::size_t i = 0; i < descriptors.size(); ++i)
        check(onednn().memory_create(&state_->arguments[i].memory, descriptors[i]->address(), onednn().engine, nullptr),
              "dnnl_memory_create");
}

OnednnMatmul::~OnednnMatmul() = default;
OnednnMatmul::OnednnMatmul(OnednnMatmul&&) noexcept = default;
OnednnMatmul& OnednnMatmul::operator=(OnednnMatmul&&) noexcept = default;

void OnednnMatmul::operator()(const void* a, const void* b, void* c) const {
    const std::array<void*, 3> data{const_cast<void*>(a), const_cast<void*>(b), c};
    for (std::size_t i = 0; i < data.size(); ++i)
        check(onednn().memory_set_data_handle(state_->arguments[i].memory, data[i]), "dnnl_memory_set_data_handle");
    check(onednn().primitive_execute(state_->primitive, onednn().stream, static_cast<int>(data.size()),
                                     state_->arguments.data()),
          "dnnl_primitive_execute");
    check(onednn().stream_wait(onednn().stream), "dnnl_stream_wait");
}

std::string onednn_why_not(Dtype dtype) {
    static std::mutex mutex;
    static std::map<Dtype, std::string> answers;
    const std::scoped_lock lock(mutex);
    const auto [answer, first] = answers.try_emplace(dtype);
    if (!first) return answer->second;
    try {
        const OnednnMatrix matrix{dtype, {16, 16}, {16, 1}};
        OnednnMatmul(matrix, matrix, matrix);
    } catch (const std::exception& error) {
        answer->second = onednn().library.loaded() ? fmt::format("{} does not take {} on this CPU ({})",
                                                                 onednn_description(), name(dtype), error.what())
                                                   : error.what();
    }
    return answer->second;
}

}  // namespace stele
