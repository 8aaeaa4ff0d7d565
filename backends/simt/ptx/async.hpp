// What asynchronous instructions keep of a block: its mbarriers, and what its shared memory looks like to the
// asynchronous proxy. Private to the emulation of PTX.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "backends/simt/executor/block.hpp"

namespace stele::simt {

/// What can be wrong with reading some shared memory now.
enum class Sight {
    clear,
    in_flight,  ///< a copy is still writing there
    unfenced,   ///< the asynchronous proxy does not see what plain stores have written
};

/// What asynchronous copies are writing of a block's dynamic shared memory, and what TMA, bulk copies and wgmma see of
/// the rest. Plain writes become visible to them through a proxy fence. Who wrote what is not known here, so the rule
/// is that of a block: bytes that changed since the asynchronous proxy last saw them, with no proxy fence by any thread
/// since, are unfenced. Memory that nothing has written is clear, and holds NaN.
class SharedView {
public:
    /// On a thread of the block whose memory it is.
    SharedView();
    void fence() { ++fences_; }
    /// A copy to these bytes begins, and fills them with a pattern that is neither old nor new; then it ends.
    void begin_copy(std::byte* address, std::size_t bytes, bool by_async_proxy);
    void end_copy(const std::byte* address, std::size_t bytes, bool by_async_proxy);
    bool in_flight(const std::byte* address, std::size_t bytes) const;
    /// For a read by the asynchronous proxy.
    Sight look(const std::byte* address, std::size_t bytes);

private:
    static constexpr std::size_t grain = 16, fine = 4;
    static constexpr std::uint32_t never = ~0u;
    bool outside(const std::byte* address, std::size_t bytes) const;
    void count_copies(const std::byte* address, std::size_t bytes, int change);
    void remember(const std::byte* address, std::size_t bytes);

    const std::byte* base_;
    std::size_t bytes_;
    std::vector<std::uint8_t> copies_;  ///< in flight, for each 4 bytes
    std::vector<std::byte> seen_;
    std::vector<std::uint32_t> stamp_;  ///< fences_ when 16 bytes were last seen; `never` at first
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
    std::string label_;
    std::array<std::string, 2> wait_labels_;
    Where last_arrival_;

public:
    /// What a thread waits for.
    const char* wait_label(std::uint32_t parity) const { return wait_labels_[parity % 2].c_str(); }
};

/// Asynchronous state of one block.
struct AsyncBlock {
    ~AsyncBlock();
    std::unordered_map<const std::uint64_t*, std::unique_ptr<Mbarrier>> barriers;
    SharedView shared;
};

/// The mbarrier at `address`, in this block or another of the cluster. Invalid operand if there is none, misaligned if
/// there cannot be one.
Mbarrier& mbarrier_at(const std::uint64_t* address, const char* what, Where where);

/// All cp.async that this thread has issued and not waited for, as one flight without transactions.
InFlight flight_of_copies();

}  // namespace stele::simt
