#include "backends/simt/executor/scheduler.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "backends/simt/checks/tracker.hpp"
#include "backends/simt/executor/cluster.hpp"

constinit thread_local uint3 threadIdx{};
constinit thread_local uint3 blockIdx{};
constinit thread_local dim3 blockDim{};
constinit thread_local dim3 gridDim{};

namespace stele::simt {

constinit thread_local Current current_state{};

namespace {

constinit thread_local Block* running_block_ = nullptr;

/// Rounds in which threads may do nothing but spin, and for how long then, until the block counts as stuck. The time is
/// for a block that waits for another one, which a second thread of the host runs.
constexpr std::uint64_t patience = 100'000;
constexpr std::chrono::seconds long_patience{3};

uint3 unlinear(std::uint64_t index, Dim3 extent) {
    return {static_cast<unsigned>(index % extent.x), static_cast<unsigned>(index / extent.x % extent.y),
            static_cast<unsigned>(index / extent.x / extent.y)};
}

std::string text(uint3 index) {
    return "(" + std::to_string(index.x) + "," + std::to_string(index.y) + "," + std::to_string(index.z) + ")";
}

void destroy(SlotArray& state) {
    for (detail::Slot& slot : state)
        if (slot.object != nullptr) {
            slot.destroy(slot.object);
            slot = {};
        }
}

void call_at_exit(SlotArray& state) {
    for (detail::Slot& slot : state)
        if (slot.object != nullptr && slot.at_exit != nullptr) slot.at_exit(slot.object);
}

}  // namespace

Block* running_block() { return running_block_; }

std::string describe(const Where& where) {
    std::string file = where.file_name();
    for (std::string_view root : {"kernels/", "tests/"})
        if (const auto at = file.rfind("/" + std::string(root)); at != file.npos) file.erase(0, at + 1);
    return file + ":" + std::to_string(where.line());
}

Worker::Worker() : arena_storage(new std::byte[max_shared_bytes + 2 * arena_margin + 1024]) {
    if constexpr (checked) tracker = std::make_unique<Tracker>();
    auto at = reinterpret_cast<std::uintptr_t>(arena_storage.get()) + arena_margin;
    arena = reinterpret_cast<std::byte*>((at + 1023) / 1024 * 1024);
}

Worker::~Worker() = default;

Block::Block(Worker& worker, const LaunchRequest& request, std::uint64_t index, Cluster* cluster, unsigned rank)
    : worker_(worker),
      request_(request),
      cluster_(cluster),
      rank_(rank),
      index_(unlinear(index, request.grid)),
      random_(request.seed * 0x100000001B3u + index),
      thread_count_(static_cast<unsigned>(request.block.volume())) {
    tls_ = module_tls();
    const unsigned warps = (thread_count_ + 31) / 32;
    worker_.warps.resize(warps);
    while (worker_.threads.size() < thread_count_) worker_.threads.emplace_back();
    warpgroup_meetings_.resize((thread_count_ + 127) / 128);
    std::fill_n(worker_.arena, request.shared_bytes, std::byte{0xFF});
    start_threads();
}

Tracker* Block::tracker() const { return cluster_ != nullptr ? cluster_->tracker() : worker_.tracker.get(); }

Block::~Block() { destroy_states(); }

void Block::start_threads() {
    const unsigned blocks = cluster_ == nullptr ? 1 : static_cast<unsigned>(request_.cluster.volume());
    uint3 at{};
    for (unsigned i = 0; i < thread_count_; ++i) {
        Thread& thread = worker_.threads[i];
        thread.ids = {i, i % 32, i / 32, i / 128, thread_count_, rank_, blocks};
        thread.index = at;
        thread.block = this;
        thread.wait = {};
        thread.done = false;
        thread.fiber = &worker_.fibers[i];
        thread.fiber->prepare(&thread_body, &thread);
        if (++at.x == request_.block.x) {
            at.x = 0;
            if (++at.y == request_.block.y) {
                at.y = 0;
                ++at.z;
            }
        }
    }
    live_ = thread_count_;
    for (unsigned w = 0; w < worker_.warps.size(); ++w) {
        const unsigned lanes = std::min(32u, thread_count_ - w * 32);
        const std::uint32_t mask = lanes == 32 ? ~0u : (1u << lanes) - 1;
        worker_.warps[w] = {};
        worker_.warps[w].live = worker_.warps[w].ready = mask;
        ready_.push_back(w);
    }
}

void Block::thread_body(void* context) {
    auto& thread = *static_cast<Thread*>(context);
    Block& block = *thread.block;
    block.request_.entry(block.request_.arguments);
    block.finish_thread(thread);
}

/// On the thread that leaves the kernel.
void Block::finish_thread(Thread& thread) {
    call_at_exit(thread.state);
    if (live_ == 1) call_at_exit(state_);
    thread.done = true;
    --live_;
    Warp& warp = worker_.warps[thread.ids.warp];
    const std::uint32_t bit = 1u << thread.ids.lane;
    warp.live &= ~bit;
    // Lanes that waited for this one need not any more.
    for (Warp::Open& open : warp.open)
        if (open.mask & bit && open.arrived != 0 && open.arrived == (open.mask & warp.live))
            complete_warp(warp, thread.ids.warp, open);
}

void Block::run_thread(Thread& thread) {
    running_ = &thread;
    current_state.ids = thread.ids;
    threadIdx = thread.index;
    thread.fiber->resume();
    running_ = nullptr;
}

void Block::run() {
    running_block_ = this;
    if (cluster_ != nullptr) cluster_->enter(*this);
    blockIdx = index_;
    blockDim = dim3(request_.block.x, request_.block.y, request_.block.z);
    gridDim = dim3(request_.grid.x, request_.grid.y, request_.grid.z);
    try {
        if constexpr (checked) tracker()->begin_block(*this);
        while (live_ > 0 && !failed_) {
            if (run_some() || run_engines()) {
                if (cluster_ != nullptr) cluster_->note_progress();
                continue;
            }
            if (failed_ || (cluster_ != nullptr && cluster_->pass_turn(*this))) continue;
            stuck();
        }
    } catch (const Defect& defect) {
        stop_with(defect.text);
    }
    running_ = nullptr;
    for (unsigned i = 0; i < thread_count_; ++i)
        if (!worker_.threads[i].fiber->idle()) worker_.threads[i].fiber->abandon();
    if constexpr (checked) tracker()->end_block(*this);
    if (cluster_ != nullptr) cluster_->finish(*this);
    running_block_ = nullptr;
}

/// Runs the ready lanes of one warp; false if there is none.
bool Block::run_some() {
    // Those who wait for a condition are asked when nobody else can run, and now and then before that.
    if (!waiters_.empty() && (ready_.empty() || random_.below(8) == 0)) poll_waiters();
    if (ready_.empty() && !spinners_.empty()) {
        if (run_engines()) return true;
        if (++spins_without_progress_ == patience) spinning_since_ = std::chrono::steady_clock::now();
        if (spins_without_progress_ > patience && spins_without_progress_ % 4096 == 0 &&
            std::chrono::steady_clock::now() - spinning_since_ > long_patience)
            return false;
        for (Thread* thread : std::exchange(spinners_, {})) make_ready(*thread);
    } else if (!ready_.empty()) {
        if (!spinners_.empty() && random_.below(4) == 0)
            for (Thread* thread : std::exchange(spinners_, {})) make_ready(*thread);
    }
    if (ready_.empty()) return false;
    const std::size_t pick = random_.below(static_cast<std::uint32_t>(ready_.size()));
    const unsigned index = ready_[pick];
    ready_[pick] = ready_.back();
    ready_.pop_back();
    Warp& warp = worker_.warps[index];
    const std::uint32_t lanes = std::exchange(warp.ready, 0);
    // Any lane may be the first; the others follow in order.
    const unsigned first = random_.below(32);
    for (std::uint32_t rest = std::rotr(lanes, static_cast<int>(first)); rest != 0; rest &= rest - 1) {
        const unsigned lane = (static_cast<unsigned>(std::countr_zero(rest)) + first) % 32;
        run_thread(worker_.threads[index * 32 + lane]);
        if (failed_) return true;
    }
    return true;
}

bool Block::poll_waiters() {
    bool any = false;
    // From any place on, so that no waiter is always the first.
    const std::size_t count = waiters_.size(), first = random_.below(static_cast<std::uint32_t>(count));
    std::vector<Thread*> still;
    for (std::size_t i = 0; i < count; ++i) {
        Thread* thread = waiters_[(first + i) % count];
        if (thread->wait.ready(thread->wait.context)) {
            make_ready(*thread);
            any = true;
        } else {
            still.push_back(thread);
        }
    }
    waiters_ = std::move(still);
    return any;
}

bool Block::run_engines() {
    bool any = false;
    for (std::size_t i = 0; i < engines_.size(); ++i) any = engines_[i].progress(engines_[i].context) || any;
    return any;
}

void Block::make_ready(Warp& warp, unsigned index, std::uint32_t lanes) {
    if (warp.ready == 0 && lanes != 0) ready_.push_back(index);
    warp.ready |= lanes;
}

void Block::make_ready(Thread& thread) {
    if (thread.wait.kind != Wait::Kind::spin) spins_without_progress_ = 0;
    thread.wait.kind = Wait::Kind::none;
    make_ready(worker_.warps[thread.ids.warp], thread.ids.warp, 1u << thread.ids.lane);
}

/// Gives up the turn of the running thread; comes back when somebody made it ready.
void Block::suspend(Wait wait) {
    Thread& thread = *running_;
    thread.wait = wait;
    thread.fiber->suspend();
}

void Block::wait_until(bool (*ready)(void*), void* context, const char* what, Diagnosis diagnosis, Where where) {
    if (ready(context)) return;
    waiters_.push_back(running_);
    suspend({Wait::Kind::predicate, what, where, 0, ready, context, diagnosis});
}

void Block::yield(const char* what, Where where) {
    spinners_.push_back(running_);
    suspend({Wait::Kind::spin, what, where, 0, nullptr, nullptr, nullptr});
}

std::string Block::place(const Thread* thread, const std::string& where) const {
    std::string out = "; kernel " + std::string(request_.kernel) + ", block " + text(index_);
    if (thread != nullptr) out += ", thread " + text(thread->index);
    if (!where.empty()) out += ", " + where;
    return out + "; schedule seed " + std::to_string(request_.seed) +
           " (STELE_SIMT_SEED=" + std::to_string(request_.seed) + " gives this order again)";
}

void Block::stop_with(std::string failure) {
    if (failed_) return;
    failed_ = true;
    failure_ = std::move(failure);
}

void Block::fail(std::string_view defect, std::string detail, std::string where) {
    Thread* thread = running_;
    {
        std::string message = std::string(defect) + ": " + detail + place(thread, where);
        // The stack below is abandoned, so nothing on it may own memory by then.
        std::string().swap(detail);
        std::string().swap(where);
        if (thread == nullptr) throw Defect{std::move(message)};
        stop_with(std::move(message));
    }
    for (;;) thread->fiber->suspend();
}

std::string Block::waiting_list() const {
    // Threads that wait in one place are told as one.
    std::map<std::tuple<std::string, std::string>, std::vector<unsigned>> groups;
    unsigned left = 0;
    for (unsigned i = 0; i < thread_count_; ++i) {
        const Thread& thread = worker_.threads[i];
        if (thread.done)
            ++left;
        else if (thread.wait.what != nullptr)
            groups[{thread.wait.what, describe(thread.wait.where)}].push_back(i);
    }
    std::string out;
    for (const auto& [key, list] : groups) {
        out += (out.empty() ? "" : "; ") + std::to_string(list.size()) + " thread(s) (";
        for (std::size_t i = 0, shown = 0; i < list.size(); ++shown) {
            std::size_t end = i + 1;
            while (end < list.size() && list[end] == list[end - 1] + 1) ++end;
            if (shown == 4) {
                out += ", …";
                break;
            }
            out += (i == 0 ? "" : ", ") + std::to_string(list[i]);
            if (end - i > 1) out += "–" + std::to_string(list[end - 1]);
            i = end;
        }
        out += ") wait in " + std::get<0>(key) + " at " + std::get<1>(key);
    }
    if (left != 0) out += "; " + std::to_string(left) + " thread(s) have left the kernel";
    return out;
}

void Block::stuck() {
    const Thread* culprit = nullptr;
    bool waits_for_condition = false;
    for (unsigned i = 0; i < thread_count_; ++i) {
        const Thread& thread = worker_.threads[i];
        if (thread.done) continue;
        if (culprit == nullptr) culprit = &thread;
        if (thread.wait.kind == Wait::Kind::predicate && thread.wait.diagnosis != nullptr) {
            const std::string told = thread.wait.diagnosis(thread.wait.context);
            if (!told.empty()) throw Defect{told + place(&thread, describe(thread.wait.where))};
        }
        if (thread.wait.kind == Wait::Kind::predicate || thread.wait.kind == Wait::Kind::spin ||
            thread.wait.kind == Wait::Kind::named) {
            if (!waits_for_condition) culprit = &thread;
            waits_for_condition = true;
        }
    }
    const std::string name(waits_for_condition ? defect::deadlock : defect::divergent_barrier);
    throw Defect{name + ": no thread of the block can go on: " + waiting_list() +
                 place(culprit, describe(culprit->wait.where))};
}

void Block::destroy_states() {
    for (unsigned i = 0; i < thread_count_; ++i) destroy(worker_.threads[i].state);
    destroy(state_);
}

}  // namespace stele::simt
