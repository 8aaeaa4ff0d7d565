// One block as fibers: who can run, who waits for what, and what it means when nobody can run.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "backends/simt/abi.hpp"
#include "backends/simt/cuda_headers/stele_simt_indices.h"
#include "backends/simt/executor/block.hpp"
#include "backends/simt/executor/fiber.hpp"

namespace stele::simt {

class Block;
class Cluster;
class Tracker;

/// A defect found outside any thread of a block.
struct Defect {
    std::string text;
};

/// What a thread waits for.
struct Wait {
    enum class Kind { none, warp, warpgroup, block, named, predicate, spin };
    Kind kind = Kind::none;
    const char* what = nullptr;
    Where where;
    std::uint32_t mask = 0;
    bool (*ready)(void*) = nullptr;
    void* context = nullptr;
    Diagnosis diagnosis = nullptr;
};

inline constexpr std::size_t slots = 16;
using SlotArray = std::array<detail::Slot, slots>;

struct Thread {
    ThreadIds ids;
    uint3 index{};
    Fiber* fiber = nullptr;
    Block* block = nullptr;
    Wait wait;
    bool done = false;
    unsigned atomics = 0;
    SlotArray state{};
};

/// Threads that wait for each other under one name, and what they brought.
struct Meeting {
    const char* what = nullptr;
    Where where;
    unsigned arrived = 0;
    std::vector<void*> values;
    std::vector<Thread*> present;
};

struct Warp {
    /// A meeting of the lanes in `mask`; kept at its lowest lane.
    struct Open {
        std::uint32_t mask = 0, arrived = 0;
        const char* what = nullptr;
        Where where;
        void (*function)(void*, Values) = nullptr;
        void* context = nullptr;
    };
    std::uint32_t live = 0, ready = 0;
    std::array<Open, 32> open{};
    std::array<void*, 32> values{};
};

struct NamedBarrier {
    unsigned expected = 0, arrived = 0;
    std::vector<Thread*> waiting;
};

/// xorshift: the same seed gives the same order on every machine.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 0x632BE59BD9B4E019u) {}
    std::uint32_t operator()() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return static_cast<std::uint32_t>(state_ >> 32);
    }
    std::uint32_t below(std::uint32_t bound) {
        return static_cast<std::uint32_t>((std::uint64_t{(*this)()} * bound) >> 32);
    }

private:
    std::uint64_t state_;
};

/// What a thread of the host keeps from one block to the next.
struct Worker {
    FiberPool fibers;
    std::unique_ptr<std::byte[]> arena_storage;
    std::byte* arena = nullptr;        ///< dynamic shared memory, aligned, with a margin on either side
    std::unique_ptr<Tracker> tracker;  ///< only in the checked module
    std::deque<Thread> threads;
    std::vector<Warp> warps;
    Worker();
    ~Worker();
};

/// Around dynamic shared memory; nothing may touch it.
inline constexpr std::size_t arena_margin = 4096;
/// Where dynamic and static shared memory lie in the 32-bit window, and where the rank in the cluster.
inline constexpr std::uint32_t dynamic_window = 1024, static_window = 1u << 20;
inline constexpr unsigned rank_shift = 27;

class Block {
public:
    Block(Worker& worker, const LaunchRequest& request, std::uint64_t index, Cluster* cluster, unsigned rank);
    ~Block();
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;

    /// Runs all threads to their end, or to the first defect. In a cluster, waits for its turn now and then.
    void run();
    const std::string& failure() const { return failure_; }
    void stop_with(std::string failure);

    // What block.hpp offers, for the running thread.
    void collective(Scope scope, std::uint32_t mask, const char* what, void* value, void (*function)(void*, Values),
                    void* context, Where where);
    void named_barrier(unsigned id, unsigned count, bool wait, Where where);
    void wait_until(bool (*ready)(void*), void* context, const char* what, Diagnosis diagnosis, Where where);
    void yield(const char* what, Where where);
    [[noreturn]] void fail(std::string_view defect, std::string text, std::string where);

