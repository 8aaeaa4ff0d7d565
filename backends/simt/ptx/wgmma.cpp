// wgmma: issued by each thread, executed for the whole warpgroup when the first of its warps has waited for it, and all
// have issued it. Until then accumulators keep their old values and operands in shared memory are not read.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>

#include "backends/simt/ptx/arithmetic.hpp"
#include "backends/simt/ptx/async.hpp"
#include "backends/simt/ptx/instructions.hpp"

namespace stele::simt {

namespace {

constexpr int group_threads = 128;
/// Bits of a shared address that a descriptor holds.
constexpr std::uint32_t descriptor_reach = 1u << 18;

/// What all threads of a warpgroup must agree on.
struct Instruction {
    WgmmaForm form;
    bool a_in_registers = false, accumulate = false;
    std::uint64_t a = 0, b = 0;

    int k() const { return 256 / bits_of(form.element); }
    int element_bytes() const { return bits_of(form.element) / 8; }
    std::size_t accumulators() const { return static_cast<std::size_t>(form.n) / 2; }
    bool operator==(const Instruction&) const = default;
};

/// What one thread has issued, committed and fenced.
struct Issued {
    std::size_t count = 0, retired = 0;  ///< instructions
    std::vector<std::size_t> committed;  ///< `count` at each commit
    bool ever_fenced = false;
    bool fenced = false;  ///< since the last wait
    /// Accumulators as they were when last known, to see what else changes them.
    std::map<const void*, std::vector<std::uint32_t>> left;

    void remember(const void* d, std::size_t accumulators) {
        auto& words = left[d];
        words.resize(accumulators);
        std::memcpy(words.data(), d, accumulators * 4);
    }
    bool unchanged(const void* d, std::size_t accumulators) const {
        const auto found = left.find(d);
        return found == left.end() || found->second.size() != accumulators ||
               std::memcmp(found->second.data(), d, accumulators * 4) == 0;
    }
};

/// One instruction of a warpgroup, and what its threads brought to it.
struct Operation {
    Instruction instruction;
    Where where;
    bool done = false;
    int issued = 0, retired = 0;  ///< threads
    std::array<void*, group_threads> d{};
    std::array<Issued*, group_threads> owner{};
    std::array<std::array<std::uint32_t, 4>, group_threads> fragment{};
    SyncClock known, landed;  ///< what was before the issue; the reading of the operands
};

/// Instructions of a warpgroup in order; `first` is the index of the oldest kept.
struct Warpgroup {
    std::deque<Operation> operations;
    std::size_t first = 0;
    Operation& operator[](std::size_t index) { return operations[index - first]; }
    std::size_t end() const { return first + operations.size(); }
};

struct Warpgroups {
    std::map<unsigned, Warpgroup> of;
    std::vector<double> a, b, sum;  ///< of the operation that is being executed

