// What asynchronous instructions keep of a block: its mbarriers, and what its shared memory looks like to the
// asynchronous proxy. Private to the emulation of PTX.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "backends/simt/block.hpp"

namespace stele::simt {

/// Shared memory as TMA, bulk copies and wgmma see it. Plain writes become visible to them through a proxy fence. Who
/// wrote what is not known here, so the rule is that of a block: bytes that changed since the asynchronous proxy last
/// saw them, with no proxy fence by any thread since, are a missing fence. It is kept for 16 bytes at a time.
class ProxyView {
public:
    /// On a thread of the block whose memory it is.
    ProxyView();
    void fence() { ++fences_; }
    /// The asynchronous proxy itself wrote these bytes of dynamic shared memory.
    void wrote(const std::byte* address, std::size_t bytes);
    /// It is about to read them: false if it would read what no fence has made visible.
    bool sees(const std::byte* address, std::size_t bytes);

private:
    static constexpr std::size_t grain = 16;
    static constexpr std::uint32_t never = ~0u;
    const std::byte* base_;
    std::size_t bytes_;
    std::vector<std::byte> seen_;
    std::vector<std::uint32_t> stamp_;  ///< fences_ when a grain was last seen; `never` at first
    std::uint32_t fences_ = 0;
};

/// Something that happens to an mbarrier by itself: copies that bring transactions, or arrivals that wait for copies.
struct InFlight {
    std::uint32_t bytes = 0, arrivals = 0;
    /// Makes the copy happen; what it did is before `landed`.
    std::function<void(SyncClock& landed)> land;
};

struct AsyncBlock;

/// One mbarrier. Copies in flight land when somebody waits and nothing else is missing for the phase to end: neither
/// earlier, so that a dropped wait is seen, nor in part.
class Mbarrier {
public:
    Mbarrier(AsyncBlock& owner, const std::uint64_t* address, std::uint32_t count, std::string label, unsigned thread);

    void arrive(std::uint32_t arrivals, Where where);
    void expect(std::uint32_t bytes, Where where);
    void add(InFlight flight);
    /// Lets the phase end if what is in flight is all that it lacks. May be called outside any thread.
    void settle();
    bool has_ended(std::uint32_t parity) const { return (phase_ & 1) != (parity & 1); }
    /// The running thread has seen the phase end.
    void observe();
    /// Why the phase cannot end, if that is its transactions' fault.
    std::string diagnosis() const;
    /// Used by asynchronous copies and other blocks: missing fence unless the initialisation was fenced.
    void require_visible(const char* what, Where where) const;

    const std::string& label() const { return label_; }
    std::uint64_t token() const;

    AsyncBlock& owner;
    unsigned initialiser;  ///< thread that initialised it
    bool visible = false;

private:
    void end_phase();

    const std::uint64_t* address_;
    std::uint32_t expected_, pending_;
    std::int64_t transactions_ = 0;
    std::uint64_t phase_ = 0, observed_ = 0;
    std::int64_t flying_bytes_ = 0;
    std::uint32_t flying_arrivals_ = 0;
    std::vector<InFlight> flying_;
    SyncClock arriving_, ended_;
    std::string label_, wait_label_;
    Where last_arrival_;

public:
    const char* wait_label() const { return wait_label_.c_str(); }
};

/// Asynchronous state of one block.
struct AsyncBlock {
    ~AsyncBlock();
    std::unordered_map<const std::uint64_t*, std::unique_ptr<Mbarrier>> barriers;
    ProxyView proxy;
};

/// The mbarrier at `address`, in this block or another of the cluster. Invalid operand if there is none, misaligned if
/// there cannot be one.
Mbarrier& mbarrier_at(const std::uint64_t* address, const char* what, Where where);

/// Fills memory that is being written to, so that nobody takes it for its old or its new content.
void poison(void* address, std::size_t bytes);

/// All cp.async that this thread has issued and not waited for, as one flight without transactions.
InFlight flight_of_copies();

}  // namespace stele::simt
