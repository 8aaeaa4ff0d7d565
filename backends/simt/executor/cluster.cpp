#include "backends/simt/executor/cluster.hpp"

#include "backends/simt/checks/tracker.hpp"

namespace stele::simt {

Cluster::Cluster(unsigned blocks, unsigned threads_per_block)
    : blocks_(blocks), finished_(blocks), threads_(threads_per_block) {
    if constexpr (checked) tracker_ = std::make_unique<Tracker>();
}

Cluster::~Cluster() = default;

void Cluster::wait_turn(std::unique_lock<std::mutex>& lock, unsigned rank) {
    changed_.wait(lock, [&] { return entered_ == blocks() && turn_ == rank; });
}

void Cluster::enter(Block& block) {
    std::unique_lock lock(mutex_);
    blocks_[block.rank()] = &block;
    ++entered_;
    changed_.notify_all();
    wait_turn(lock, block.rank());
}

void Cluster::hand_over(unsigned rank) {
    for (unsigned i = 1; i <= blocks(); ++i)
        if (const unsigned next = (rank + i) % blocks(); !finished_[next]) {
            turn_ = next;
            break;
        }
    changed_.notify_all();
}

bool Cluster::pass_turn(Block& block) {
    std::unique_lock lock(mutex_);
    const std::uint64_t before = progress_;
    hand_over(block.rank());
    wait_turn(lock, block.rank());
    if (failed_) {
        // The block in which the defect was found tells it.
        block.stop_with({});
        return true;
    }
    return progress_ != before;
}

void Cluster::finish(Block& block) {
    std::unique_lock lock(mutex_);
    finished_[block.rank()] = true;
    ++left_;
    ++progress_;
    if (!block.failure().empty()) failed_ = true;
    hand_over(block.rank());
    changed_.wait(lock, [&] { return left_ == blocks(); });
    changed_.notify_all();
}

std::uint64_t Cluster::arrive() {
    const std::uint64_t generation = generation_;
    if (++arrived_ == std::uint64_t{threads_} * blocks()) {
        arrived_ = 0;
        ++generation_;
    }
    return generation;
}

bool Cluster::anybody_left() const {
    for (const Block* block : blocks_)
        if (block->live() < block->threads()) return true;
    return false;
}

}  // namespace stele::simt
