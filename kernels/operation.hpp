// What is computed (Operation, Problem) and the ways to compute it (Variant, Plan). Pure: nothing here calls a device.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backends/backend.hpp"
#include "kernels/tensor.hpp"

namespace stele {

/// A problem text that cannot be read or a shape that cannot be: `what()` says what was wrong and what is accepted.
class ProblemError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The arithmetic a variant uses between its loads and its stores. The tolerance follows from it.
struct Arithmetic {
    Dtype accumulate = Dtype::f32;
    /// Attention: the type that the probabilities are rounded to before they meet V.
    Dtype probabilities = Dtype::f32;
    /// Sums of this many products are made in `accumulate`, then promoted to f32; 0: never promoted.
    int promote_every = 0;
    /// Products that one instruction sums before it rounds: 1 for a fused multiply-add.
    int products_per_rounding = 1;
    /// Of an accumulator that is narrower than `accumulate`; 0: unit_roundoff(accumulate).
    double narrower_roundoff = 0;

    bool operator==(const Arithmetic&) const = default;
};

/// What one output must be. `bound[i]` is the largest error that element i may have: rounding of the result to its
/// dtype, plus the probabilistic bound of its sums (Higham and Mary, SIAM J. Sci. Comput. 41, 2019).
/// Infinite and NaN values must match by position.
struct Expected {
    std::vector<double> value;
    std::vector<double> bound;
    /// Flat indices that `value` speaks of, ascending; empty: all elements, in order.
    std::vector<std::size_t> sampled;
};

/// A whole-output check for problems too large for an element-wise reference: Freivalds' for GEMM.
struct ProbeResult {
    bool passed = true;
    std::string reason;
};

/// The error that a sum of `terms` products may carry, in units of the value sum |a||b|: λ·sqrt(n)·u with λ = 4 (the
/// bound fails with probability below 2·exp(-λ²/2)·n_elements only for adversarial signs; see docs/methodology.md).
double sum_error(double terms, double unit_roundoff);

/// One shape of one operation. Immutable.
class Problem {
public:
    virtual ~Problem() = default;

    virtual std::string_view operation() const = 0;
    /// Canonical text: "m=512 n=512 k=512 f32". Operation::parse() reads it back.
    virtual std::string id() const = 0;
    virtual Dtype dtype() const = 0;
    /// What the shape is known for: "Llama-3-8B: down"; empty where it is nothing in particular.
    virtual std::string_view known_as() const { return {}; }

    /// The work of the operation, counted exactly; never of a variant.
    virtual double flops() const = 0;
    /// Compulsory traffic: each input read once, each output written once.
    virtual double bytes() const = 0;
    /// Sparse operations: flops of the dense problem; elsewhere flops().
    virtual double dense_flops() const { return flops(); }

