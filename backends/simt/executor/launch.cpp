// Blocks of a launch over threads of the host, and the module's own thread-local storage.
#include <link.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "backends/simt/checks/tracker.hpp"
#include "backends/simt/executor/cluster.hpp"
#include "backends/simt/executor/faults.hpp"
#include "backends/simt/executor/scheduler.hpp"

namespace stele::simt {
namespace {

constinit thread_local Extent tls_extent{};

/// The defect of the block with the smallest index, so that the report does not depend on who was faster.
class FirstFailure {
public:
    void add(std::uint64_t index, const std::string& text) {
        if (text.empty()) return;
        const std::lock_guard lock(mutex_);
        if (index < index_.load()) {
            index_ = index;
            text_ = text;
        }
    }
    bool before(std::uint64_t index) const { return index_.load() < index; }
    std::string text() const { return text_; }

private:
    std::atomic<std::uint64_t> index_{~std::uint64_t{0}};
    std::mutex mutex_;
    std::string text_;
};

Worker& worker() {
    static thread_local Worker here;
    static thread_local const bool watched = (watch_faults(), true);
    static_cast<void>(watched);
    return here;
}

/// Threads of the host that wait for work; the caller of run() is one of them.
class Team {
public:
    ~Team() {
        {
            const std::lock_guard lock(mutex_);
            quit_ = true;
        }
        wake_.notify_all();
        for (std::thread& thread : threads_) thread.join();
    }

