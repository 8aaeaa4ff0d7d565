#include "kernels/attention/vendor/cudnn_descriptor.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "backends/error.hpp"

namespace stele::cudnn {

Cudnn::Cudnn(std::span<const LibraryFolder> folders) : library(cudnn_library, folders) {
    library.find(create, "cudnnCreate");
    library.find(destroy, "cudnnDestroy");
    library.find(set_stream, "cudnnSetStream");
    library.find(version, "cudnnGetVersion");
    library.find(status_name, "cudnnGetErrorString");
    library.find(last_error, "cudnnGetLastErrorString");
    library.find(create_descriptor, "cudnnBackendCreateDescriptor");
    library.find(destroy_descriptor, "cudnnBackendDestroyDescriptor");
    library.find(set_attribute, "cudnnBackendSetAttribute");
    library.find(get_attribute, "cudnnBackendGetAttribute");
    library.find(finalize, "cudnnBackendFinalize");
    library.find(execute, "cudnnBackendExecute");
}

const Cudnn& loaded_cudnn() {
    static const Cudnn loaded;
    return loaded;
}

std::string Cudnn::version_text() const {
    const std::size_t number = version();
    return fmt::format("{}.{}.{}", number / 10000, number / 100 % 100, number % 100);
}

void Cudnn::check(Status status, const std::string& call) const {
    if (status == 0) return;
    std::array<char, 2048> words{};
    last_error(words.data(), words.size());
    words.back() = '\0';
    const std::string_view said(words.data());
    throw DeviceError(call, status, status_name(status),
                      fmt::format("cuDNN {} says: {}", version_text(), said.empty() ? "nothing more" : said));
}

Descriptor::Descriptor(const Cudnn& library, DescriptorType type, const char* name)
    : library_(&library), name_(name), raw_(nullptr, library.destroy_descriptor) {
    RawDescriptor made = nullptr;
    library.check(library.create_descriptor(type, &made), call("CreateDescriptor"));
    raw_.reset(made);
}

void Descriptor::set(Attribute attribute, ValueType type, std::int64_t count, const void* values) {
    library_->check(library_->set_attribute(raw(), attribute, type, count, values),
                    fmt::format("{}, attribute {}", call("SetAttribute"), static_cast<int>(attribute)));
}

void Descriptor::finalize() { library_->check(library_->finalize(raw()), call("Finalize")); }

std::int64_t Descriptor::number(Attribute attribute) const {
    std::int64_t value = 0, count = 0;
    library_->check(library_->get_attribute(raw(), attribute, ValueType::int64, 1, &count, &value),
                    call("GetAttribute"));
    return value;
}

std::vector<Descriptor> Descriptor::descriptors(Attribute attribute, DescriptorType type, const char* name) const {
    std::int64_t count = 0;
    library_->check(library_->get_attribute(raw(), attribute, ValueType::descriptor, 0, &count, nullptr),
                    call("GetAttribute"));
    std::vector<Descriptor> out;
    std::vector<RawDescriptor> raws;
    for (std::int64_t i = 0; i < count; ++i) raws.push_back(out.emplace_back(*library_, type, name).raw());
    if (count == 0) return out;
    library_->check(library_->get_attribute(raw(), attribute, ValueType::descriptor, count, &count,
                                            static_cast<void*>(raws.data())),
                    call("GetAttribute"));
    out.erase(out.begin() + count, out.end());
    return out;
}

std::string Descriptor::call(const char* function) const {
    return fmt::format("cudnnBackend{} of {}", function, name_);
}

}  // namespace stele::cudnn