    Thread& running() { return *running_; }
    Thread* running_or_null() { return running_; }
    detail::Slot& block_slot(int index) { return state_[static_cast<std::size_t>(index)]; }
    void add_engine(bool (*progress)(void*), void* context) { engines_.push_back({progress, context}); }

    std::byte* dynamic_shared() const { return worker_.arena; }
    std::size_t dynamic_shared_bytes() const { return request_.shared_bytes; }
    const LaunchRequest& request() const { return request_; }
    Cluster* cluster() const { return cluster_; }
    Worker& worker() const { return worker_; }
    Tracker* tracker() const;
    unsigned rank() const { return rank_; }
    unsigned threads() const { return thread_count_; }
    unsigned live() const { return live_; }
    Thread& thread(unsigned index) const { return worker_.threads[index]; }
    const Warp& warp(unsigned index) const { return worker_.warps[index]; }
    const Extent& tls() const { return tls_; }
    /// Kernels go through few buffers, so the one of the last access is asked first.
    bool in_a_buffer(const std::byte* address, std::size_t bytes) {
        if (address >= recent_.begin && address + bytes <= recent_.begin + recent_.bytes) return true;
        for (const Extent& buffer : request_.buffers)
            if (address >= buffer.begin && address + bytes <= buffer.begin + buffer.bytes) {
                recent_ = buffer;
                return true;
            }
        return false;
    }
    std::string place(const Thread* thread, const std::string& where) const;

private:
    void start_threads();
    void run_thread(Thread& thread);
    static void thread_body(void* thread);
    void finish_thread(Thread& thread);
    bool run_some();
    bool poll_waiters();
    bool run_engines();
    void make_ready(Thread& thread);
    void make_ready(Warp& warp, unsigned index, std::uint32_t lanes);
    void suspend(Wait wait);
    void meet_warp(std::uint32_t mask, const char* what, void* value, void (*function)(void*, Values), void* context,
                   Where where);
    void complete_warp(Warp& warp, unsigned index, Warp::Open& open);
    void meet_many(Meeting& meeting, unsigned first, unsigned count, Wait::Kind kind, const char* what, void* value,
                   void (*function)(void*, Values), void* context, Where where);
    void destroy_states();
    [[noreturn]] void stuck();
    std::string waiting_list() const;

    struct Engine {
        bool (*progress)(void*);
        void* context;
    };

    Worker& worker_;
    const LaunchRequest& request_;
    Cluster* cluster_;
    unsigned rank_;
    uint3 index_{};
    Random random_;
    unsigned thread_count_ = 0, live_ = 0;
    std::vector<unsigned> ready_;  ///< warps with a lane that can run
    std::vector<Thread*> waiters_, spinners_;
    std::uint64_t spins_without_progress_ = 0;
    std::chrono::steady_clock::time_point spinning_since_;
    Meeting block_meeting_;
    std::vector<Meeting> warpgroup_meetings_;
    std::array<NamedBarrier, 16> named_{};
    std::vector<Engine> engines_;
    SlotArray state_{};
    Thread* running_ = nullptr;
    bool failed_ = false;
    std::string failure_;
    Extent tls_, recent_;
};

/// The block that runs on this thread of the host, or null.
Block* running_block();
/// Describes an access that is not wholly inside one buffer; empty if it is.
std::string outside_buffers(const LaunchRequest& request, const std::byte* address, std::size_t bytes);
/// The table's run(): spreads the blocks of a launch over threads of the host.
std::string run_launch(const LaunchRequest& request);
/// Begin and size of the module's thread-local storage on the calling thread, where __shared__ variables are.
Extent module_tls();
/// True for offsets into it that hold the executor's own variables.
bool executor_tls(std::size_t offset);
/// "kernels/gemm/tiled/tiled.cu:57".
std::string describe(const Where& where);

}  // namespace stele::simt
