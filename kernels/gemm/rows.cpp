#include "kernels/gemm/rows.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "kernels/source.hpp"

namespace stele::gemm {
namespace {

std::string upper(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return out;
}

KernelSource source(const KernelRow& row, Language language, const Shape& shape) {
    const std::string algorithm = "gemm/" + row.algorithm, entry = "gemm_" + row.algorithm;
    std::string full_instance;
    for (const std::string& part : {row.tile, row.flavour})
        if (!part.empty()) full_instance += part + ' ';
    full_instance += instance(shape);
    std::vector<std::string> options = row.definitions;
    options.push_back("-DELEMENT_" + upper(stele::name(shape.dtype)));
    options.push_back("-DB_" + upper(name(shape.b)));
    options.push_back(fmt::format("-DNUM_THREADS={}", row.threads));
    return kernel_source(language, algorithm, entry, full_instance, std::move(options));
}

Dim3 grid(const KernelRow& row, const DeviceInfo& device, const Shape& shape) {
    if (row.grid) return row.grid(device, shape);
    return {static_cast<unsigned>(row.blocks(shape)), 1, static_cast<unsigned>(shape.batch)};
}

std::size_t bytes_of(const std::function<std::size_t(const Shape&)>& shared, const Shape& shape) {
    return shared ? shared(shape) : 0;
}

Support supports(const KernelRow& row, Language language, const DeviceInfo& device, const Shape& shape) {
    if (Support answer = row.takes ? row.takes(device, shape) : takes_plain(shape); !answer) return answer;
    const std::size_t dynamic = is_native(language) ? bytes_of(row.dynamic_shared_bytes, shape) : 0;
    if (Support answer = fits_block(device, row.threads, bytes_of(row.shared_bytes, shape) + dynamic); !answer)
        return answer;
    if (row.blocks && row.blocks(shape) > std::numeric_limits<std::int32_t>::max())
        return Support::no(fmt::format("C has {} blocks, more than one launch takes", row.blocks(shape)));
    constexpr std::int64_t most_in_z = 65535;
    if (shape.batch > most_in_z) return Support::no(fmt::format("a launch takes at most {} products", most_in_z));
    return {};
}

Plan plan(const KernelRow& row, Language language, const DeviceInfo& device, const Shape& shape) {
    Plan out;
    out.kernels.push_back(source(row, language, shape));
    Step step{0, grid(row, device, shape), {static_cast<unsigned>(row.threads), 1, 1}, 0, {}, row.cluster};
    if (is_native(language)) step.shared_bytes = bytes_of(row.dynamic_shared_bytes, shape);
    step.operands =
        row.operands ? row.operands(shape) : std::vector<Operand>{TensorOperand{0}, TensorOperand{1}, TensorOperand{2},
                                                                  extent(shape.m),  extent(shape.n),  extent(shape.k)};
    out.steps.push_back(std::move(step));
    return out;
}

}  // namespace

Operand extent(std::int64_t value) { return static_cast<std::int32_t>(value); }

Support takes_plain(const Shape& shape) {
    const bool known = shape.dtype == Dtype::f32 || shape.dtype == Dtype::f16 || shape.dtype == Dtype::bf16;
    if (!known) return Support::no(fmt::format("computes f32, f16 and bf16, not {}", stele::name(shape.dtype)));
    if (!shape.groups.empty()) return Support::no("multiplies by one B, not by a group's");
    if (shape.batch > 1) return Support::no("computes one product, not a batch");
    return {};
}

std::vector<Variant> variants_of(const KernelRow& row) {
    VariantRow as_row;
    as_row.operation = "gemm";
    as_row.algorithm = row.algorithm;
    as_row.tile = row.tile;
    as_row.default_tile = row.default_tile;
    as_row.languages = row.languages;
    as_row.architectures = row.architectures;
    as_row.arithmetic = row.arithmetic;
    as_row.arithmetic_of = row.arithmetic_of;
    as_row.tile_space = row.tile_space;
    as_row.supports = [row](Language language, const DeviceInfo& device, const Problem& problem) {
        return supports(row, language, device, as_gemm(problem).shape());
    };
    as_row.plan = [row](Language language, const DeviceInfo& device, const Problem& problem) {
        const Shape& shape = as_gemm(problem).shape();
        if (row.whole_plan) return row.whole_plan(device, shape);
        Plan made = plan(row, language, device, shape);
        return row.completed ? row.completed(std::move(made), device, shape) : made;
    };
    return stele::variants_of(as_row);
}

}  // namespace stele::gemm
