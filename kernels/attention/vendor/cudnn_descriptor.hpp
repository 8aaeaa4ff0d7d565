// cuDNN, found at run time, and the descriptors that its backend is told everything by.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backends/library.hpp"
#include "kernels/attention/vendor/cudnn_api.hpp"

namespace stele::cudnn {

/// The library's functions; null where it is not here.
struct Cudnn {
    explicit Cudnn(std::span<const LibraryFolder> folders = library_folders());

    /// 91900 for 9.19.0.
    std::size_t version_number() const { return version(); }
    /// "9.19.0"
    std::string version_text() const;
    /// Throws DeviceError with the status and what the library says of it: "cuDNN 9.19.0 says: …".
    void check(Status status, const std::string& call) const;

    Library library;
    Create* create = nullptr;
    Destroy* destroy = nullptr;
    SetStream* set_stream = nullptr;
    Version* version = nullptr;
    StatusName* status_name = nullptr;
    LastError* last_error = nullptr;
    CreateDescriptor* create_descriptor = nullptr;
    DestroyDescriptor* destroy_descriptor = nullptr;
    SetAttribute* set_attribute = nullptr;
    GetAttribute* get_attribute = nullptr;
    Finalize* finalize = nullptr;
    Execute* execute = nullptr;
};

/// The one of this process.
const Cudnn& loaded_cudnn();

/// The value type of a C++ type.
template <typename T>
extern const ValueType value_type_of;
template <>
inline constexpr ValueType value_type_of<RawDescriptor> = ValueType::descriptor;
template <>
inline constexpr ValueType value_type_of<void*> = ValueType::pointer;
template <>
inline constexpr ValueType value_type_of<Handle> = ValueType::handle;
template <>
inline constexpr ValueType value_type_of<DataType> = ValueType::data_type;
template <>
inline constexpr ValueType value_type_of<bool> = ValueType::boolean;
template <>
inline constexpr ValueType value_type_of<std::int64_t> = ValueType::int64;
template <>
inline constexpr ValueType value_type_of<double> = ValueType::float64;
template <>
inline constexpr ValueType value_type_of<HeuristicsMode> = ValueType::heuristics_mode;
template <>
inline constexpr ValueType value_type_of<Pointwise> = ValueType::pointwise_mode;
template <>
inline constexpr ValueType value_type_of<Reduction> = ValueType::reduction_operator;
template <>
inline constexpr ValueType value_type_of<char> = ValueType::character;

/// Owns one descriptor. Attributes are set, then it is finalized, then it is used. All members throw DeviceError.
class Descriptor {
public:
    /// `name` is for messages: "matmul". The library outlives the descriptor.
    Descriptor(const Cudnn& library, DescriptorType type, const char* name);

    template <typename T>
    void set(Attribute attribute, std::span<const T> values) {
        set(attribute, value_type_of<T>, static_cast<std::int64_t>(values.size()),
            static_cast<const void*>(values.data()));
    }
    template <typename T>
    void set(Attribute attribute, const T& value) {
        set(attribute, std::span<const T>(&value, 1));
    }
    void set(Attribute attribute, const Descriptor& value) { set(attribute, value.raw()); }
    void finalize();

    std::int64_t number(Attribute attribute) const;
    /// What the library writes into descriptors that are made here, empty.
    std::vector<Descriptor> descriptors(Attribute attribute, DescriptorType type, const char* name) const;

    RawDescriptor raw() const { return raw_.get(); }

private:
    void set(Attribute attribute, ValueType type, std::int64_t count, const void* values);
    std::string call(const char* function) const;

    const Cudnn* library_;
    const char* name_;
    std::unique_ptr<OpaqueDescriptor, DestroyDescriptor*> raw_;
};

}  // namespace stele::cudnn
