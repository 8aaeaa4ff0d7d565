#include "backends/simt/checks/tracker.hpp"

#include <algorithm>
#include <utility>

#include "backends/simt/executor/cluster.hpp"

namespace stele::simt {
namespace {

// An epoch: who, when, and whether by an atomic operation.
constexpr unsigned clock_bits = 19, actor_bits = 12;
constexpr std::uint32_t atomic_bit = 1;
constexpr std::uint32_t last_clock = (1u << clock_bits) - 1;

std::uint32_t epoch(unsigned actor, std::uint32_t clock, bool atomic) {
    return (actor + 1) << (clock_bits + 1) | clock << 1 | (atomic ? atomic_bit : 0);
}
unsigned actor_of(std::uint32_t epoch) { return (epoch >> (clock_bits + 1)) - 1; }
std::uint32_t clock_of(std::uint32_t epoch) { return epoch >> 1 & last_clock; }
static_assert(clock_bits + 1 + actor_bits == 32);

constexpr std::size_t shadow_page = 1024;

bool ordered(std::uint32_t before, unsigned actor, const std::vector<std::uint32_t>& known) {
    const unsigned who = actor_of(before);
    return who == actor || clock_of(before) <= known[who];
}

}  // namespace

void Tracker::join(Clocks& to, const Clocks& from) {
    if (to.size() < from.size()) to.resize(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) to[i] = std::max(to[i], from[i]);
}

void Tracker::begin_block(Block& block) {
    if (running_++ == 0) {
        threads_ = block.threads();
        blocks_ = block.cluster() == nullptr ? 1 : block.cluster()->blocks();
        if (engine() + 2 >= 1u << actor_bits)
            throw Defect{std::string(defect::unsupported) + ": the checks take clusters of up to 4094 threads"};
        actors_.assign(engine(), {});
        common_.assign(engine() + 1, 0);
        engine_clock_ = 1;
        for (Clocks& clocks : named_) clocks.clear();
        cluster_.clear();
        origins_.clear();
        places_.clear();
        interned_.clear();
        regions_.resize(2 * blocks_);
        // Other blocks of the cluster are registered, but have not run: their threads' memory is known from here on.
        for (unsigned rank = 0; rank < blocks_; ++rank) {
            const Block& owner = block.cluster() == nullptr ? block : block.cluster()->block(rank);
            Region& dynamic = regions_[2 * rank];
            Region& fixed = regions_[2 * rank + 1];
            dynamic.begin = owner.dynamic_shared();
            dynamic.bytes = owner.dynamic_shared_bytes();
            fixed.begin = owner.tls().begin;
            fixed.bytes = owner.tls().bytes;
            fixed.is_static = true;
            for (Region* region : {&dynamic, &fixed}) {
                region->rank = rank;
                region->cells.resize(std::max(region->cells.size(), region->bytes));
                region->touched.resize(region->cells.size() / shadow_page + 1);
            }
        }
    }
}

void Tracker::end_block(Block&) {
    if (--running_ != 0) return;
    for (Region& region : regions_)
        for (std::size_t page = 0; page < region.touched.size(); ++page) {
            if (!region.touched[page]) continue;
            region.touched[page] = false;
            const auto begin = region.cells.begin() + static_cast<std::ptrdiff_t>(page * shadow_page);
            std::fill(
                begin,
                begin + static_cast<std::ptrdiff_t>(std::min(shadow_page, region.cells.size() - page * shadow_page)),
                Cell{});
        }
}

// -- Order -------------------------------------------------------------------------------------------------------

/// What the actor knows, as a vector of its own that may be changed; its own clock is not kept in there.
Tracker::Clocks& Tracker::own_view(unsigned actor) {
    ThreadClock& clock = actors_[actor];
    if (!clock.apart) {
        clock.view = common_;
        clock.apart = true;
    }
    return clock.view;
}

void Tracker::step(Block& block, unsigned actor) {
    if (actors_[actor].own == last_clock)
        block.fail(defect::unsupported, "more barriers than the checks can count; use a smaller problem", {});
    ++actors_[actor].own;
}

void Tracker::meet(Block& block, unsigned first, unsigned count) {
    const unsigned begin = block.rank() * threads_ + first;
    if (count == engine()) {
        // All there are: from here on each knows all that the others did.
        for (unsigned i = 0; i < count; ++i) {
            if (actors_[i].apart) common_[engine()] = std::max(common_[engine()], actors_[i].view[engine()]);
            actors_[i].apart = false;
        }
        for (unsigned i = 0; i < count; ++i) {
            common_[i] = actors_[i].own;
            step(block, i);
        }
        return;
    }
    joined_.assign(engine() + 1, 0);
    for (unsigned i = begin; i < begin + count; ++i) {
        join(joined_, view(i));
        joined_[i] = std::max(joined_[i], actors_[i].own);
    }
    for (unsigned i = begin; i < begin + count; ++i) {
        own_view(i) = joined_;
        step(block, i);
    }
}

void Tracker::meet_lanes(Block& block, unsigned warp, std::uint32_t lanes) {
    joined_.assign(engine() + 1, 0);
    const unsigned base = block.rank() * threads_ + warp * 32;
    for (std::uint32_t rest = lanes; rest != 0; rest &= rest - 1) {
        const unsigned i = base + static_cast<unsigned>(std::countr_zero(rest));
        join(joined_, view(i));
        joined_[i] = std::max(joined_[i], actors_[i].own);
    }
    for (std::uint32_t rest = lanes; rest != 0; rest &= rest - 1) {
        const unsigned i = base + static_cast<unsigned>(std::countr_zero(rest));
        own_view(i) = joined_;
        step(block, i);
    }
}

void Tracker::arrive(Block& block, Thread& thread, unsigned id) {
    const unsigned i = actor(thread);
    join(named_[id], view(i));
    named_[id][i] = std::max(named_[id][i], actors_[i].own);
    step(block, i);
}

void Tracker::complete(Block&, const std::vector<Thread*>& waiting, unsigned id) {
    for (const Thread* thread : waiting) join(own_view(actor(*thread)), named_[id]);
    named_[id].clear();
}

void Tracker::cluster_arrive(Thread& thread) {
    const unsigned i = actor(thread);
    join(cluster_, view(i));
    cluster_[i] = std::max(cluster_[i], actors_[i].own);
    step(*thread.block, i);
}

void Tracker::cluster_wait(Thread& thread) { join(own_view(actor(thread)), cluster_); }

void Tracker::release(Thread& thread, SyncClock& into) {
    const unsigned i = actor(thread);
    join(into.clocks_, view(i));
    into.clocks_[i] = std::max(into.clocks_[i], actors_[i].own);
    step(*thread.block, i);
}

void Tracker::acquire(Thread& thread, const SyncClock& from) {
    if (!from.clocks_.empty()) join(own_view(actor(thread)), from.clocks_);
}

// -- Accesses ----------------------------------------------------------------------------------------------------

Tracker::Region* Tracker::find(const std::byte* address, std::size_t bytes) {
    for (Region& region : regions_)
        if (address >= region.begin && address + bytes <= region.begin + region.bytes) return &region;
    return nullptr;
}

void Tracker::access(Block& block, Thread& thread, const void* address, std::size_t bytes, Access kind,
                     const Origin& origin) {
    const auto* at = static_cast<const std::byte*>(address);
    if (thread.fiber->contains(at) || bytes == 0) return;
    Region* region = find(at, bytes);
    if (region == nullptr) return check_bounds(block, at, bytes, origin);
    const auto offset = static_cast<std::size_t>(at - region->begin);
    if (region->is_static && executor_tls(offset)) return;
    const unsigned i = actor(thread);
    touch(*region, offset, bytes, i, actors_[i].own, view(i), kind, block, origin);
}

void Tracker::engine_access(Block& block, const void* address, std::size_t bytes, Access kind, const SyncClock& issued,
                            SyncClock& landed, const Origin& origin) {
    const auto* at = static_cast<const std::byte*>(address);
    if (bytes == 0) return;
    if (landed.clocks_.size() <= engine()) landed.clocks_.resize(engine() + 1);
    Region* region = find(at, bytes);
    if (region == nullptr) return check_bounds(block, at, bytes, origin);
    joined_ = issued.clocks_;
    joined_.resize(engine() + 1);
    touch(*region, static_cast<std::size_t>(at - region->begin), bytes, engine(), engine_clock_, joined_, kind, block,
          origin);
    landed.clocks_[engine()] = std::max(landed.clocks_[engine()], engine_clock_);
    if (engine_clock_ < last_clock) ++engine_clock_;
}

void Tracker::touch(Region& region, std::size_t at, std::size_t bytes, unsigned actor, std::uint32_t own,
                    const Clocks& known, Access kind, Block& block, const Origin& origin) {
    const std::uint32_t mine = epoch(actor, own, kind == Access::atomic);
    std::uint32_t here = 0;  // interned when first needed
    const auto conflict = [&](std::uint32_t other, std::uint32_t other_origin, bool other_wrote) {
        const bool wrote = kind != Access::read;
        std::string text = (region.is_static ? "byte of a __shared__ variable"
                                             : "byte " + std::to_string(at) + " of dynamic shared memory");
        if (blocks_ > 1) text += " of block " + std::to_string(region.rank) + " of the cluster";
        text = name(actor, block) + (wrote ? " writes a " : " reads a ") + text + " that " +
               name(actor_of(other), block) + (other_wrote ? " wrote" : " read") + " without a barrier between, at " +
               tell(other_origin);
        block.fail(defect::race, std::move(text), tell(intern(origin)));
    };
    for (std::size_t page = at / shadow_page; page <= (at + bytes - 1) / shadow_page; ++page)
        region.touched[page] = true;
    for (; bytes > 0; --bytes, ++at) {
        Cell& cell = region.cells[at];
        if (cell.write == mine && kind != Access::read) continue;
        const bool both_atomic = kind == Access::atomic && (cell.write & atomic_bit);
        if (cell.write != 0 && !both_atomic && !ordered(cell.write, actor, known))
            conflict(cell.write, cell.write_origin, true);
        if (kind != Access::write && cell.write == 0) {
            std::string text = name(actor, block) + " reads " +
                               (region.is_static ? std::string("a byte of a __shared__ variable")
                                                 : "byte " + std::to_string(at) + " of dynamic shared memory") +
                               " that nothing in this block has written";
            block.fail(defect::uninitialised, std::move(text), tell(intern(origin)));
        }
        if (kind == Access::read) {
            if (cell.read[0] == mine || cell.read[1] == mine) continue;
            if (here == 0) here = intern(origin);
            // A reader that all later writers must be ordered after anyway makes room.
            const bool first = cell.read[0] == 0 || ordered(cell.read[0], actor, known);
            cell.read[first ? 0 : 1] = mine;
            cell.read_origin = here;
            continue;
        }
        for (const std::uint32_t read : cell.read)
            if (read != 0 && !((read & atomic_bit) && kind == Access::atomic) && !ordered(read, actor, known))
                conflict(read, cell.read_origin, false);
        if (here == 0) here = intern(origin);
        cell = {mine, {0, 0}, here, 0};
    }
}

void Tracker::check_bounds(Block& block, const std::byte* address, std::size_t bytes, const Origin& origin) {
    const auto outside = [&](const std::string& text) {
        const std::string who = origin.what != nullptr ? std::string(origin.what) + " touches " : "touches ";
        block.fail(defect::out_of_bounds, who + text, tell(intern(origin)));
    };
    if (block.in_a_buffer(address, bytes)) return;
    for (const Region& region : regions_) {
        // Past the end of dynamic shared memory there is a margin in which nothing else lies.
        if (region.is_static || address + bytes <= region.begin - arena_margin ||
            address >= region.begin + max_shared_bytes + arena_margin)
            continue;
        outside(std::to_string(bytes) + " byte(s) at offset " + std::to_string(address - region.begin) +
                " of dynamic shared memory, of which the launch has " + std::to_string(region.bytes) + " bytes");
    }
    const Extent all = block.request().region;
    const bool global = address + bytes > all.begin && address < all.begin + all.bytes;
    // A page at address 0 stands for null pointers and offsets from them. Elsewhere are stacks and constants.
    const bool null = reinterpret_cast<std::uintptr_t>(address) < 65536;
    if (!global && !null) return;
    const std::string text = outside_buffers(block.request(), address, bytes);
    if (!text.empty()) outside(null ? "memory at a null pointer" : text);
}

}  // namespace stele::simt