    void run(unsigned count, const std::function<void(unsigned)>& work) {
        while (threads_.size() + 1 < count) {
            const auto number = static_cast<unsigned>(threads_.size() + 1);
            threads_.emplace_back([this, number, seen = generation_] { serve(number, seen); });
        }
        {
            const std::lock_guard lock(mutex_);
            work_ = &work;
            wanted_ = count;
            busy_ = count - 1;
            ++generation_;
        }
        wake_.notify_all();
        work(0);
        std::unique_lock lock(mutex_);
        done_.wait(lock, [&] { return busy_ == 0; });
    }

private:
    void serve(unsigned number, std::uint64_t seen) {
        std::unique_lock lock(mutex_);
        for (;;) {
            wake_.wait(lock, [&] { return quit_ || generation_ != seen; });
            if (quit_) return;
            seen = generation_;
            if (number >= wanted_) continue;
            const auto* work = work_;
            lock.unlock();
            (*work)(number);
            lock.lock();
            if (--busy_ == 0) done_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable wake_, done_;
    std::vector<std::thread> threads_;
    const std::function<void(unsigned)>* work_ = nullptr;
    unsigned wanted_ = 0, busy_ = 0;
    std::uint64_t generation_ = 0;
    bool quit_ = false;
};

void run_blocks(Team& team, const LaunchRequest& request, FirstFailure& failure) {
    const std::uint64_t blocks = request.grid.volume();
    std::atomic<std::uint64_t> next{0};
    const unsigned workers = static_cast<unsigned>(std::clamp<std::uint64_t>(blocks, 1, std::max(1u, request.workers)));
    team.run(workers, [&](unsigned) {
        for (std::uint64_t index; (index = next++) < blocks && !failure.before(index);) {
            Block block(worker(), request, index, nullptr, 0);
            block.run();
            failure.add(index, block.failure());
        }
    });
}

void run_clusters(Team& team, const LaunchRequest& request, FirstFailure& failure) {
    const Dim3 size = request.cluster, grid = request.grid;
    const auto blocks = static_cast<unsigned>(size.volume());
    for (std::uint64_t first_z = 0; first_z < grid.z; first_z += size.z)
        for (std::uint64_t first_y = 0; first_y < grid.y; first_y += size.y)
            for (std::uint64_t first_x = 0; first_x < grid.x; first_x += size.x) {
                Cluster cluster(blocks, static_cast<unsigned>(request.block.volume()));
                team.run(blocks, [&](unsigned rank) {
                    const std::uint64_t x = first_x + rank % size.x, y = first_y + rank / size.x % size.y,
                                        z = first_z + rank / size.x / size.y;
                    const std::uint64_t index = (z * grid.y + y) * grid.x + x;
                    Block block(worker(), request, index, &cluster, rank);
                    block.run();
                    failure.add(index, block.failure());
                });
                if (failure.before(~std::uint64_t{0})) return;
            }
}

std::string impossible(const LaunchRequest& request) {
    const std::uint64_t threads = request.block.volume(), blocks = request.cluster.volume();
    if (threads == 0 || threads > 1024)
        return "a block of " + std::to_string(threads) + " threads; 1 to 1024 are possible";
    if (request.grid.volume() == 0) return "a grid without blocks";
    if (request.shared_bytes > max_shared_bytes)
        return std::to_string(request.shared_bytes) + " bytes of dynamic shared memory; " +
               std::to_string(max_shared_bytes) + " are possible";
    if (blocks == 0 || blocks > 16) return "a cluster of " + std::to_string(blocks) + " blocks; 1 to 16 are possible";
    if (request.grid.x % request.cluster.x != 0 || request.grid.y % request.cluster.y != 0 ||
        request.grid.z % request.cluster.z != 0)
        return "a grid that is not a multiple of the cluster";
    return {};
}

/// Thread-local variables of the executor itself, as offsets into the module's block.
const std::vector<std::pair<std::size_t, std::size_t>>& own_variables() {
    static const auto list = [] {
        const std::byte* base = module_tls().begin;
        std::vector<std::pair<std::size_t, std::size_t>> out;
        const auto add = [&](const void* at, std::size_t bytes) {
            const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(at) - base);
            out.emplace_back(offset, offset + bytes);
        };
        add(&threadIdx, sizeof threadIdx);
        add(&blockIdx, sizeof blockIdx);
        add(&blockDim, sizeof blockDim);
        add(&gridDim, sizeof gridDim);
        add(&current_state, sizeof current_state);
        add(&tls_extent, sizeof tls_extent);
        add(&worker(), sizeof(Worker));
        return out;
    }();
    return list;
}

}  // namespace

Extent module_tls() {
    if (tls_extent.begin != nullptr) return tls_extent;
    struct Search {
        const void* code;
        Extent found;
    } search{reinterpret_cast<const void*>(&run_launch), {}};
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* context) {
            auto& wanted = *static_cast<Search*>(context);
            const auto code = reinterpret_cast<std::uintptr_t>(wanted.code);
            bool mine = false;
            std::size_t bytes = 0;
            for (int i = 0; i < info->dlpi_phnum; ++i) {
                const auto& header = info->dlpi_phdr[i];
                const std::uintptr_t begin = info->dlpi_addr + header.p_vaddr;
                if (header.p_type == PT_LOAD && code >= begin && code < begin + header.p_memsz) mine = true;
                if (header.p_type == PT_TLS) bytes = header.p_memsz;
            }
            if (!mine) return 0;
            wanted.found = {static_cast<std::byte*>(info->dlpi_tls_data), bytes};
            return 1;
        },
        &search);
    return tls_extent = search.found;
}

bool executor_tls(std::size_t offset) {
    static const auto& list = own_variables();
    for (const auto& [begin, end] : list)
        if (offset >= begin && offset < end) return true;
    return false;
}

std::string run_launch(const LaunchRequest& request) {
    if (const std::string reason = impossible(request); !reason.empty())
        return "impossible launch: " + reason + "; kernel " + std::string(request.kernel);
    // Fibers and shared memory stay with the threads of the host, so all launches use the same ones, one at a time.
    static std::mutex one_at_a_time;
    static Team team;
    const std::lock_guard lock(one_at_a_time);
    FirstFailure failure;
    if (request.cluster.volume() > 1)
        run_clusters(team, request, failure);
    else
        run_blocks(team, request, failure);
    return failure.text();
}

}  // namespace stele::simt
