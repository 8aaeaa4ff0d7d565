// The executor as CUDA's functions see it: which thread runs, how threads meet, wait and fail, what memory they touch.
//
// Each CUDA thread of a block is a fiber, and all fibers of a block share one thread of the host, so nothing here needs
// a lock, and code between two calls of this header runs without interruption. The headers in include/ and the
// emulation of PTX are written with these functions. They may only be called while a kernel runs.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#ifdef STELE_SIMT_CHECKED
/// Code of the executor that is inlined into kernels is not the kernel's: its accesses are not looked at.
#define STELE_SIMT_UNSEEN __attribute__((no_sanitize("thread")))
#else
#define STELE_SIMT_UNSEEN
#endif

namespace stele::simt {

#ifdef STELE_SIMT_CHECKED
inline constexpr bool checked = true;
#else
inline constexpr bool checked = false;
#endif

using Where = std::source_location;

/// Where the running thread stands.
struct ThreadIds {
    unsigned thread = 0;      ///< in the block, x fastest
    unsigned lane = 0;        ///< thread % 32
    unsigned warp = 0;        ///< thread / 32
    unsigned warpgroup = 0;   ///< thread / 128
    unsigned threads = 1;     ///< of the block
    unsigned block_rank = 0;  ///< in the cluster
    unsigned blocks = 1;      ///< of the cluster
};

struct Current {
    ThreadIds ids;
};
extern constinit thread_local Current current_state;

inline STELE_SIMT_UNSEEN const ThreadIds& ids() { return current_state.ids; }

// -- Failing -----------------------------------------------------------------------------------------------------

/// Names of defects, as messages begin with them.
namespace defect {
inline constexpr std::string_view deadlock = "deadlock";
inline constexpr std::string_view divergent_barrier = "divergent barrier";
inline constexpr std::string_view race = "race";
inline constexpr std::string_view out_of_bounds = "out of bounds";
inline constexpr std::string_view misaligned = "misaligned";
inline constexpr std::string_view uninitialised = "uninitialised";
inline constexpr std::string_view too_many_arrivals = "too many arrivals";
inline constexpr std::string_view transaction = "transaction never completes";
inline constexpr std::string_view unsupported = "not modelled";
}  // namespace defect

/// Ends the launch. The message becomes "<defect>: <text>" with the kernel, block, thread, line and seed added. The
/// calling thread's stack is abandoned, not unwound.
[[noreturn]] void fail(std::string_view defect, std::string text, Where where = Where::current());

// -- Meeting -----------------------------------------------------------------------------------------------------

enum class Scope { warp, warpgroup, block };

/// What each thread brought: `values[rank]` with the rank being the lane, the thread of the warpgroup, or the thread of
/// the block; null for those who take no part.
using Values = void* const*;

/// All threads of `scope` (of a warp: those in `mask`) wait here until the last has come; that one runs
/// `function(context, values)` over what all brought, and then all go on. `what` names the instruction, and threads
/// that meet under different names are a divergent barrier. Lanes that have left the kernel are not waited for; of a
/// block or a warpgroup nobody may have left. A block meets by source line too: two lines are two barriers.
void collective(Scope scope, std::uint32_t mask, const char* what, void* value,
                void (*function)(void* context, Values values), void* context, Where where);

/// The same with a callable `function(Values)`. Each value is the caller's own and may be written by the function.
template <typename F>
STELE_SIMT_UNSEEN void collective(Scope scope, std::uint32_t mask, const char* what, void* value, F&& function,
                                  Where where = Where::current()) {
    collective(
        scope, mask, what, value,
        [](void* context, Values values) { (*static_cast<std::remove_reference_t<F>*>(context))(values); }, &function,
        where);
}

/// A meeting without values.
void meet(Scope scope, std::uint32_t mask, const char* what, Where where = Where::current());

/// Lanes of the running warp that have not left the kernel.
std::uint32_t live_lanes();

/// bar.sync / bar.arrive `id`, `threads` (a multiple of 32; 0 means all of the block) with id 1…15.
void named_barrier_sync(unsigned id, unsigned threads, Where where = Where::current());
void named_barrier_arrive(unsigned id, unsigned threads, Where where = Where::current());

/// Barrier of all threads of all blocks in the cluster, in its two halves.
void cluster_arrive(Where where = Where::current());
void cluster_wait(Where where = Where::current());

// -- Waiting -----------------------------------------------------------------------------------------------------

/// Describes why a wait cannot end: "<defect>: <text>", or nothing to be reported as a plain deadlock.
using Diagnosis = std::string (*)(void* context);

/// Waits until `ready(context)`. It is asked again after other threads ran; if none can run, engines are given a turn;
/// if those do nothing either, the launch ends with the diagnosis or as a deadlock. `what` must outlive the wait.
void wait_until(bool (*ready)(void* context), void* context, const char* what, Diagnosis diagnosis = nullptr,
                Where where = Where::current());

template <typename F>
STELE_SIMT_UNSEEN void wait_until(F&& ready, const char* what, Where where = Where::current()) {
    wait_until([](void* context) -> bool { return (*static_cast<std::remove_reference_t<F>*>(context))(); }, &ready,
               what, nullptr, where);
}

/// Lets other warps run, then goes on. For instructions that kernels spin on: a block in which threads only spin, and
/// nothing else happens, is a deadlock.
void yield(const char* what, Where where = Where::current());

// -- State of asynchronous engines ---------------------------------------------------------------------------------

namespace detail {
int new_slot();
template <typename T>
inline const int slot = new_slot();

struct Slot {
    void* object = nullptr;
    void (*destroy)(void*) = nullptr;
    void (*at_exit)(void*) = nullptr;
};
Slot& thread_slot(int index);
Slot& block_slot(int index);

template <typename T>
STELE_SIMT_UNSEEN T& in_slot(Slot& slot) {
    if (slot.object == nullptr) {
        slot.object = new T();
        slot.destroy = [](void* object) { delete static_cast<T*>(object); };
        if constexpr (requires(T& object) { object.at_exit(); })
            slot.at_exit = [](void* object) { static_cast<T*>(object)->at_exit(); };
    }
    return *static_cast<T*>(slot.object);
}
}  // namespace detail

/// One T per thread of a block, made at first use and destroyed when the block ends. If T has `void at_exit()`, it is
/// called when the thread leaves the kernel, on that thread. At most 16 types.
template <typename T>
STELE_SIMT_UNSEEN T& thread_state() {
    return detail::in_slot<T>(detail::thread_slot(detail::slot<T>));
}

/// One T per block; `at_exit()` is called when its last thread has left.
template <typename T>
STELE_SIMT_UNSEEN T& block_state() {
    return detail::in_slot<T>(detail::block_slot(detail::slot<T>));
}

/// Registers something that happens by itself in this block: called when none of the block's threads can run, returns
/// whether it did anything. It is called outside any thread, and may call fail().
void add_engine(bool (*progress)(void* context), void* context);

// -- Memory ------------------------------------------------------------------------------------------------------

/// Dynamic shared memory of the block, aligned to 1024 bytes, and its size in the launch. NaN patterns at the start.
void* dynamic_shared();
std::size_t dynamic_shared_bytes();

bool is_shared(const void* address);

/// The 32-bit address of the shared window, as __cvta_generic_to_shared and descriptors use it: dynamic shared memory
/// begins at 1024, the kernel's __shared__ variables lie above 1 MiB; bits 27…31 hold the block's rank in its cluster.
std::uint32_t shared_address(const void* pointer, Where where = Where::current());
void* shared_pointer(std::uint32_t address, Where where = Where::current());
/// The same place in the shared memory of another block of the cluster.
void* map_shared(const void* pointer, unsigned rank, Where where = Where::current());

/// Misaligned unless `address` is a multiple of `alignment`.
void check_aligned(const void* address, std::size_t alignment, const char* what, Where where = Where::current());
/// Out of bounds unless all bytes lie in shared memory, or in a buffer of the device.
void check_shared(const void* address, std::size_t bytes, std::size_t alignment, const char* what,
                  Where where = Where::current());
void check_global(const void* address, std::size_t bytes, std::size_t alignment, const char* what,
                  Where where = Where::current());

/// What happened before what, for code that makes threads wait for each other in its own way (barriers in memory). Has
/// a size only in the checked build.
class SyncClock {
public:
    /// All that the running thread did until now is before whatever acquires this later.
    void release();
    /// All that was released into this is before what the running thread does from now on.
    void acquire() const;
    void clear();
    /// Adds what is before `other`.
    void join(const SyncClock& other);

private:
    friend class Tracker;
#ifdef STELE_SIMT_CHECKED
    std::vector<std::uint32_t> clocks_;
#endif
};

/// An access that the running thread makes through an emulated instruction rather than a load or store of its own.
/// Checked for bounds in both builds, for races and uninitialised shared memory in the checked one.
void read_memory(const void* address, std::size_t bytes, const char* what, Where where = Where::current());
void write_memory(const void* address, std::size_t bytes, const char* what, Where where = Where::current());

/// The same for an atomic operation; atomics do not race with each other. Lets other threads run now and then, since
/// kernels wait for each other with atomics.
void atomic_memory(const void* address, std::size_t bytes, const char* what, Where where = Where::current());

/// An access by an engine that no thread waits for, after what `issued` holds; `landed` then holds that access. May be
/// called outside any thread.
void engine_read(const void* address, std::size_t bytes, const SyncClock& issued, SyncClock& landed, const char* what,
                 Where where = Where::current());
void engine_write(const void* address, std::size_t bytes, const SyncClock& issued, SyncClock& landed, const char* what,
                  Where where = Where::current());

#ifndef STELE_SIMT_CHECKED
inline void SyncClock::release() {}
inline void SyncClock::acquire() const {}
inline void SyncClock::clear() {}
inline void SyncClock::join(const SyncClock&) {}
#endif

}  // namespace stele::simt
