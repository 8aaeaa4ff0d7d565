// cp.async: copies of a thread that land when the thread has waited for their group.
#include <fmt/format.h>

#include <cstring>
#include <deque>
#include <utility>

#include "backends/simt/ptx/async.hpp"
#include "backends/simt/ptx/instructions.hpp"

namespace stele::simt {

namespace {

struct Copy {
    std::byte* shared = nullptr;
    const std::byte* global = nullptr;
    std::uint32_t bytes = 0, source_bytes = 0;
    bool landed = false;
    SharedView* view = nullptr;
    SyncClock issued;
    Where where;

    void land(SyncClock& after) {
        if (std::exchange(landed, true)) return;
        if (source_bytes != 0) engine_read(global, source_bytes, issued, after, "cp.async", where);
        engine_write(shared, bytes, issued, after, "cp.async", where);
        std::memcpy(shared, global, source_bytes);
        std::memset(shared + source_bytes, 0, bytes - source_bytes);
        view->end_copy(shared, bytes, false);
    }
};

/// A thread's copies: closed groups, oldest first, and the open one. Copies that nobody waits for are never made.
struct Copies {
    using Group = std::vector<std::shared_ptr<Copy>>;
    std::deque<Group> closed;
    Group open;
};

void land(const Copies::Group& group) {
    SyncClock landed;
    for (const auto& copy : group) copy->land(landed);
    landed.acquire();
}

void issue(void* shared, const void* global, std::uint32_t bytes, std::uint32_t source_bytes, const char* what,
           Where where) {
    check_shared(shared, bytes, bytes, what, where);
    check_aligned(global, bytes, what, where);
    if (source_bytes > bytes)
        fail(defect::invalid_operand, fmt::format("{} of {} bytes is to read {}", what, bytes, source_bytes), where);
    check_global(global, source_bytes, 1, what, where);
    write_memory(shared, bytes, what, where);
    auto copy = std::make_shared<Copy>();
    copy->shared = static_cast<std::byte*>(shared);
    copy->view = &block_state<AsyncBlock>().shared;
    copy->view->begin_copy(copy->shared, bytes, false);
    copy->global = static_cast<const std::byte*>(global);
    copy->bytes = bytes;
    copy->source_bytes = source_bytes;
    copy->where = where;
    copy->issued.release();
    thread_state<Copies>().open.push_back(std::move(copy));
}

}  // namespace

InFlight flight_of_copies() {
    auto& copies = thread_state<Copies>();
    auto group = std::make_shared<Copies::Group>(copies.open);
    for (const auto& earlier : copies.closed) group->insert(group->end(), earlier.begin(), earlier.end());
    InFlight flight;
    flight.arrivals = 1;
    flight.land = [group](SyncClock& landed) {
        for (const auto& copy : *group) copy->land(landed);
    };
    return flight;
}

void cp_async_cg_16(void* shared, const void* global, std::uint32_t source_bytes, Where where) {
    issue(shared, global, 16, source_bytes, "cp.async.cg 16", where);
}
void cp_async_ca_16(void* shared, const void* global, std::uint32_t source_bytes, Where where) {
    issue(shared, global, 16, source_bytes, "cp.async.ca 16", where);
}
void cp_async_ca_8(void* shared, const void* global, std::uint32_t source_bytes, Where where) {
    issue(shared, global, 8, source_bytes, "cp.async.ca 8", where);
}
void cp_async_ca_4(void* shared, const void* global, std::uint32_t source_bytes, Where where) {
    issue(shared, global, 4, source_bytes, "cp.async.ca 4", where);
}

void cp_async_commit_group(Where) {
    auto& copies = thread_state<Copies>();
    copies.closed.push_back(std::move(copies.open));
    copies.open.clear();
}

void cp_async_wait_group(int pending, Where) {
    auto& closed = thread_state<Copies>().closed;
    while (closed.size() > static_cast<std::size_t>(pending)) {
        land(closed.front());
        closed.pop_front();
    }
}

void cp_async_wait_all(Where where) {
    cp_async_commit_group(where);
    cp_async_wait_group(0, where);
}

}  // namespace stele::simt