    void at_exit() {
        for (const auto& [index, group] : of)
            for (const Operation& operation : group.operations)
                if (operation.issued != group_threads)
                    fail(defect::divergent_barrier,
                         fmt::format("only {} threads of warpgroup {} have executed a wgmma, which all 128 must",
                                     operation.issued, index),
                         operation.where);
    }
};

// -- Operands in shared memory -------------------------------------------------------------------------------------

struct SharedOperand {
    MatrixDescriptor descriptor;
    bool mn_major;
    int extent;  ///< rows of A or columns of B
};

SharedOperand operand_a(const Instruction& instruction) {
    return {unpack_descriptor(instruction.a), instruction.form.a_mn_major, 64};
}
SharedOperand operand_b(const Instruction& instruction) {
    return {unpack_descriptor(instruction.b), instruction.form.b_mn_major, instruction.form.n};
}

/// Calls visit(address, mn, k) for each element that begins a 16-byte piece; pieces stay together in every layout.
template <typename Visit>
void for_each_piece(const SharedOperand& operand, int k_extent, int element_bytes, Visit&& visit) {
    const int step = 16 / element_bytes, mn_step = operand.mn_major ? step : 1, k_step = operand.mn_major ? 1 : step;
    for (int mn = 0; mn < operand.extent; mn += mn_step)
        for (int k = 0; k < k_extent; k += k_step)
            visit(operand_address(operand.descriptor, operand.mn_major, mn, k, element_bytes), mn, k);
}

/// A swizzled operand must lie on its pattern: blocks of 8 rows at multiples of the period, the first row where the
/// base offset says (a start further on within that row is a step along it).
void check_pattern(const SharedOperand& operand, const char* name, Where where) {
    const auto& descriptor = operand.descriptor;
    if (descriptor.swizzle == Swizzle::none) return;
    const auto period = static_cast<std::uint32_t>(period_of(descriptor.swizzle));
    const auto width = static_cast<std::uint32_t>(width_of(descriptor.swizzle));
    if (descriptor.start % period / width != descriptor.base_offset * 128 % period / width)
        fail(
            defect::misaligned,
            fmt::format("wgmma operand {} begins at shared address {:#x}, and with a swizzle of {} bytes its first row "
                        "must begin at a multiple of {}, or as far off as the descriptor's base offset says",
                        name, descriptor.start, width, period),
            where);
    if (descriptor.stride_offset % period != 0 || (operand.mn_major && descriptor.leading_offset % period != 0))
        fail(defect::misaligned,
             fmt::format(
                 "wgmma operand {}: with a swizzle of {} bytes its offsets must be multiples of {}, not {} (stride) "
                 "and {} (leading)",
                 name, width, period, descriptor.stride_offset, descriptor.leading_offset),
             where);
}

void check_operand(const Instruction& instruction, const SharedOperand& operand, const char* name, Where where) {
    check_pattern(operand, name, where);
    const std::uint32_t begin = shared_address(dynamic_shared(), where) & (descriptor_reach - 1);
    const std::uint32_t end = begin + static_cast<std::uint32_t>(dynamic_shared_bytes());
    auto& view = block_state<AsyncBlock>().shared;
    const auto* base = static_cast<const std::byte*>(dynamic_shared());
    for_each_piece(operand, instruction.k(), instruction.element_bytes(), [&](std::uint32_t address, int mn, int k) {
        if (address < begin || address + 16 > end)
            fail(defect::out_of_bounds,
                 fmt::format(
                     "wgmma operand {}: element ({}, {}) is at shared address {:#x}, and dynamic shared memory is "
                     "{:#x} to {:#x}",
                     name, mn, k, address, begin, end),
                 where);
        const Sight sight = view.look(base + (address - begin), 16);
        if (sight == Sight::unfenced)
            fail(defect::missing_fence,
                 fmt::format("wgmma operand {}: element ({}, {}) was written by plain stores since the last "
                             "fence_proxy_async",
                             name, mn, k),
                 where);
        if (sight == Sight::in_flight)
            fail(defect::missing_wait,
                 fmt::format(
                     "wgmma operand {}: element ({}, {}) is still being written by a copy that nobody has waited for",
                     name, mn, k),
                 where);
    });
}

/// The operand as a matrix of doubles, k-major for A ([extent, k]), row-major for B ([k, extent]).
void read_operand(Operation& operation, const SharedOperand& operand, bool transposed, std::vector<double>& matrix,
                  Where where) {
    const Instruction& instruction = operation.instruction;
    const int bytes = instruction.element_bytes(), k_extent = instruction.k(), step = 16 / bytes;
    const auto* base = static_cast<const std::byte*>(dynamic_shared());
    const std::uint32_t begin = shared_address(base, operation.where) & (descriptor_reach - 1);
    const SharedView& view = block_state<AsyncBlock>().shared;
    matrix.resize(static_cast<std::size_t>(operand.extent) * k_extent);
    for_each_piece(operand, k_extent, bytes, [&](std::uint32_t address, int mn, int k) {
        const std::byte* piece = base + (address - begin);
        if (view.in_flight(piece, 16))
            fail(defect::race,
                 fmt::format(
                     "a copy overwrites element ({}, {}) of an operand before the wgmma that reads it (issued at "
                     "line {}) has been waited for",
                     mn, k, operation.where.line()),
                 where);
        if constexpr (checked) engine_read(piece, 16, operation.known, operation.landed, "wgmma", operation.where);
        for (int i = 0; i < step; ++i) {
            std::uint32_t bits = 0;
            std::memcpy(&bits, piece + i * bytes, static_cast<std::size_t>(bytes));
            const int row = operand.mn_major ? mn + i : mn, column = operand.mn_major ? k : k + i;
            const int at = transposed ? column * operand.extent + row : row * k_extent + column;
            matrix[static_cast<std::size_t>(at)] = decode(instruction.form.element, bits);
        }
    });
}

// -- Execution -----------------------------------------------------------------------------------------------------

/// Adds the product to the accumulators of the warp's 32 lanes.
void accumulate_warp(const Operation& operation, int warp, const std::vector<double>& sum) {
    const WgmmaForm& form = operation.instruction.form;
    const bool add = operation.instruction.accumulate;
    const double sign = form.negate_a != form.negate_b ? -1.0 : 1.0;
    for (int lane = 0; lane < warp_lanes; ++lane) {
        void* d = operation.d[static_cast<std::size_t>(warp * 32 + lane)];
        for (int i = 0; i < form.n / 2; ++i) {
            const auto [row, column] = place_in_c(lane, i);
            const double value = sign * sum[static_cast<std::size_t>((warp * 16 + row) * form.n + column)];
            if (form.element == Element::s8) {
                auto& out = static_cast<std::uint32_t*>(d)[i];
                out = (add ? out : 0) + static_cast<std::uint32_t>(static_cast<std::int32_t>(value));
            } else {
                auto& out = static_cast<float*>(d)[i];
                out = static_cast<float>((add ? out : 0.0) + value);
            }
        }
    }
}

void execute(Operation& operation, Where where) {
    const Instruction& instruction = operation.instruction;
    for (unsigned i = 0; i < group_threads; ++i)
        if (!operation.owner[i]->unchanged(operation.d[i], instruction.accumulators()))
            fail(defect::missing_wait,
                 fmt::format("thread {} of the warpgroup has changed accumulators while a wgmma on them was in flight "
                             "(issued at line {}): wgmma_wait_group comes first",
                             i, operation.where.line()),
                 where);
    const int n = instruction.form.n, k = instruction.k();
    auto& [of, a, b, sum] = block_state<Warpgroups>();
    if (instruction.a_in_registers) {
        a.resize(static_cast<std::size_t>(64 * k));
        for (int warp = 0; warp < 4; ++warp) {
            WarpRegisters<4> fragment;
            std::copy_n(operation.fragment.begin() + warp * 32, 32, fragment.begin());
            unpack_a(instruction.form.element, fragment, a.data() + warp * 16 * k);
        }
    } else {
        read_operand(operation, operand_a(instruction), false, a, where);
    }
    read_operand(operation, operand_b(instruction), true, b, where);
    sum.assign(static_cast<std::size_t>(64 * n), 0.0);
    multiply_add(64, n, k, a.data(), b.data(), sum.data());
    for (int warp = 0; warp < 4; ++warp) accumulate_warp(operation, warp, sum);
    for (unsigned i = 0; i < group_threads; ++i)
        operation.owner[i]->remember(operation.d[i], instruction.accumulators());
    operation.done = true;
}

void issue(const Instruction& instruction, void* d, const std::uint32_t* fragment, Where where) {
    const unsigned group_index = ids().warpgroup;
    if (ids().threads < (group_index + 1) * group_threads)
        fail(defect::divergent_barrier, "wgmma needs four whole warps, and the block's last warpgroup has fewer",
             where);
    Warpgroup& group = block_state<Warpgroups>().of[group_index];
    auto& own = thread_state<Issued>();
    if (!own.ever_fenced) fail(defect::missing_fence, "a wgmma without any wgmma_fence before it", where);
    if (!own.fenced && !own.unchanged(d, instruction.accumulators()))
        fail(defect::missing_fence,
             "accumulators have changed since the last wgmma, and no wgmma_fence came before this one", where);
    const std::size_t index = own.count++;
    if (index == group.end()) {
        if (!instruction.a_in_registers) check_operand(instruction, operand_a(instruction), "A", where);
        check_operand(instruction, operand_b(instruction), "B", where);
        Operation& operation = group.operations.emplace_back();
        operation.instruction = instruction;
        operation.where = where;
    } else if (group[index].instruction != instruction) {
        fail(defect::divergent_barrier,
             fmt::format("wgmma number {} of warpgroup {} is not the same in all its threads (operands, shape or "
                         "accumulation differ)",
                         index, group_index),
             where);
    }
    Operation& operation = group[index];
    const unsigned thread = ids().thread % group_threads;
    operation.d[thread] = d;
    operation.owner[thread] = &own;
    if (fragment != nullptr) std::copy_n(fragment, 4, operation.fragment[thread].begin());
    ++operation.issued;
    operation.known.release();
    own.remember(d, instruction.accumulators());
}

/// Instructions of the running thread up to `end` are finished: executes those that no other thread has.
void retire(Warpgroup& group, Issued& own, std::size_t end, Where where) {
    for (; own.retired < end; ++own.retired) {
        Operation& operation = group[own.retired];
        if (!operation.done) execute(operation, where);
        operation.landed.acquire();
        ++operation.retired;
    }
    while (!group.operations.empty() && group.operations.front().retired == group_threads) {
        group.operations.pop_front();
        ++group.first;
    }
}

}  // namespace

std::uint64_t wgmma_descriptor(const void* tile, std::uint32_t leading_offset, std::uint32_t stride_offset,
                               Swizzle swizzle, Where where) {
    check_shared(tile, 16, 16, "a wgmma operand", where);
    const std::uint32_t start = shared_address(tile, where) & ((1u << 27) - 1);
    if (start >= descriptor_reach)
        fail(defect::unsupported, "a wgmma operand in a __shared__ variable: use dynamic shared memory", where);
    if (leading_offset % 16 != 0 || stride_offset % 16 != 0)
        fail(defect::misaligned,
             fmt::format("a wgmma descriptor's offsets are multiples of 16 bytes, not {} and {}", leading_offset,
                         stride_offset),
             where);
    return pack_descriptor({start, leading_offset, stride_offset, 0, swizzle});
}

void wgmma(void* d, const WgmmaForm& form, std::uint64_t a, std::uint64_t b, bool accumulate, Where where) {
    issue({form, false, accumulate, a, b}, d, nullptr, where);
}

void wgmma(void* d, const WgmmaForm& form, const std::uint32_t (&a)[4], std::uint64_t b, bool accumulate, Where where) {
    issue({form, true, accumulate, 0, b}, d, a, where);
}

void wgmma_fence(Where) {
    auto& own = thread_state<Issued>();
    own.ever_fenced = own.fenced = true;
}

void wgmma_commit_group(Where) {
    auto& own = thread_state<Issued>();
    own.committed.push_back(own.count);
}

void wgmma_wait_group(int pending, Where where) {
    auto& own = thread_state<Issued>();
    if (own.committed.size() <= static_cast<std::size_t>(pending)) return;
    const std::size_t end = own.committed[own.committed.size() - 1 - static_cast<std::size_t>(pending)];
    Warpgroup& group = block_state<Warpgroups>().of[ids().warpgroup];
    auto all_issued = [&] {
        for (std::size_t i = own.retired; i < end; ++i)
            if (group[i].issued != group_threads) return false;
        return true;
    };
    wait_until(all_issued, "wgmma.wait_group, for the other warps of the warpgroup", where);
    // Others go on first, so that who gives an operand back before this point is seen to have done so.
    if (own.retired < end && !group[end - 1].done) yield("wgmma.wait_group", where);
    retire(group, own, end, where);
    own.fenced = false;
}

}  // namespace stele::simt
