#include "kernels/gemm/rows.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "kernels/source.hpp"

namespace stele::gemm {
namespace {

constexpr std::array languages{Language::cuda, Language::ptx, Language::opencl};

std::string upper(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return out;
}

KernelSource source(const KernelRow& row, Language language, const Shape& shape) {
    const std::string algorithm = "gemm/" + row.algorithm, entry = "gemm_" + row.algorithm;
    const std::string full_instance = row.tile.empty() ? instance(shape) : row.tile + ' ' + instance(shape);
    if (language != Language::opencl) return native_source(language, algorithm, entry, full_instance);
    std::vector<std::string> options = row.definitions;
    options.push_back("-DELEMENT_" + upper(stele::name(shape.dtype)));
    options.push_back("-DB_" + upper(name(shape.b)));
    options.push_back(fmt::format("-DNUM_THREADS={}", row.threads));
    return opencl_source(language, algorithm, entry, full_instance, std::move(options));
}

Support supports(const KernelRow& row, const DeviceInfo& device, const Shape& shape) {
    if (row.threads > device.max_threads_per_block)
        return Support::no(fmt::format("a block has {} threads, and {} takes {}", row.threads, device.id,
                                       device.max_threads_per_block));
    const std::size_t shared = row.shared_bytes ? row.shared_bytes(shape) : 0;
    if (shared > device.shared_bytes_per_block)
        return Support::no(fmt::format("a block needs {} bytes of shared memory, and {} has {}", shared, device.id,
                                       device.shared_bytes_per_block));
    const std::int64_t blocks = row.blocks(shape);
    if (blocks > std::numeric_limits<std::int32_t>::max())
        return Support::no(fmt::format("C has {} blocks, more than one launch takes", blocks));
    return {};
}

Plan plan(const KernelRow& row, Language language, const Shape& shape) {
    const auto extent = [](std::int64_t value) { return Operand(static_cast<std::int32_t>(value)); };
    Plan out;
    out.kernels.push_back(source(row, language, shape));
    out.steps.push_back(
        {0,
         {static_cast<unsigned>(row.blocks(shape)), 1, 1},
         {static_cast<unsigned>(row.threads), 1, 1},
         0,
         {TensorOperand{0}, TensorOperand{1}, TensorOperand{2}, extent(shape.m), extent(shape.n), extent(shape.k)}});
    return out;
}

}  // namespace

std::vector<Variant> variants_of(const KernelRow& row) {
    std::vector<Variant> out;
    for (Language language : languages) {
        Variant variant;
        variant.operation = "gemm";
        variant.algorithm = row.algorithm;
        variant.language = language;
        variant.tile = row.tile;
        variant.default_tile = row.default_tile;
        if (language != Language::opencl) variant.architectures = {"sm_80", "sm_90a", "sm_100", "sm_120"};
        variant.supports_problem = [row](const DeviceInfo& device, const Problem& problem) {
            return supports(row, device, as_gemm(problem).shape());
        };
        variant.make_plan = [row, language](const DeviceInfo&, const Problem& problem) {
            return plan(row, language, as_gemm(problem).shape());
        };
        out.push_back(std::move(variant));
    }
    return out;
}

}  // namespace stele::gemm
