// block.hpp for the thread that runs.
#include <algorithm>
#include <cstring>

#include "backends/simt/checks/tracker.hpp"
#include "backends/simt/executor/cluster.hpp"
#include "backends/simt/executor/scheduler.hpp"

namespace stele::simt {
namespace {

Block& block() { return *running_block(); }

std::string number(const void* address) {
    char text[32];
    std::snprintf(text, sizeof text, "%p", address);
    return text;
}

/// Threads of the cluster hardware barrier: which generation this thread arrived in.
struct ClusterPhase {
    std::uint64_t generation = 0;
    bool arrived = false;
    SyncClock clock;
};
struct ClusterClocks {
    SyncClock clock;
};

bool in_static_shared(const Block& owner, const void* address) {
    const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(address) - owner.tls().begin);
    return offset < owner.tls().bytes && !executor_tls(offset);
}

bool in_arena(const Block& owner, const void* address) {
    const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(address) - owner.dynamic_shared());
    return offset < owner.dynamic_shared_bytes();
}

/// The block of the cluster whose shared memory `address` lies in, or null.
Block* owner_of(const void* address) {
    Block& mine = block();
    if (in_arena(mine, address) || in_static_shared(mine, address)) return &mine;
    if (Cluster* cluster = mine.cluster())
        for (unsigned rank = 0; rank < cluster->blocks(); ++rank)
            if (Block& other = cluster->block(rank); in_arena(other, address) || in_static_shared(other, address))
                return &other;
    return nullptr;
}

}  // namespace

void fail(std::string_view defect, std::string text, Where where) {
    block().fail(defect, std::move(text), describe(where));
}

void collective(Scope scope, std::uint32_t mask, const char* what, void* value,
                void (*function)(void* context, Values values), void* context, Where where) {
    block().collective(scope, mask, what, value, function, context, where);
}

void meet(Scope scope, std::uint32_t mask, const char* what, Where where) {
    if (!checked || scope != Scope::warp) {
        block().collective(scope, mask, what, nullptr, nullptr, nullptr, where);
        return;
    }
    unsigned warp = ids().warp;
    block().collective(
        scope, mask, what, &warp,
        [](void* context, Values values) {
            std::uint32_t lanes = 0;
            for (unsigned lane = 0; lane < 32; ++lane)
                if (values[lane] != nullptr) lanes |= 1u << lane;
            block().tracker()->meet_lanes(block(), *static_cast<unsigned*>(context), lanes);
        },
        &warp, where);
}

std::uint32_t live_lanes() { return block().warp(ids().warp).live; }

void named_barrier_sync(unsigned id, unsigned threads, Where where) { block().named_barrier(id, threads, true, where); }
void named_barrier_arrive(unsigned id, unsigned threads, Where where) {
    block().named_barrier(id, threads, false, where);
}

void cluster_arrive(Where where) {
    auto& phase = thread_state<ClusterPhase>();
    if (phase.arrived) fail(defect::too_many_arrivals, "barrier.cluster.arrive twice without a wait between", where);
    phase.arrived = true;
    if (Cluster* cluster = block().cluster()) {
        phase.generation = cluster->arrive();
        if constexpr (checked) block().tracker()->cluster_arrive(block().running());
    }
}

void cluster_wait(Where where) {
    auto& phase = thread_state<ClusterPhase>();
    if (!phase.arrived) fail(defect::deadlock, "barrier.cluster.wait without an arrive before it", where);
    phase.arrived = false;
    Cluster* cluster = block().cluster();
    if (cluster == nullptr) return meet(Scope::block, ~0u, "barrier.cluster", where);
    block().wait_until([](void* context) { return block().cluster()->passed(*static_cast<std::uint64_t*>(context)); },
                       &phase.generation, "barrier.cluster.wait",
                       [](void*) -> std::string {
                           if (!block().cluster()->anybody_left()) return {};
                           return std::string(defect::divergent_barrier) +
                                  ": threads wait for all of the cluster, and some have left the kernel";
                       },
                       where);
    if constexpr (checked) block().tracker()->cluster_wait(block().running());
}

