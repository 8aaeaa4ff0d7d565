// ceiling: how its loops become variants.
#include <algorithm>

#include <fmt/format.h>

#include "kernels/ceiling/rows.hpp"
#include "kernels/ceiling/tile/tile.hpp"
#include "kernels/source.hpp"

namespace stele::ceiling {
namespace {

const CeilingProblem& as_ceiling(const Problem& problem) { return dynamic_cast<const CeilingProblem&>(problem); }

Support supports(const Row& row, Language language, const DeviceInfo& device, const CeilingProblem& problem) {
    const Shape& shape = problem.shape();
    if (std::ranges::find(row.forms, shape.form) == row.forms.end()) return Support::no("this is not what it computes");
    if (std::ranges::find(row.dtypes, shape.dtype) == row.dtypes.end())
        return Support::no(fmt::format("{} is not what this loop computes with", name(shape.dtype)));
    if (row.for_cpus && !device.is_cpu) return Support::no("it is for CPUs: a block is one thread");
    if (shape.handing == Handing::graph && is_from_text(language))
        return Support::no("OpenCL C has no graphs; a queue takes all launches at once");
    return fits_block(device, row.threads(), row.shared_bytes + row.dynamic_shared_bytes);
}

/// A step for each launch, which stores a number of its own.
std::vector<Step> launches(std::int64_t count) {
    std::vector<Step> steps;
    for (std::int32_t index = 0; index < count; ++index)
        steps.push_back({0, {1, 1, 1}, {1, 1, 1}, 0, {TensorOperand{0}, TensorOperand{1}, index}, {}});
    return steps;
}

Plan plan(const Row& row, Language language, const DeviceInfo& device, const CeilingProblem& problem) {
    const Shape& shape = problem.shape();
    const std::string algorithm = "ceiling/" + row.algorithm;
    std::string entry = "ceiling_" + row.algorithm;
    if (row.forms.size() > 1) entry += fmt::format("_{}", name(shape.form));
    std::vector<std::string> options;
    if (row.algorithm == "lanes") options.push_back(fmt::format("-DROWS={}", device.has("avx512f") ? 8 : 4));
    Plan out;
    out.handing = shape.handing;
    out.kernels.push_back(kernel_source(language, algorithm, entry, std::string(name(shape.dtype)), options));
    if (shape.form == Form::launch) {
        out.steps = launches(shape.launches);
        return out;
    }
    Step step{0, {}, {static_cast<unsigned>(row.threads()), 1, 1}, row.dynamic_shared_bytes, {}, {}};
    for (std::size_t i = 0; i < problem.tensors().size(); ++i) step.operands.emplace_back(TensorOperand{i});
    if (shape.form == Form::loop) {
        step.grid.x = static_cast<unsigned>(shape.blocks);
        step.operands.emplace_back(static_cast<std::int32_t>(shape.iterations));
    } else {
        // Sixteen blocks keep a multiprocessor's memory pipeline full, and a small copy needs fewer. A CPU's thread
        // takes one run, and a core several threads, so that none waits long for the last.
        const std::int64_t pieces = shape.bytes / 16;
        const std::int64_t most = (row.for_cpus ? 4 : 16) * std::int64_t{std::max(1, device.compute_units)};
        const std::int64_t at_once = std::max<std::int64_t>(row.threads(), row.pieces_at_once);
        step.grid.x = static_cast<unsigned>(std::min(most, (pieces + at_once - 1) / at_once));
        step.operands.emplace_back(pieces);
    }
    out.steps.push_back(std::move(step));
    return out;
}

}  // namespace

std::vector<Variant> variants_of(const Row& row) {
    VariantRow as_row;
    as_row.operation = "ceiling";
    as_row.algorithm = row.algorithm;
    as_row.languages = row.languages;
    as_row.architectures = row.architectures;
    as_row.supports = [row](Language language, const DeviceInfo& device, const Problem& problem) {
        return supports(row, language, device, as_ceiling(problem));
    };
    as_row.plan = [row](Language language, const DeviceInfo& device, const Problem& problem) {
        return plan(row, language, device, as_ceiling(problem));
    };
    return stele::variants_of(as_row);
}

std::vector<Variant> all_variants() {
    const std::vector<Row> rows{
        {"fma", {Form::loop}, {Language::cuda, Language::ptx, Language::opencl}, {Dtype::f32}},
        {"half2", {Form::loop}, {Language::cuda, Language::ptx}, {Dtype::f16}},
        {"mma",
         {Form::loop},
         {Language::ptx},
         {Dtype::f16, Dtype::bf16},
         {"sm_80", "sm_90a", "sm_100", "sm_120"},
         2048},
        {"wmma",
         {Form::loop},
         {Language::cuda},
         {Dtype::f16, Dtype::bf16},
         {"sm_80", "sm_90a", "sm_100", "sm_120"},
         10240},
        {"wgmma", {Form::loop}, {Language::ptx}, {Dtype::f16, Dtype::bf16}, {"sm_90a"}, 0, 10240},
        {.algorithm = "lanes",
         .forms = {Form::loop},
         .languages = {Language::opencl},
         .dtypes = {Dtype::f32},
         .for_cpus = true},
        {"copy", {Form::copy}, {Language::cuda, Language::opencl}, {Dtype::u8}},
        {"triad", {Form::triad}, {Language::cuda, Language::opencl}, {Dtype::f32}},
        {.algorithm = "runs",
         .forms = {Form::copy, Form::triad},
         .languages = {Language::opencl},
         .dtypes = {Dtype::u8, Dtype::f32},
         .for_cpus = true},
        {.algorithm = "tile",
         .forms = {Form::loop, Form::copy},
         .languages = {Language::cuda_tile},
         .dtypes = {Dtype::f16, Dtype::bf16, Dtype::u8},
         .pieces_at_once = copied_numbers / 4},
        {"launch", {Form::launch}, {Language::cuda, Language::ptx, Language::opencl}, {Dtype::i32}},
    };
    std::vector<Variant> out;
    for (const Row& row : rows)
        for (Variant& variant : variants_of(row)) out.push_back(std::move(variant));
    return out;
}

}  // namespace stele::ceiling
