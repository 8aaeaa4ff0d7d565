// Who touched which byte of shared memory, and what happened before what: finds races, uninitialised reads and accesses
// outside of any object. Vector clocks with epochs in the manner of FastTrack (Flanagan and Freund, PLDI 2009), at
// the grain of a byte; of several readers two are remembered.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "backends/simt/executor/scheduler.hpp"

namespace stele::simt {

/// Where an access was made: an address in the module's code, or a line.
struct Origin {
    std::uintptr_t pc = 0;
    const Where* where = nullptr;
    const char* what = nullptr;
    std::size_t place = 0;  ///< set by the tracker: its own copy of `where`
};

enum class Access { read, write, atomic };

class Tracker {
public:
    void begin_block(Block& block);
    void end_block(Block& block);

    /// `count` threads from `first` on, or those in `lanes` of a warp, have met.
    void meet(Block& block, unsigned first, unsigned count);
    void meet_lanes(Block& block, unsigned warp, std::uint32_t lanes);
    /// Named barriers: who arrives releases, those released acquire.
    void arrive(Block& block, Thread& thread, unsigned id);
    void complete(Block& block, const std::vector<Thread*>& waiting, unsigned id);

    void cluster_arrive(Thread& thread);
    void cluster_wait(Thread& thread);

    void access(Block& block, Thread& thread, const void* address, std::size_t bytes, Access kind,
                const Origin& origin);
    void engine_access(Block& block, const void* address, std::size_t bytes, Access kind, const SyncClock& issued,
                       SyncClock& landed, const Origin& origin);

    void release(Thread& thread, SyncClock& into);
    void acquire(Thread& thread, const SyncClock& from);
    static void join(std::vector<std::uint32_t>& to, const std::vector<std::uint32_t>& from);

private:
    using Clocks = std::vector<std::uint32_t>;
    struct Cell {
        std::uint32_t write = 0, read[2] = {0, 0};
        std::uint32_t write_origin = 0, read_origin = 0;
    };
    /// Shared memory of a block and what is known of each byte.
    struct Region {
        const std::byte* begin = nullptr;
        std::size_t bytes = 0;
        std::vector<Cell> cells;
        std::vector<bool> touched;  ///< by page of bytes
        unsigned rank = 0;
        bool is_static = false;
    };
    struct ThreadClock {
        std::uint32_t own = 1;
        bool apart = false;  ///< knows more than the block's last common barrier
        Clocks view;
    };

    unsigned actor(const Thread& thread) const { return thread.ids.block_rank * threads_ + thread.ids.thread; }
    unsigned engine() const { return threads_ * blocks_; }
    Clocks& own_view(unsigned actor);
    const Clocks& view(unsigned actor) const { return actors_[actor].apart ? actors_[actor].view : common_; }
    void step(Block& block, unsigned actor);
    Region* find(const std::byte* address, std::size_t bytes);
    void touch(Region& region, std::size_t at, std::size_t bytes, unsigned actor, std::uint32_t own,
               const Clocks& known, Access kind, Block& block, const Origin& origin);
    std::uint32_t intern(const Origin& origin);
    std::string tell(std::uint32_t origin) const;
    std::string name(unsigned actor, const Block& block) const;
    void check_bounds(Block& block, const std::byte* address, std::size_t bytes, const Origin& origin);

    unsigned threads_ = 0, blocks_ = 1, running_ = 0;
    std::vector<Region> regions_;
    std::vector<ThreadClock> actors_;
    Clocks common_, joined_;
    std::uint32_t engine_clock_ = 1;
    std::array<Clocks, 16> named_;
    Clocks cluster_;
    std::vector<Origin> origins_;
    std::unordered_map<std::uintptr_t, std::uint32_t> interned_;
    std::vector<Where> places_;
};

}  // namespace stele::simt
