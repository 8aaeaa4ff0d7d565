// The one list of operations of the program stele_faults: stele itself, with kernels that are wrong on purpose in the
// place of its own. tests/cli/test_contained.py says what must become of each.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "backends/simt/device/module.hpp"
#include "kernels/native_table.hpp"
#include "kernels/operation.hpp"
#include "tests/support/twice.hpp"

namespace stele {
namespace {

using test::twice;
using test::twice_variant;

/// Asks for memory, and uses it, until there is none.
void starve(float*, float*, std::int64_t) {
    constexpr std::size_t piece = std::size_t{64} << 20;
    for (std::vector<std::unique_ptr<char[]>> held;; held.push_back(std::make_unique<char[]>(piece))) {
    }
}

/// Writes what is no message at every place where messages might go.
void babble(float* x, float* y, std::int64_t count) {
    constexpr char words[] = "{\"finished\": [ that is not it\n";
    for (int file = 3; file < 16; ++file)
        if (::write(file, words, sizeof words - 1) < 0) continue;
    twice(x, y, count);
}

void chatter(float* x, float* y, std::int64_t count) {
    std::puts("{\"done\": {}}");
    std::fflush(stdout);
    twice(x, y, count);
}

[[noreturn]] void spin() {
    for (volatile int i = 0;; i = i + 1) {
    }
}

Variant host(const std::string& name, const test::TwiceKernel& kernel) { return twice_variant(name, kernel); }

Variant opencl(const std::string& name, const std::string& body) {
    Variant variant = twice_variant(name);
    variant.language = Language::opencl;
    variant.make_plan = [body](const DeviceInfo&, const Problem& problem) {
        Plan plan;
        KernelSource source;
        source.language = Language::opencl;
        source.file = "faults.cl";
        source.entry = "fault";
        source.text =
            "kernel void fault(global float* x, global float* y, long count) { const long i = get_global_id(0); " +
            body + " }";
        plan.kernels.push_back(source);
        const auto count = static_cast<std::int64_t>(problem.tensors()[0].elements());
        if (count == 0) return plan;
        plan.steps.push_back(
            {0, {static_cast<unsigned>(count), 1, 1}, {1, 1, 1}, 0, {TensorOperand{0}, TensorOperand{1}, count}});
        return plan;
    };
    return variant;
}

SimtEntry simt_entry(const std::string& entry) {
    const simt::Module& module = simt::active_module();
    if (module.table == nullptr) return nullptr;
    for (const NativeExport& group : *static_cast<const std::vector<NativeExport>*>(module.table->exports))
        for (const NativeInstance& instance : group.instances())
            if (instance.entry == entry) return instance.kernel.simt;
    return nullptr;
}

Variant cuda(const std::string& entry) {
    Variant variant = twice_variant(entry);
    variant.language = Language::cuda;
    variant.make_plan = [entry](const DeviceInfo&, const Problem& problem) {
        Plan plan;
        KernelSource source;
        source.language = Language::cuda;
        source.entry = entry;
        source.native.simt = simt_entry(entry);
        plan.kernels.push_back(source);
        const auto count = static_cast<std::int64_t>(problem.tensors()[0].elements());
        if (count == 0) return plan;
        plan.steps.push_back(
            {0, {1, 1, 1}, {static_cast<unsigned>(count), 1, 1}, 0, {TensorOperand{0}, TensorOperand{1}, count}});
        return plan;
    };
    return variant;
}

std::vector<Variant> faulty_variants() {
    const std::string right = "y[i] = 2 * x[i];";
    return {
        host("right", twice),
        host("segfault",
             [](float* x, float*, std::int64_t) {
                 volatile float* nowhere = nullptr;
                 *nowhere = x[0];  // NOLINT: on purpose
             }),
        host("abort", [](float*, float*, std::int64_t) { std::abort(); }),
        host("exit", [](float*, float*, std::int64_t) { std::exit(0); }),
        host("endless", [](float*, float*, std::int64_t) { spin(); }),
        host("starve", starve),
        host("babble", babble),
        host("chatter", chatter),
        // Right in its first run, and dead while it is timed.
        host("late",
             [runs = 0](float* x, float* y, std::int64_t count) mutable {
                 if (++runs == 4) std::abort();
                 twice(x, y, count);
             }),
        opencl("right", right),
        opencl("endless", "while (count > 0) { y[i] = x[i] * 3; mem_fence(CLK_GLOBAL_MEM_FENCE); } " + right),
        cuda("right"),
        cuda("endless"),
        cuda("endless_barrier"),
    };
}

/// With problems whose references cannot be had: 13 rows want too much memory, 14 are refused.
class FaultyOperation final : public test::TwiceOperation {
public:
    FaultyOperation() : TwiceOperation(faulty_variants()) {}
    std::unique_ptr<Problem> parse(std::string_view text) const override {
        std::unique_ptr<Problem> problem = TwiceOperation::parse(text);
        auto& refuse = dynamic_cast<test::TwiceProblem&>(*problem).refuse;
        if (problem->id().starts_with("rows=13 ")) refuse = [] { throw std::bad_alloc(); };
        if (problem->id().starts_with("rows=14 ")) refuse = [] { throw ProblemError("no reference of 14 rows"); };
        return problem;
    }
};

}  // namespace

const std::vector<std::unique_ptr<Operation>>& all_operations() {
    static const std::vector<std::unique_ptr<Operation>> operations = [] {
        std::vector<std::unique_ptr<Operation>> list;
        list.push_back(std::make_unique<FaultyOperation>());
        return list;
    }();
    return operations;
}

}  // namespace stele
