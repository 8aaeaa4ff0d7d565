// Blocks of one cluster. Each has its own thread of the host, so that each has its own __shared__ variables, but only
// the one whose turn it is runs: the order is a matter of the seed alone, and no lock is needed anywhere else.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

#include "backends/simt/executor/scheduler.hpp"

namespace stele::simt {

class Cluster {
public:
    Cluster(unsigned blocks, unsigned threads_per_block);
    ~Cluster();

    /// Registers the block of this rank and waits for its first turn. Only when all have come does the first begin.
    void enter(Block& block);
    /// Gives the turn away and waits for it. False if nobody did anything meanwhile: the cluster is stuck. A defect in
    /// another block stops this one too.
    bool pass_turn(Block& block);
    void note_progress() { ++progress_; }
    /// The block is done; returns when all are, since others may still use its shared memory.
    void finish(Block& block);

    Block& block(unsigned rank) const { return *blocks_[rank]; }
    unsigned blocks() const { return static_cast<unsigned>(blocks_.size()); }
    unsigned threads() const { return threads_; }
    Tracker* tracker() const { return tracker_.get(); }

    // The cluster's hardware barrier.
    std::uint64_t arrive();
    bool passed(std::uint64_t generation) const { return generation_ > generation; }
    bool anybody_left() const;

private:
    void hand_over(unsigned rank);
    void wait_turn(std::unique_lock<std::mutex>& lock, unsigned rank);

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Block*> blocks_;
    std::vector<bool> finished_;
    unsigned threads_, entered_ = 0, left_ = 0, turn_ = 0;
    bool failed_ = false;
    std::uint64_t progress_ = 0;
    std::uint64_t arrived_ = 0, generation_ = 0;
    std::unique_ptr<Tracker> tracker_;
};

}  // namespace stele::simt
