#include "harness/measure/executor.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <new>
#include <stdexcept>

#include "backends/error.hpp"
#include "harness/toolchain/opencl_ptx.hpp"

namespace stele {
namespace {

/// Uploads the same bytes to a payload of any size.
void fill_payload(Device& device, Buffer& buffer, std::byte value) {
    const std::vector<std::byte> piece(std::min<std::size_t>(buffer.bytes(), std::size_t{16} << 20), value);
    for (std::size_t at = 0; at < buffer.bytes(); at += piece.size()) {
        const std::size_t length = std::min(piece.size(), buffer.bytes() - at);
        device.upload(buffer, static_cast<std::ptrdiff_t>(at), std::span(piece).first(length));
    }
}

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

constexpr std::uint32_t before_salt = 1, after_salt = 2;

double nanoseconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

unsigned threads_of(const Plan& plan, std::size_t kernel) {
    const auto step =
        std::find_if(plan.steps.begin(), plan.steps.end(), [&](const Step& s) { return s.kernel == kernel; });
    return step == plan.steps.end() ? 1 : static_cast<unsigned>(step->block.volume());
}

std::string ptx_of(const KernelSource& source, unsigned threads, const std::string& architecture) {
    explain::Toolchain toolchain;
    return explain::opencl_to_ptx(source, threads, architecture, toolchain, explain::default_cache());
}

}  // namespace

std::vector<std::byte> guard_pattern(Dtype dtype, std::uint32_t salt) {
    std::vector<std::uint16_t> words(Buffer::guard_bytes / sizeof(std::uint16_t));
    std::uint32_t state = salt * 2654435761u + 1;
    for (std::size_t i = 0; i < words.size(); ++i) {
        state = state * 1664525u + 1013904223u;
        const std::uint32_t draw = state >> 16;
        if (unit_roundoff(dtype) > 0) {
            // 0x7ff1 … 0x7ffe and their negatives: NaN as f16 and bf16, and as the upper half of f32 and f64.
            words[i] = static_cast<std::uint16_t>((draw & 1 ? 0xfff0u : 0x7ff0u) | (1 + (draw >> 1) % 14));
        } else {
            words[i] = static_cast<std::uint16_t>(i % 2 == 0 ? 1 + draw % 1000 : 0);
        }
    }
    std::vector<std::byte> bytes(Buffer::guard_bytes);
    std::memcpy(bytes.data(), words.data(), bytes.size());
    return bytes;
}

GuardedBuffer::GuardedBuffer(Device& device, std::string name, Dtype dtype, std::size_t bytes)
    : device_(&device), name_(std::move(name)), dtype_(dtype), buffer_(device.allocate(bytes)) {
    write_guards();
}

void GuardedBuffer::write_guards() {
    device_->upload(*buffer_, -static_cast<std::ptrdiff_t>(Buffer::guard_bytes), guard_pattern(dtype_, before_salt));
    device_->upload(*buffer_, static_cast<std::ptrdiff_t>(bytes()), guard_pattern(dtype_, after_salt));
}

void GuardedBuffer::poison() { fill_payload(*device_, *buffer_, stele::poison); }

std::string GuardedBuffer::guard_damage() const {
    const auto first_difference = [&](std::ptrdiff_t offset, std::uint32_t salt) {
        std::vector<std::byte> found(Buffer::guard_bytes);
        device_->download(*buffer_, offset, found);
        const std::vector<std::byte> written = guard_pattern(dtype_, salt);
        return static_cast<std::size_t>(std::mismatch(found.begin(), found.end(), written.begin()).first -
                                        found.begin());
    };
    std::vector<std::string> hits;
    const std::size_t before = first_difference(-static_cast<std::ptrdiff_t>(Buffer::guard_bytes), before_salt);
    if (before != Buffer::guard_bytes)
        hits.push_back(fmt::format("wrote {} bytes before the start of {} ({} bytes long)",
                                   Buffer::guard_bytes - before, name_, bytes()));
    const std::size_t after = first_difference(static_cast<std::ptrdiff_t>(bytes()), after_salt);
    if (after != Buffer::guard_bytes)
        hits.push_back(
            fmt::format("wrote past the end of {} ({} bytes long), at byte {}", name_, bytes(), bytes() + after));
    return fmt::format("{}", fmt::join(hits, "; "));
}

TensorSet::TensorSet(Device& device, const Problem& problem) : device_(&device), specs_(problem.tensors()) {
    for (const TensorSpec& spec : specs_) buffers_.emplace_back(device, spec.name, spec.dtype, spec.bytes());
}

std::size_t TensorSet::bytes() const {
    std::size_t sum = 0;
    for (const GuardedBuffer& buffer : buffers_) sum += buffer.bytes();
    return sum;
}

void TensorSet::reset(std::span<const Tensor> inputs) {
    std::size_t input = 0;
    for (std::size_t i = 0; i < specs_.size(); ++i) {
        buffers_[i].write_guards();
        if (specs_[i].role == Role::output) {
            buffers_[i].poison();
            continue;
        }
        if (input >= inputs.size() || inputs[input].data.size() != buffers_[i].bytes())
            throw std::logic_error(fmt::format("input {} is missing or has the wrong size", specs_[i].name));
        device_->upload(buffers_[i].buffer(), 0, inputs[input++].data);
    }
}

std::vector<Tensor> TensorSet::outputs() const {
    std::vector<Tensor> out;
    for (std::size_t i = 0; i < specs_.size(); ++i) {
        if (specs_[i].role != Role::output) continue;
        device_->download(buffers_[i].buffer(), 0, out.emplace_back(specs_[i]).data);
    }
    return out;
}

std::string TensorSet::damage(std::span<const Tensor> inputs) const {
    std::vector<std::string> found;
    std::size_t input = 0;
    for (std::size_t i = 0; i < specs_.size(); ++i) {
        if (std::string hit = buffers_[i].guard_damage(); !hit.empty()) found.push_back(std::move(hit));
        if (specs_[i].role != Role::input) continue;
        const std::vector<std::byte>& given = inputs[input++].data;
        std::vector<std::byte> now(given.size());
        device_->download(buffers_[i].buffer(), 0, now);
        const auto changed = std::mismatch(now.begin(), now.end(), given.begin()).first;
        if (changed != now.end())
            found.push_back(fmt::format("changed its input {}, first at element {}", specs_[i].name,
                                        static_cast<std::size_t>(changed - now.begin()) / size_of(specs_[i].dtype)));
    }
    return fmt::format("{}", fmt::join(found, "; "));
}

std::vector<GuardedBuffer*> ScratchPool::take(const std::vector<std::size_t>& sizes) {
    std::map<std::size_t, std::size_t> taken;
    std::vector<GuardedBuffer*> out;
    for (std::size_t bytes : sizes) {
        auto& buffers = by_size_[bytes];
        const std::size_t index = taken[bytes]++;
        if (index == buffers.size())
            buffers.push_back(
                std::make_unique<GuardedBuffer>(*device_, fmt::format("scratch {}", out.size()), Dtype::f32, bytes));
        out.push_back(buffers[index].get());
    }
    return out;
}

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

CheckedRun checked_run(Device& device, const LoadedPlan& plan, TensorSet& tensors,
                       const std::vector<GuardedBuffer*>& scratch, const Check& check) {
    tensors.reset(*check.inputs);
    for (GuardedBuffer* buffer : scratch) {
        buffer->write_guards();
        buffer->poison();
    }
    CheckedRun run;
    const std::vector<Launch> launches = plan.launches(tensors, scratch);
    const auto start = std::chrono::steady_clock::now();
    if (!launches.empty()) device.run(launches);
    run.host_ns = nanoseconds_since(start);
    if (run.host_ns > check.timeout_seconds * 1e9) {
        run.verdict.outcome = Outcome::timeout;
        run.verdict.reason = fmt::format("one execution took {:.1f} s, longer than the {:.1f} s allowed",
                                         run.host_ns * 1e-9, check.timeout_seconds);
        return run;
    }

    run.outputs = tensors.outputs();
    run.verdict = compare(run.outputs, *check.expected);
    std::vector<std::string> reasons;
    // What was written where it must not be comes first: it is the likelier cause than the values it spoils.
    if (std::string damage = tensors.damage(*check.inputs); !damage.empty()) reasons.push_back(std::move(damage));
    for (const GuardedBuffer* buffer : scratch)
        if (std::string damage = buffer->guard_damage(); !damage.empty()) reasons.push_back(std::move(damage));
    if (!run.verdict.reason.empty()) {
        reasons.push_back(run.verdict.reason);
    } else if (ProbeResult probe = check.problem->probe(*check.inputs, run.outputs, check.arithmetic); !probe.passed) {
        reasons.push_back(std::move(probe.reason));
    }
    if (!reasons.empty()) run.verdict.outcome = Outcome::wrong;
    run.verdict.reason = fmt::format("{}", fmt::join(reasons, "; "));
    return run;
}

Verdict verdict_of(const std::exception& error) {
    Verdict verdict;
    const auto* device_error = dynamic_cast<const DeviceError*>(&error);
    const bool out_of_memory = (device_error != nullptr && device_error->out_of_memory()) ||
                               dynamic_cast<const std::bad_alloc*>(&error) != nullptr;
    const bool no_tool = dynamic_cast<const explain::MissingTool*>(&error) != nullptr;
    verdict.outcome = out_of_memory || no_tool ? Outcome::skipped : Outcome::error;
    verdict.reason = out_of_memory ? fmt::format("not enough memory: {}", error.what()) : error.what();
    return verdict;
}

}  // namespace stele
