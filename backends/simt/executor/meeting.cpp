// How threads of a block meet: warps by mask, warpgroups, the block, and named barriers.
#include <algorithm>
#include <utility>

#include "backends/simt/checks/tracker.hpp"
#include "backends/simt/executor/scheduler.hpp"

namespace stele::simt {
namespace {

std::string hex(std::uint32_t value) {
    std::string out = "0x00000000";
    for (int i = 9; i >= 2; --i, value >>= 4) out[static_cast<std::size_t>(i)] = "0123456789abcdef"[value & 15];
    return out;
}

bool same_line(const Where& a, const Where& b) {
    return a.line() == b.line() && std::string_view(a.file_name()) == b.file_name();
}

}  // namespace

void Block::collective(Scope scope, std::uint32_t mask, const char* what, void* value, void (*function)(void*, Values),
                       void* context, Where where) {
    switch (scope) {
        case Scope::warp:
            return meet_warp(mask, what, value, function, context, where);
        case Scope::warpgroup: {
            const unsigned group = running_->ids.warpgroup;
            if (group * 128 + 128 > thread_count_)
                fail(defect::divergent_barrier, std::string(what) + " needs a warpgroup of 128 threads",
                     describe(where));
            return meet_many(warpgroup_meetings_[group], group * 128, 128, Wait::Kind::warpgroup, what, value, function,
                             context, where);
        }
        case Scope::block:
            return meet_many(block_meeting_, 0, thread_count_, Wait::Kind::block, what, value, function, context,
                             where);
    }
}

void Block::meet_warp(std::uint32_t mask, const char* what, void* value, void (*function)(void*, Values), void* context,
                      Where where) {
    Thread& thread = *running_;
    Warp& warp = worker_.warps[thread.ids.warp];
    const std::uint32_t bit = 1u << thread.ids.lane;
    if ((mask & bit) == 0)
        fail(defect::divergent_barrier,
             std::string(what) + " with mask " + hex(mask) + ", which lacks the calling lane " +
                 std::to_string(thread.ids.lane),
             describe(where));
    Warp::Open& open = warp.open[static_cast<std::size_t>(std::countr_zero(mask))];
    if (open.arrived != 0 && (open.mask != mask || open.what != what) &&
        (open.mask != mask || std::string_view(open.what) != what)) {
        // Its own statement: of what fail() is called with, nothing but its arguments is given back.
        std::string text = "lane " + std::to_string(thread.ids.lane) + " came to " + what + " with mask " + hex(mask) +
                           " while lanes of its mask wait in " + open.what + " with mask " + hex(open.mask) + " at " +
                           describe(open.where);
        fail(defect::divergent_barrier, std::move(text), describe(where));
    }
    open.mask = mask;
    open.what = what;
    open.where = where;
    // Any arriving lane's function will do; the lane that comes last runs its own, whose frame is alive.
    open.function = function;
    open.context = context;
    open.arrived |= bit;
    warp.values[thread.ids.lane] = value;
    if (open.arrived != (mask & warp.live))
        suspend({Wait::Kind::warp, what, where, mask, nullptr, nullptr, nullptr});
    else
        complete_warp(warp, thread.ids.warp, open);
}

/// On the lane that came last, or that left while the others waited for it.
void Block::complete_warp(Warp& warp, unsigned index, Warp::Open& open) {
    const std::uint32_t lanes = open.arrived;
    if (open.function != nullptr) {
        std::array<void*, 32> values{};
        for (std::uint32_t rest = lanes; rest != 0; rest &= rest - 1) {
            const auto lane = static_cast<std::size_t>(std::countr_zero(rest));
            values[lane] = warp.values[lane];
        }
        open.function(open.context, values.data());
    }
    open.arrived = 0;
    spins_without_progress_ = 0;
    std::uint32_t others = lanes;
    if (!running_->done) others &= ~(1u << running_->ids.lane);
    for (std::uint32_t rest = others; rest != 0; rest &= rest - 1)
        worker_.threads[index * 32 + static_cast<unsigned>(std::countr_zero(rest))].wait.kind = Wait::Kind::none;
    make_ready(warp, index, others);
}

void Block::meet_many(Meeting& meeting, unsigned first, unsigned count, Wait::Kind kind, const char* what, void* value,
                      void (*function)(void*, Values), void* context, Where where) {
    Thread& thread = *running_;
    if (meeting.values.empty()) {
        meeting.values.resize(count);
        meeting.present.reserve(count);
    }
    if (meeting.arrived == 0) {
        meeting.what = what;
        meeting.where = where;
    } else if (!same_line(meeting.where, where) || (meeting.what != what && std::string_view(meeting.what) != what)) {
        std::string text = "thread " + std::to_string(thread.ids.thread) + " came to " + what + " while " +
                           std::to_string(meeting.arrived) + " thread(s) wait in " + meeting.what + " at " +
                           describe(meeting.where);
        fail(defect::divergent_barrier, std::move(text), describe(where));
    }
    meeting.values[thread.ids.thread - first] = value;
    if (++meeting.arrived < count) {
        meeting.present.push_back(&thread);
        suspend({kind, what, where, 0, nullptr, nullptr, nullptr});
        return;
    }
    if (function != nullptr) function(context, meeting.values.data());
    meeting.arrived = 0;
    // A block's barriers order memory; an instruction that a warpgroup executes together does not.
    if constexpr (checked)
        if (kind == Wait::Kind::block || function == nullptr) tracker()->meet(*this, first, count);
    for (Thread* other : meeting.present) make_ready(*other);
    meeting.present.clear();
    // The last to come would otherwise always run on before the others.
    make_ready(thread);
    suspend({Wait::Kind::none, nullptr, where, 0, nullptr, nullptr, nullptr});
}

void Block::named_barrier(unsigned id, unsigned count, bool wait, Where where) {
    Thread& thread = *running_;
    const char* what = wait ? "bar.sync" : "bar.arrive";
    if (count == 0) count = thread_count_;
    if (id > 15 || count % 32 != 0 || count > (thread_count_ + 31) / 32 * 32)
        fail(defect::divergent_barrier,
             std::string(what) + " " + std::to_string(id) + " for " + std::to_string(count) +
                 " threads: there are barriers 0 to 15, and the count is a multiple of 32 "
                 "no greater than the block",
             describe(where));
    NamedBarrier& barrier = named_[id];
    if (barrier.arrived != 0 && barrier.expected != count)
        fail(defect::divergent_barrier,
             std::string(what) + " " + std::to_string(id) + " expects " + std::to_string(count) +
                 " threads, while others at the same barrier expect " + std::to_string(barrier.expected),
             describe(where));
    barrier.expected = count;
    ++barrier.arrived;
    if constexpr (checked) tracker()->arrive(*this, thread, id);
    if (barrier.arrived > count)
        fail(defect::too_many_arrivals,
             std::string(what) + " " + std::to_string(id) + " expects " + std::to_string(count) +
                 " threads and more came",
             describe(where));
    if (barrier.arrived < count) {
        if (!wait) return;
        barrier.waiting.push_back(&thread);
        suspend({Wait::Kind::named, what, where, 0, nullptr, nullptr, nullptr});
        return;
    }
    barrier.arrived = 0;
    if (wait) barrier.waiting.push_back(&thread);
    if constexpr (checked) tracker()->complete(*this, barrier.waiting, id);
    for (Thread* other : barrier.waiting) make_ready(*other);
    barrier.waiting.clear();
    if (wait) suspend({Wait::Kind::none, nullptr, where, 0, nullptr, nullptr, nullptr});
}

}  // namespace stele::simt
