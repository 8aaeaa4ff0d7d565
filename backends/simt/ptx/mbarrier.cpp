// mbarriers and fences.
#include <fmt/format.h>

#include <cstring>
#include <mutex>

#include "backends/simt/ptx/async.hpp"
#include "backends/simt/ptx/instructions.hpp"

namespace stele::simt {

namespace {

constexpr std::uint32_t most_arrivals = (1u << 20) - 1, most_transactions = (1u << 20) - 1;

/// mbarriers that other blocks of a cluster may reach. Blocks of a cluster run on several threads of the host, in
/// turns.
struct Reachable {
    std::mutex mutex;
    std::unordered_map<const std::uint64_t*, Mbarrier*> barriers;
};
Reachable& reachable() {
    static Reachable all;
    return all;
}

}  // namespace

AsyncBlock::~AsyncBlock() {
    if (barriers.empty()) return;
    Reachable& all = reachable();
    const std::lock_guard lock(all.mutex);
    for (const auto& [address, barrier] : barriers)
        if (const auto found = all.barriers.find(address);
            found != all.barriers.end() && found->second == barrier.get())
            all.barriers.erase(found);
}

Mbarrier::Mbarrier(AsyncBlock& owning, const std::uint64_t* address, std::uint32_t count, std::string label,
                   unsigned thread)
    : owner(owning),
      initialiser(thread),
      address_(address),
      expected_(count),
      pending_(count),
      label_(std::move(label)),
      wait_labels_{"a wait for parity 0 of " + label_, "a wait for parity 1 of " + label_} {}

std::uint64_t Mbarrier::token() const {
    return reinterpret_cast<std::uintptr_t>(address_) * 0x9E3779B97F4A7C15u ^ (std::uint64_t{expected_} << 32);
}

void Mbarrier::end_phase() {
    pending_ = expected_;
    ++phase_;
    ended_.join(arriving_);
    arriving_.clear();
}

void Mbarrier::arrive(std::uint32_t arrivals, Where where) {
    if (arrivals > pending_ - flying_arrivals_)
        fail(defect::too_many_arrivals,
             fmt::format("{} takes {} arrivals a phase, and this is one more while its transactions are open (the last "
                         "one counted came from line {})",
                         label_, expected_, last_arrival_.line()),
             where);
    last_arrival_ = where;
    arriving_.release();
    pending_ -= arrivals;
    if (pending_ != 0 || transactions_ != 0) return;
    if (observed_ < phase_)
        fail(defect::too_many_arrivals,
             fmt::format("{} takes {} arrivals a phase; this arrival ends phase {} before any thread has waited for "
                         "phase {}",
                         label_, expected_, phase_, phase_ - 1),
             where);
    end_phase();
}

void Mbarrier::expect(std::uint32_t bytes, Where where) {
    transactions_ += bytes;
    if (transactions_ > most_transactions)
        fail(defect::invalid_operand,
             fmt::format("{} is to expect {} bytes, and can count {}", label_, transactions_, most_transactions),
             where);
}

void Mbarrier::add(InFlight flight) {
    flying_bytes_ += flight.bytes;
    flying_arrivals_ += flight.arrivals;
    flying_.push_back(std::move(flight));
}

void Mbarrier::settle() {
    if (flying_.empty() || pending_ != flying_arrivals_ || transactions_ != flying_bytes_) return;
    for (const InFlight& flight : flying_) flight.land(arriving_);
    flying_.clear();
    flying_bytes_ = transactions_ = 0;
    flying_arrivals_ = 0;
    end_phase();
}

void Mbarrier::observe() {
    observed_ = phase_;
    ended_.acquire();
}

std::string Mbarrier::diagnosis() const {
    if (pending_ != flying_arrivals_ || transactions_ == flying_bytes_) return {};
    return fmt::format("{}: {} has all its {} arrivals and expects {} bytes, but the copies issued bring {}",
                       defect::transaction, label_, expected_, transactions_, flying_bytes_);
}

void Mbarrier::require_visible(const char* what, Where where) const {
    if (visible) return;
    fail(defect::missing_fence,
         fmt::format("{} uses {} before the thread that initialised it ({}) has executed fence_mbarrier_init or "
                     "fence_proxy_async",
                     what, label_, initialiser),
         where);
}

Mbarrier& mbarrier_at(const std::uint64_t* address, const char* what, Where where) {
    check_shared(address, 8, 8, what, where);
    Mbarrier* found = nullptr;
    auto& own = block_state<AsyncBlock>().barriers;
    if (const auto at = own.find(address); at != own.end()) {
        found = at->second.get();
    } else if (ids().blocks > 1) {
        Reachable& all = reachable();
        const std::lock_guard lock(all.mutex);
        if (const auto other = all.barriers.find(address); other != all.barriers.end()) found = other->second;
    }
    if (found == nullptr)
        fail(
            defect::invalid_operand,
            fmt::format("{}: no mbarrier is initialised at shared address {:#x}", what, shared_address(address, where)),
            where);
    std::uint64_t word;
    std::memcpy(&word, address, 8);
    if (word != found->token())
        fail(defect::invalid_operand, fmt::format("{}: {} has been written over", what, found->label()), where);
    return *found;
}

void mbarrier_init(std::uint64_t* barrier, std::uint32_t count, Where where) {
    check_shared(barrier, 8, 8, "mbarrier.init", where);
    if (count == 0 || count > most_arrivals)
        fail(defect::invalid_operand,
             fmt::format("mbarrier.init with a count of {}: it is 1 to {}", count, most_arrivals), where);
    write_memory(barrier, 8, "mbarrier.init", where);
    auto& state = block_state<AsyncBlock>();
    auto& slot = state.barriers[barrier];
    slot = std::make_unique<Mbarrier>(state, barrier, count,
                                      fmt::format("the mbarrier at shared address {:#x} (initialised at line {})",
                                                  shared_address(barrier, where), where.line()),
                                      ids().thread);
    const std::uint64_t token = slot->token();
    std::memcpy(barrier, &token, 8);
    if (ids().blocks > 1) {
        Reachable& all = reachable();
        const std::lock_guard lock(all.mutex);
        all.barriers[barrier] = slot.get();
    }
}

void mbarrier_invalidate(std::uint64_t* barrier, Where where) {
    mbarrier_at(barrier, "mbarrier.inval", where);
    auto& own = block_state<AsyncBlock>().barriers;
    if (ids().blocks > 1) {
        Reachable& all = reachable();
        const std::lock_guard lock(all.mutex);
        all.barriers.erase(barrier);
    }
    own.erase(barrier);
    std::memset(barrier, 0xFF, 8);
}

void mbarrier_arrive(std::uint64_t* barrier, Where where) {
    mbarrier_at(barrier, "mbarrier.arrive", where).arrive(1, where);
}

void mbarrier_expect_tx(std::uint64_t* barrier, std::uint32_t bytes, Where where) {
    mbarrier_at(barrier, "mbarrier.expect_tx", where).expect(bytes, where);
}

void mbarrier_arrive_expect_tx(std::uint64_t* barrier, std::uint32_t bytes, Where where) {
    Mbarrier& at = mbarrier_at(barrier, "mbarrier.arrive.expect_tx", where);
    at.expect(bytes, where);
    at.arrive(1, where);
}

bool mbarrier_test_wait_parity(std::uint64_t* barrier, std::uint32_t parity, Where where) {
    Mbarrier& at = mbarrier_at(barrier, "mbarrier.test_wait", where);
    at.settle();
    if (!at.has_ended(parity)) return false;
    at.observe();
    return true;
}

bool mbarrier_try_wait_parity(std::uint64_t* barrier, std::uint32_t parity, Where where) {
    if (mbarrier_test_wait_parity(barrier, parity, where)) return true;
    yield(mbarrier_at(barrier, "mbarrier.try_wait", where).wait_label(parity), where);
    return mbarrier_test_wait_parity(barrier, parity, where);
}

void mbarrier_wait_parity(std::uint64_t* barrier, std::uint32_t parity, Where where) {
    struct Waiting {
        Mbarrier& barrier;
        std::uint32_t parity;
    } waiting{mbarrier_at(barrier, "mbarrier.try_wait", where), parity};
    wait_until(
        [](void* context) {
            auto& self = *static_cast<Waiting*>(context);
            if (self.barrier.has_ended(self.parity)) return true;
            self.barrier.settle();
            return self.barrier.has_ended(self.parity);
        },
        &waiting, waiting.barrier.wait_label(parity),
        [](void* context) { return static_cast<Waiting*>(context)->barrier.diagnosis(); }, where);
    waiting.barrier.observe();
}

void mbarrier_wait_parity_cluster(std::uint64_t* barrier, std::uint32_t parity, Where where) {
    mbarrier_wait_parity(barrier, parity, where);
}

void mbarrier_arrive_cluster(std::uint32_t barrier, Where where) {
    auto* address = static_cast<std::uint64_t*>(shared_pointer(barrier, where));
    Mbarrier& at = mbarrier_at(address, "mbarrier.arrive.shared::cluster", where);
    at.require_visible("mbarrier.arrive.shared::cluster", where);
    at.arrive(1, where);
}

void mbarrier_arrive_expect_tx_cluster(std::uint32_t barrier, std::uint32_t bytes, Where where) {
    auto* address = static_cast<std::uint64_t*>(shared_pointer(barrier, where));
    Mbarrier& at = mbarrier_at(address, "mbarrier.arrive.expect_tx.shared::cluster", where);
    at.require_visible("mbarrier.arrive.expect_tx.shared::cluster", where);
    at.expect(bytes, where);
    at.arrive(1, where);
}

void cp_async_mbarrier_arrive_noinc(std::uint64_t* barrier, Where where) {
    mbarrier_at(barrier, "cp.async.mbarrier.arrive.noinc", where).add(flight_of_copies());
}

// -- Fences --------------------------------------------------------------------------------------------------------

void fence_mbarrier_init(Where) {
    for (auto& [address, barrier] : block_state<AsyncBlock>().barriers)
        if (barrier->initialiser == ids().thread) barrier->visible = true;
}

void fence_proxy_async(Where where) {
    block_state<AsyncBlock>().shared.fence();
    fence_mbarrier_init(where);
}

void fence_proxy_async_shared(Where where) { fence_proxy_async(where); }

/// Memory is one and coherent here; what orders threads is modelled at barriers.
void fence_cluster(Where) {}

}  // namespace stele::simt