void wait_until(bool (*ready)(void*), void* context, const char* what, Diagnosis diagnosis, Where where) {
    block().wait_until(ready, context, what, diagnosis, where);
}

void yield(const char* what, Where where) { block().yield(what, where); }

namespace detail {

int new_slot() {
    static int next = 0;
    return next++;
}

Slot& thread_slot(int index) { return block().running().state[static_cast<std::size_t>(index)]; }
Slot& block_slot(int index) { return block().block_slot(index); }

}  // namespace detail

void add_engine(bool (*progress)(void*), void* context) { block().add_engine(progress, context); }

void* dynamic_shared() { return block().dynamic_shared(); }
std::size_t dynamic_shared_bytes() { return block().dynamic_shared_bytes(); }
bool is_shared(const void* address) { return owner_of(address) != nullptr; }

std::uint32_t shared_address(const void* pointer, Where where) {
    const Block* owner = owner_of(pointer);
    if (owner == nullptr)
        fail(defect::out_of_bounds, number(pointer) + " is not in shared memory, but is used as a shared address",
             where);
    const std::uint32_t rank = owner->rank() << rank_shift;
    const auto* at = static_cast<const std::byte*>(pointer);
    if (in_arena(*owner, pointer))
        return rank | (dynamic_window + static_cast<std::uint32_t>(at - owner->dynamic_shared()));
    return rank | (static_window + static_cast<std::uint32_t>(at - owner->tls().begin));
}

void* shared_pointer(std::uint32_t address, Where where) {
    const unsigned rank = address >> rank_shift;
    const std::uint32_t offset = address & ((1u << rank_shift) - 1);
    const Block* owner = &block();
    if (rank != owner->rank()) {
        if (owner->cluster() == nullptr || rank >= owner->cluster()->blocks())
            fail(defect::out_of_bounds,
                 "shared address of block " + std::to_string(rank) + " of a cluster of " + std::to_string(ids().blocks),
                 where);
        owner = &owner->cluster()->block(rank);
    }
    std::byte* out = nullptr;
    if (offset >= static_window)
        out = const_cast<std::byte*>(owner->tls().begin) + (offset - static_window);
    else if (offset >= dynamic_window && offset - dynamic_window <= owner->dynamic_shared_bytes())
        out = owner->dynamic_shared() + (offset - dynamic_window);
    else
        fail(defect::out_of_bounds,
             "shared address " + std::to_string(offset) + ": the launch has " +
                 std::to_string(owner->dynamic_shared_bytes()) + " bytes of dynamic shared memory from 1024 on",
             where);
    return out;
}

void* map_shared(const void* pointer, unsigned rank, Where where) {
    const std::uint32_t offset = shared_address(pointer, where) & ((1u << rank_shift) - 1);
    if (rank >= ids().blocks)
        fail(defect::out_of_bounds,
             "block " + std::to_string(rank) + " of a cluster of " + std::to_string(ids().blocks), where);
    return shared_pointer(offset | rank << rank_shift, where);
}

void check_aligned(const void* address, std::size_t alignment, const char* what, Where where) {
    if (reinterpret_cast<std::uintptr_t>(address) % alignment != 0)
        fail(defect::misaligned,
             std::string(what) + " wants an address that is a multiple of " + std::to_string(alignment) + ", not " +
                 number(address),
             where);
}

void check_shared(const void* address, std::size_t bytes, std::size_t alignment, const char* what, Where where) {
    check_aligned(address, alignment, what, where);
    if (bytes == 0) return;
    const auto* begin = static_cast<const std::byte*>(address);
    const Block* owner = owner_of(begin);
    const bool inside = owner != nullptr && (in_arena(*owner, begin) ? in_arena(*owner, begin + bytes - 1)
                                                                     : in_static_shared(*owner, begin + bytes - 1));
    if (inside) return;
    const auto offset = begin - block().dynamic_shared();
    fail(defect::out_of_bounds,
         std::string(what) + " touches " + std::to_string(bytes) + " bytes at " + number(address) + " (offset " +
             std::to_string(offset) + " of the " + std::to_string(block().dynamic_shared_bytes()) +
             " bytes of dynamic shared memory), not all of which is shared memory",
         where);
}