    /// Inputs, then outputs, in the order of every sibling's signature.
    virtual std::vector<TensorSpec> tensors() const = 0;
    virtual std::vector<Tensor> inputs(std::uint64_t seed, Fill fill) const = 0;
    /// Throws ProblemError if tensors from outside are not a valid input (a CSR that is not sorted, say).
    virtual void check_inputs(std::span<const Tensor> /*inputs*/) const {}
    /// The problem that these valid inputs make of this one, where a tensor of open length has another than its own;
    /// null where it stays what it is.
    virtual std::unique_ptr<Problem> following(std::span<const Tensor> /*inputs*/) const { return nullptr; }
    /// In double, one an output. Sampled where the whole would take too long; probe() then covers the rest.
    virtual std::vector<Expected> reference(std::span<const Tensor> inputs, const Arithmetic& arithmetic) const = 0;
    /// What reference() takes at its peak, in bytes, about. Two doubles an output element, and as much while they are
    /// made; less where it samples.
    virtual double reference_bytes() const;
    /// Empty, or why the problem has no more than its text and its tensors' types: what it is made of, a mask, would
    /// not fit into memory. Then only id(), dtype(), known_as() and dense_flops() mean something.
    virtual std::string why_not_made() const { return {}; }
    virtual ProbeResult probe(std::span<const Tensor> /*inputs*/, std::span<const Tensor> /*outputs*/,
                              const Arithmetic& /*arithmetic*/) const {
        return {};
    }
};

struct Support {
    bool yes = true;
    std::string why_not;
    static Support no(std::string why) { return {false, std::move(why)}; }
    explicit operator bool() const { return yes; }
};

/// Operand of a step: a tensor of the problem (by index in tensors()), a scratch buffer (by index), or a scalar.
struct TensorOperand {
    std::size_t index;
};
struct ScratchOperand {
    std::size_t index;
};
struct NullOperand {};
/// A tensor map over a tensor, or over a scratch buffer: for a parameter `const __grid_constant__ TensorMap`.
struct TensorMapOperand {
    std::size_t index = 0;
    bool of_scratch = false;
    TensorMapSpec spec;
};
using Operand = std::variant<TensorOperand, ScratchOperand, NullOperand, TensorMapOperand, std::int32_t, std::uint32_t,
                             std::int64_t, float>;

/// One launch of a plan: which kernel, on what.
struct Step {
    std::size_t kernel = 0;
    Dim3 grid, block;
    std::size_t shared_bytes = 0;
    std::vector<Operand> operands;
    Dim3 cluster{};  ///< blocks of a cluster
};

/// How a plan's steps are handed to the device where they are timed.
enum class Handing {
    queue,       ///< all of them, then the device begins: its own clock, host latency outside
    one_by_one,  ///< each when the one before has ended: the host's clock, latency inside
    graph,       ///< as one graph, made beforehand: the device's own clock
};
constexpr auto name_list(Handing) {
    return name_rows<Handing>(
        {{Handing::queue, "queue"}, {Handing::one_by_one, "one_by_one"}, {Handing::graph, "graph"}});
}

/// Everything a device needs to run a variant on a problem. No steps: nothing to do (an empty output).
struct Plan {
    std::vector<KernelSource> kernels;
    std::vector<std::size_t> scratch;  ///< bytes
    std::vector<Step> steps;
    /// Id of the variant whose plan this is, where the row chooses among others.
    std::string ran;
    Handing handing = Handing::queue;
};

/// See kernels/tile_space.hpp.
struct TileSpace;

/// One way to compute an operation: an algorithm, in a language, with a tile.
struct Variant {
    std::string operation;
    std::string algorithm;  ///< "tiled"; "vendor.openblas"
    Language language = Language::host;
    std::string tile;  ///< "128x128x16"; empty where there is none to choose
    bool default_tile = true;
    Arithmetic arithmetic;
    /// In the place of `arithmetic` where it depends on the problem's types; null elsewhere.
    std::function<Arithmetic(const Problem&)> arithmetic_of;
    /// NVIDIA architectures that the kernel assembles for: {"sm_80", "sm_90a", ...}; empty for other languages.
    std::vector<std::string> architectures;
    std::function<Support(const DeviceInfo&, const Problem&)> supports_problem;
    std::function<Plan(const DeviceInfo&, const Problem&)> make_plan;
    /// Any legal tile, where the kernel is compiled at run time; null: the tiles are those of the variants that there
    /// are.
    std::shared_ptr<const TileSpace> tile_space;

    /// "gemm/tiled.opencl"; vendor rows "gemm/vendor.openblas".
    std::string base_id() const;
    /// base_id() with "@tile" where there is a tile.
    std::string id() const;
    /// Asks language, device and problem in turn; the first no is the answer. Never throws.
    Support supports(const DeviceInfo& device, const Problem& problem) const;
    Plan plan(const DeviceInfo& device, const Problem& problem) const { return make_plan(device, problem); }
    Arithmetic arithmetic_for(const Problem& problem) const {
        return arithmetic_of ? arithmetic_of(problem) : arithmetic;
    }
};

/// Named lists of problems. `smoke` and `edge` verify; `quick`, `full` (for GPUs) and `cpu` time.
enum class Suite { smoke, edge, quick, full, cpu };
constexpr auto name_list(Suite) {
    return name_rows<Suite>({{Suite::smoke, "smoke"},
                             {Suite::edge, "edge"},
                             {Suite::quick, "quick"},
                             {Suite::full, "full"},
                             {Suite::cpu, "cpu"}});
}

class Operation {
public:
    virtual ~Operation() = default;
    virtual std::string_view name() const = 0;
    /// One line for --help, and the grammar of its problem text.
    virtual std::string_view summary() const = 0;
    virtual std::string_view problem_grammar() const = 0;
    /// Throws ProblemError.
    virtual std::unique_ptr<Problem> parse(std::string_view text) const = 0;
    virtual std::vector<std::string> suite(Suite suite) const = 0;
    virtual const std::vector<Variant>& variants() const = 0;
};

/// The one list of operations, in all.cpp.
const std::vector<std::unique_ptr<Operation>>& all_operations();

}  // namespace stele
