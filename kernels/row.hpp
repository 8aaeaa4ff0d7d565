// How every algorithm and every library becomes variants: the one place that makes them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kernels/operation.hpp"

namespace stele {

/// One algorithm with one tile, in each language that has it.
struct VariantRow {
    std::string operation;  ///< "gemm"
    std::string algorithm;  ///< "tiled"
    std::string tile;       ///< empty where there is none to choose
    bool default_tile = true;
    std::vector<Language> languages{Language::cuda, Language::ptx, Language::opencl};
    /// That the native siblings assemble for.
    std::vector<std::string> architectures{"sm_80", "sm_90a", "sm_100", "sm_120"};
    Arithmetic arithmetic;
    /// In the place of `arithmetic` where it depends on the problem's types; null elsewhere.
    std::function<Arithmetic(const Problem&)> arithmetic_of;
    /// Of the siblings that are compiled at run time; null: the listed tiles are all.
    std::shared_ptr<const TileSpace> tile_space;
    std::function<Support(Language, const DeviceInfo&, const Problem&)> supports;
    std::function<Plan(Language, const DeviceInfo&, const Problem&)> plan;
};

/// The row's variants, one a language, in the order of its languages.
std::vector<Variant> variants_of(const VariantRow& row);

/// A vendor's library as a row: a ceiling that the kernels are held against.
struct LibraryRow {
    std::string operation;  ///< "gemm"
    std::string library;    ///< "openblas"
    /// Of the devices that it runs on.
    HostQueue queue = HostQueue::none;
    std::function<std::string()> why_not;      ///< empty if it is here
    std::function<std::string()> description;  ///< version and threads, for messages
    Arithmetic arithmetic;
    std::function<Arithmetic(const Problem&)> arithmetic_of;
    /// Asked where the library is here and the device has its queue.
    std::function<Support(const DeviceInfo&, const Problem&)> supports;
    std::function<HostCall(const Problem&)> call;
    std::function<std::string(const Problem&)> instance;              ///< of a call, for messages: "f32 d64"
    std::function<std::vector<std::size_t>(const Problem&)> scratch;  ///< bytes; empty: none
};

/// operation/vendor.<library>: a call with the problem's tensors in order, then the scratch buffers.
Variant variant_of(const LibraryRow& row);

/// No, with the sizes, if a block needs more threads or shared memory than the device gives.
Support fits_block(const DeviceInfo& device, int threads, std::size_t shared_bytes);

}  // namespace stele