void check_global(const void* address, std::size_t bytes, std::size_t alignment, const char* what, Where where) {
    check_aligned(address, alignment, what, where);
    if (bytes == 0 || block().in_a_buffer(static_cast<const std::byte*>(address), bytes)) return;
    const std::string wrong = outside_buffers(block().request(), static_cast<const std::byte*>(address), bytes);
    if (!wrong.empty()) fail(defect::out_of_bounds, std::string(what) + " touches " + wrong, where);
}

std::string outside_buffers(const LaunchRequest& request, const std::byte* address, std::size_t bytes) {
    // Buffers are sorted by address: the last that begins at or before it.
    const auto after = std::upper_bound(request.buffers.begin(), request.buffers.end(), address,
                                        [](const std::byte* at, const Extent& extent) { return at < extent.begin; });
    const Extent* before = after == request.buffers.begin() ? nullptr : &*(after - 1);
    if (before != nullptr && address + bytes <= before->begin + before->bytes) return {};
    std::string out = std::to_string(bytes) + " byte(s) of global memory at " + number(address);
    if (before != nullptr && (after == request.buffers.end() || address < after->begin - Buffer::guard_bytes))
        return out + ", which is " + std::to_string(address - before->begin) + " bytes into a buffer of " +
               std::to_string(before->bytes);
    if (after != request.buffers.end())
        return out + ", which is " + std::to_string(after->begin - address) + " bytes before a buffer of " +
               std::to_string(after->bytes);
    return out + ", where there is no buffer";
}

void read_memory(const void* address, std::size_t bytes, const char* what, Where where) {
    if constexpr (checked)
        block().tracker()->access(block(), block().running(), address, bytes, Access::read, {0, &where, what});
    else if (block().in_a_buffer(static_cast<const std::byte*>(address), bytes))
        return;
    else if (is_shared(address))
        check_shared(address, bytes, 1, what, where);
    else
        check_global(address, bytes, 1, what, where);
}

void write_memory(const void* address, std::size_t bytes, const char* what, Where where) {
    if constexpr (checked)
        block().tracker()->access(block(), block().running(), address, bytes, Access::write, {0, &where, what});
    else
        read_memory(address, bytes, what, where);
}

void atomic_memory(const void* address, std::size_t bytes, const char* what, Where where) {
    check_aligned(address, bytes, what, where);
    if constexpr (checked)
        block().tracker()->access(block(), block().running(), address, bytes, Access::atomic, {0, &where, what});
    if (++block().running().atomics % 64 == 0) block().yield(what, where);
}

void engine_read([[maybe_unused]] const void* address, [[maybe_unused]] std::size_t bytes,
                 [[maybe_unused]] const SyncClock& issued, [[maybe_unused]] SyncClock& landed,
                 [[maybe_unused]] const char* what, [[maybe_unused]] Where where) {
    if constexpr (checked)
        block().tracker()->engine_access(block(), address, bytes, Access::read, issued, landed, {0, &where, what});
    else
        read_memory(address, bytes, what, where);
}

void engine_write(const void* address, std::size_t bytes, const SyncClock& issued, SyncClock& landed, const char* what,
                  Where where) {
    if constexpr (checked)
        block().tracker()->engine_access(block(), address, bytes, Access::write, issued, landed, {0, &where, what});
    else
        engine_read(address, bytes, issued, landed, what, where);
}

#ifdef STELE_SIMT_CHECKED
void SyncClock::release() { block().tracker()->release(block().running(), *this); }
void SyncClock::acquire() const { block().tracker()->acquire(block().running(), *this); }
void SyncClock::clear() { clocks_.clear(); }
void SyncClock::join(const SyncClock& other) { Tracker::join(clocks_, other.clocks_); }
#endif

}  // namespace stele::simt
