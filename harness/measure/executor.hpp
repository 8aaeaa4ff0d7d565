// Puts a problem on a device and runs a plan there: guarded buffers, loaded kernels, one checked run.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backends/backend.hpp"
#include "harness/record/measurement.hpp"
#include "harness/measure/verdict.hpp"
#include "kernels/operation.hpp"

namespace stele {

/// What a guard band holds. For floating types every 16-bit word is a NaN, so that a read past the end spoils the
/// result, and none is a NaN that instructions produce or that outputs are filled with, so that a write shows. For
/// whole numbers small ones: a huge index read there would end the process instead of being reported.
std::vector<std::byte> guard_pattern(Dtype dtype, std::uint32_t salt);

/// A device buffer between guard bands. All members may throw DeviceError.
class GuardedBuffer {
public:
    /// `name` is for messages: "C", "scratch 0".
    GuardedBuffer(Device& device, std::string name, Dtype dtype, std::size_t bytes);

    Buffer& buffer() const { return *buffer_; }
    std::size_t bytes() const { return buffer_->bytes(); }

    void write_guards();
    /// Fills the payload with NaN.
    void poison();
    /// "" if both bands are as they were written, else which side was hit, and where first.
    std::string guard_damage() const;

private:
    Device* device_;
    std::string name_;
    Dtype dtype_;
    std::unique_ptr<Buffer> buffer_;
};

/// The tensors of a problem on a device: one set of operands.
class TensorSet {
public:
    TensorSet(Device& device, const Problem& problem);

    /// Throws std::out_of_range.
    GuardedBuffer& at(std::size_t index) { return buffers_.at(index); }
    std::size_t bytes() const;

    /// Uploads inputs, fills outputs with NaN, writes the guard bands.
    void reset(std::span<const Tensor> inputs);
    /// In the order of the problem's tensors.
    std::vector<Tensor> outputs() const;
    /// What a run did that it must not: "" or guard bands hit and inputs changed.
    std::string damage(std::span<const Tensor> inputs) const;

private:
    Device* device_;
    std::vector<TensorSpec> specs_;
    std::vector<GuardedBuffer> buffers_;
};

/// Scratch on one device, shared by plans that run one after the other: a plan gets one buffer for each size it asks
/// for, the same ones as others that ask for that size.
class ScratchPool {
public:
    explicit ScratchPool(Device& device) : device_(&device) {}
    std::vector<GuardedBuffer*> take(const std::vector<std::size_t>& sizes);

private:
    Device* device_;
    std::map<std::size_t, std::vector<std::unique_ptr<GuardedBuffer>>> by_size_;
};

/// A variant's plan for a problem, its kernels loaded. OpenCL C reaches a CUDA device as the PTX that clang makes of
/// it. The constructor throws what the plan and the device throw, and explain::MissingTool where clang is needed and
/// absent.
class LoadedPlan {
public:
    LoadedPlan(Device& device, const Variant& variant, const Problem& problem);

    const std::vector<std::size_t>& scratch_bytes() const { return plan_.scratch; }
    double build_ns() const;
    /// Id of the variant that runs, where the row chooses among others; empty elsewhere.
    const std::string& ran() const { return plan_.ran; }
    /// The steps on these operands. Throws std::out_of_range if a step names a kernel or an operand that is not there.
    std::vector<Launch> launches(TensorSet& tensors, const std::vector<GuardedBuffer*>& scratch) const;

private:
    Plan plan_;
    std::vector<std::unique_ptr<Kernel>> kernels_;
    double translation_ns_ = 0;
};

struct CheckedRun {
    Verdict verdict;
    std::vector<Tensor> outputs;  ///< empty where the run did not end
    double host_ns = 0;           ///< host time of the run
};

/// What to run, on what, and what must come out.
struct Check {
    const Problem* problem = nullptr;
    Arithmetic arithmetic;
    ReferenceCache::Inputs inputs;
    ReferenceCache::Expectations expected;
    double timeout_seconds = 30;
};

/// One run by all the rules: operands fresh, outputs and scratch NaN, guard bands whole and inputs unchanged after,
/// outputs as they must be, then the problem's own probe. A run longer than the timeout is not checked.
/// Throws DeviceError.
CheckedRun checked_run(Device& device, const LoadedPlan& plan, TensorSet& tensors,
                       const std::vector<GuardedBuffer*>& scratch, const Check& check);

/// The verdict for something thrown: out of memory and a missing compiler are skipped, everything else an error, each
/// with its message.
Verdict verdict_of(const std::exception& error);

}  // namespace stele
