#include "harness/measure/loaded_plan.hpp"

#include <algorithm>
#include <chrono>

#include "harness/toolchain/opencl_ptx.hpp"

namespace stele {
namespace {

/// Turns a step's operand into a launch's argument.
struct Bind {
    TensorSet& tensors;
    const std::vector<GuardedBuffer*>& scratch;

    Argument operator()(TensorOperand operand) const { return &tensors.at(operand.index).buffer(); }
    Argument operator()(ScratchOperand operand) const { return &scratch.at(operand.index)->buffer(); }
    Argument operator()(NullOperand) const { return static_cast<Buffer*>(nullptr); }
    Argument operator()(const TensorMapOperand& operand) const {
        Buffer& buffer = operand.of_scratch ? scratch.at(operand.index)->buffer() : tensors.at(operand.index).buffer();
        return TensorMapArgument{&buffer, operand.spec};
    }
    template <typename Scalar>
    Argument operator()(Scalar value) const {
        return value;
    }
};

double nanoseconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

unsigned threads_of(const Plan& plan, std::size_t kernel) {
    const auto step =
        std::find_if(plan.steps.begin(), plan.steps.end(), [&](const Step& s) { return s.kernel == kernel; });
    return step == plan.steps.end() ? 1 : static_cast<unsigned>(step->block.volume());
}

std::string ptx_of(const KernelSource& source, unsigned threads, const std::string& architecture) {
    Toolchain toolchain;
    return opencl_to_ptx(source, threads, architecture, toolchain, ContentCache::of_user());
}

}  // namespace

LoadedPlan::LoadedPlan(Device& device, const Variant& variant, const Problem& problem)
    : plan_(variant.plan(device.info(), problem)) {
    for (std::size_t index = 0; index < plan_.kernels.size(); ++index) {
        KernelSource& source = plan_.kernels[index];
        // A CUDA device takes OpenCL C as PTX, so that the language is told from the driver's OpenCL compiler.
        if (is_from_text(source.language) && device.info().opencl_as_ptx) {
            const auto start = std::chrono::steady_clock::now();
            source.text = ptx_of(source, threads_of(plan_, index), device.info().architecture);
            translation_ns_ += nanoseconds_since(start);
        }
        kernels_.push_back(device.load(source));
    }
}

double LoadedPlan::build_ns() const {
    double sum = translation_ns_;
    for (const auto& kernel : kernels_) sum += kernel->build_nanoseconds();
    return sum;
}

std::vector<Launch> LoadedPlan::launches(TensorSet& tensors, const std::vector<GuardedBuffer*>& scratch) const {
    std::vector<Launch> out;
    for (const Step& step : plan_.steps) {
        Launch launch{kernels_.at(step.kernel).get(), step.grid, step.block, step.shared_bytes, {}, step.cluster};
        for (const Operand& operand : step.operands)
            launch.arguments.push_back(std::visit(Bind{tensors, scratch}, operand));
        out.push_back(std::move(launch));
    }
    return out;
}

}  // namespace stele
