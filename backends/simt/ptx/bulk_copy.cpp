// Bulk copies and tensor tiles. Loads land when their mbarrier's phase ends; stores read shared memory when
// their group is waited for with .read, and write global memory when it is waited for, or when the thread leaves.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <deque>
#include <utility>

#include "backends/simt/ptx/async.hpp"
#include "backends/simt/ptx/instructions.hpp"
#include "backends/simt/ptx/tile_rows.hpp"

namespace stele::simt {

namespace {

using Coordinates = std::array<std::int64_t, 5>;

/// Where the byte `offset` of a box lies. The pattern follows the address, so that a box which does not begin at a
/// multiple of the pattern's period is permuted by where it lies.
std::uint32_t permuted(std::uint32_t window, std::uint32_t offset, Swizzle swizzle) {
    return swizzled(window + offset, swizzle) - window;
}

TileMap tile_map(const TensorMap& map, int rank, const char* what, Where where) {
    check_aligned(&map, 64, what, where);
    const TileMap tile = decode_tensor_map(map);
    if (tile.magic != TileMap::magic_value)
        fail(defect::invalid_operand, fmt::format("{}: what is given as its tensor map is none", what), where);
    if (tile.rank != rank)
        fail(defect::invalid_operand, fmt::format("{} is given a tensor map of {} dimensions", what, tile.rank), where);
    return tile;
}

/// The box's shared memory: inside, aligned to 128 bytes, and to nothing more, as the pattern follows the address.
std::uint32_t check_box(const TileMap& tile, const void* shared, const char* what, Where where) {
    check_shared(shared, tile.box_bytes(), 128, what, where);
    return shared_address(shared, where);
}

/// The parts of a box that lie inside the tensor must lie inside a buffer.
void check_tensor(const TileMap& tile, const Coordinates& at, const char* what, Where where) {
    for_each_row(tile, at, [&](const TileRow& row) {
        check_global(reinterpret_cast<const void*>(row.global), row.bytes, 1, what, where);
    });
}

/// The mbarrier of a load. Asked before anything is built that owns memory: a thread that fails does not return.
Mbarrier& visible_mbarrier(std::uint64_t* barrier, const char* what, Where where) {
    Mbarrier& found = mbarrier_at(barrier, what, where);
    found.require_visible(what, where);
    return found;
}

/// One part of a load: into the shared memory of one block, on that block's mbarrier.
void add_load(Mbarrier& barrier, std::byte* shared, std::uint32_t bytes, const char* what, Where where,
              std::function<void(const SyncClock& issued, SyncClock& landed)> copy) {
    barrier.owner.shared.begin_copy(shared, bytes, true);
    InFlight flight;
    flight.bytes = bytes;
    auto issued = std::make_shared<SyncClock>();
    issued->release();
    flight.land = [&barrier, shared, bytes, what, where, issued, copy = std::move(copy)](SyncClock& landed) {
        engine_write(shared, bytes, *issued, landed, what, where);
        copy(*issued, landed);
        barrier.owner.shared.end_copy(shared, bytes, true);
    };
    barrier.add(std::move(flight));
}

void load_bytes(std::byte* shared, const std::byte* global, std::uint32_t bytes, std::uint64_t* barrier,
                const char* what, Where where) {
    check_shared(shared, bytes, 16, what, where);
    Mbarrier& arrival = visible_mbarrier(barrier, what, where);
    add_load(arrival, shared, bytes, what, where, [=](const SyncClock& issued, SyncClock& landed) {
        engine_read(global, bytes, issued, landed, what, where);
        std::memcpy(shared, global, bytes);
    });
}

void load_box(const TileMap& tile, std::byte* shared, std::uint64_t* barrier, const Coordinates& at, const char* what,
              Where where) {
    const std::uint32_t window = check_box(tile, shared, what, where);
    Mbarrier& arrival = visible_mbarrier(barrier, what, where);
    add_load(arrival, shared, tile.box_bytes(), what, where, [=](const SyncClock& issued, SyncClock& landed) {
        const Swizzle swizzle = swizzle_of(tile);
        std::memset(shared, 0, tile.box_bytes());
        for_each_row(tile, at, [&](const TileRow& row) {
            const auto* from = reinterpret_cast<const std::byte*>(row.global);
            if (row.bytes != 0) engine_read(from, row.bytes, issued, landed, what, where);
            // A piece never crosses 16 bytes, so that it stays together under the permutation.
            for (std::uint32_t done = 0; done < row.bytes;) {
                const std::uint32_t offset = row.shared_offset + row.skip_bytes + done;
                const std::uint32_t piece = std::min(16 - offset % 16, row.bytes - done);
                std::memcpy(shared + permuted(window, offset, swizzle), from + done, piece);
                done += piece;
            }
        });
    });
}

void check_bytes(std::uint32_t bytes, const char* what, Where where) {
    if (bytes == 0 || bytes % 16 != 0)
        fail(defect::misaligned, fmt::format("{} of {} bytes: the size must be a multiple of 16", what, bytes), where);
}

/// Shared memory that a store is about to read.
void require_sight(const std::byte* shared, std::uint32_t bytes, const char* what, Where where) {
    const Sight sight = block_state<AsyncBlock>().shared.look(shared, bytes);
    if (sight == Sight::unfenced)
        fail(
            defect::missing_fence,
            fmt::format("{} reads shared memory that plain stores have written since the last fence_proxy_async", what),
            where);
    if (sight == Sight::in_flight)
        fail(defect::missing_wait, fmt::format("{} reads shared memory that a copy is still writing", what), where);
}

/// Calls `load(shared, barrier)` for each block of the cluster that `blocks` names.
template <typename Load>
void multicast(void* shared, std::uint64_t* barrier, std::uint16_t blocks, const char* what, Where where, Load&& load) {
    if (blocks == 0 || blocks >> ids().blocks != 0)
        fail(defect::invalid_operand, fmt::format("{} to blocks {:#b} in a cluster of {}", what, blocks, ids().blocks),
             where);
    for (unsigned rank = 0; rank < ids().blocks; ++rank)
        if (blocks >> rank & 1)
            load(static_cast<std::byte*>(map_shared(shared, rank, where)),
                 static_cast<std::uint64_t*>(map_shared(barrier, rank, where)));
}

// -- Stores --------------------------------------------------------------------------------------------------------

/// One store of a thread. `read` takes shared memory into the store, `write` brings it to global memory.
struct Store {
    std::function<void(Store&, SyncClock& landed)> read;
    std::function<void(Store&, SyncClock& landed)> write;
    SyncClock issued;
    std::vector<std::byte> content;
    bool has_read = false;
    const char* what = "";
    Where where;

    void take(SyncClock& landed) {
        if (std::exchange(has_read, true)) return;
        read(*this, landed);
    }
};

struct Stores {
    std::deque<std::vector<Store>> closed;
    std::vector<Store> open;

    void finish(std::size_t pending, bool only_read) {
        SyncClock landed;
        for (std::size_t i = 0; i + pending < closed.size(); ++i)
            for (Store& store : closed[i]) store.take(landed);
        while (!only_read && closed.size() > pending) {
            for (Store& store : closed.front()) store.write(store, landed);
            closed.pop_front();
        }
        landed.acquire();
    }

    /// The hardware finishes stores by itself, but a block's shared memory is gone with the block.
    void at_exit() {
        if (!open.empty()) closed.push_back(std::move(open));
        for (const auto& group : closed)
            for (const Store& store : group)
                if (!store.has_read)
                    fail(defect::missing_wait,
                         fmt::format("a thread leaves the kernel while its {} may still read shared memory; "
                                     "bulk_wait_group_read comes before the end",
                                     store.what),
                         store.where);
        finish(0, false);
    }
};

/// The caller has made sure of require_sight(), before it built the store.
void add_store(Store store, const void* shared, std::uint32_t bytes) {
    const auto* from = static_cast<const std::byte*>(shared);
    store.issued.release();
    store.read = [from, bytes](Store& self, SyncClock& landed) {
        engine_read(from, bytes, self.issued, landed, self.what, self.where);
        self.content.assign(from, from + bytes);
    };
    thread_state<Stores>().open.push_back(std::move(store));
}

void store_box(const TensorMap& map, int rank, const void* shared, const Coordinates& at, const char* what,
               Where where) {
    const TileMap tile = tile_map(map, rank, what, where);
    const std::uint32_t window = check_box(tile, shared, what, where);
    check_tensor(tile, at, what, where);
    require_sight(static_cast<const std::byte*>(shared), tile.box_bytes(), what, where);
    Store store;
    store.what = what;
    store.where = where;
    store.write = [tile, window, at](Store& self, SyncClock& landed) {
        for_each_row(tile, at, [&](const TileRow& row) {
            auto* to = reinterpret_cast<std::byte*>(row.global);
            if (row.bytes != 0) engine_write(to, row.bytes, self.issued, landed, self.what, self.where);
            for (std::uint32_t done = 0; done < row.bytes;) {
                const std::uint32_t offset = row.shared_offset + row.skip_bytes + done;
                const std::uint32_t piece = std::min(16 - offset % 16, row.bytes - done);
                std::memcpy(to + done, self.content.data() + permuted(window, offset, swizzle_of(tile)), piece);
                done += piece;
            }
        });
    };
    add_store(std::move(store), shared, tile.box_bytes());
}

}  // namespace

void bulk_load(void* shared, const void* global, std::uint32_t bytes, std::uint64_t* barrier, Where where) {
    check_bytes(bytes, "cp.async.bulk", where);
    check_global(global, bytes, 16, "cp.async.bulk", where);
    load_bytes(static_cast<std::byte*>(shared), static_cast<const std::byte*>(global), bytes, barrier, "cp.async.bulk",
               where);
}

void bulk_load_multicast(void* shared, const void* global, std::uint32_t bytes, std::uint64_t* barrier,
                         std::uint16_t blocks, Where where) {
    constexpr const char* what = "cp.async.bulk.multicast";
    check_bytes(bytes, what, where);
    check_global(global, bytes, 16, what, where);
    multicast(shared, barrier, blocks, what, where, [&](std::byte* target, std::uint64_t* remote) {
        load_bytes(target, static_cast<const std::byte*>(global), bytes, remote, what, where);
    });
}

void bulk_copy_cluster(std::uint32_t target, const void* shared, std::uint32_t bytes, std::uint32_t barrier,
                       Where where) {
    constexpr const char* what = "cp.async.bulk.shared::cluster";
    check_bytes(bytes, what, where);
    check_shared(shared, bytes, 16, what, where);
    require_sight(static_cast<const std::byte*>(shared), bytes, what, where);
    load_bytes(static_cast<std::byte*>(shared_pointer(target, where)), static_cast<const std::byte*>(shared), bytes,
               static_cast<std::uint64_t*>(shared_pointer(barrier, where)), what, where);
}

void bulk_store(void* global, const void* shared, std::uint32_t bytes, Where where) {
    Store store;
    store.what = "cp.async.bulk store";
    store.where = where;
    check_bytes(bytes, store.what, where);
    check_shared(shared, bytes, 16, store.what, where);
    check_global(global, bytes, 16, store.what, where);
    require_sight(static_cast<const std::byte*>(shared), bytes, store.what, where);
    store.write = [global](Store& self, SyncClock& landed) {
        engine_write(global, self.content.size(), self.issued, landed, self.what, self.where);
        std::memcpy(global, self.content.data(), self.content.size());
    };
    add_store(std::move(store), shared, bytes);
}

void bulk_reduce_add_f32(float* global, const float* shared, std::uint32_t bytes, Where where) {
    Store store;
    store.what = "cp.reduce.async.bulk";
    store.where = where;
    check_bytes(bytes, store.what, where);
    check_shared(shared, bytes, 16, store.what, where);
    check_global(global, bytes, 16, store.what, where);
    require_sight(reinterpret_cast<const std::byte*>(shared), bytes, store.what, where);
    store.write = [global](Store& self, SyncClock&) {
        for (std::size_t i = 0; i < self.content.size() / sizeof(float); ++i) {
            float value;
            std::memcpy(&value, self.content.data() + i * sizeof(float), sizeof(float));
            std::atomic_ref(global[i]).fetch_add(value, std::memory_order_relaxed);
        }
    };
    add_store(std::move(store), shared, bytes);
}

void bulk_commit_group(Where) {
    auto& stores = thread_state<Stores>();
    stores.closed.push_back(std::move(stores.open));
    stores.open.clear();
}

void bulk_wait_group(int pending, Where) { thread_state<Stores>().finish(static_cast<std::size_t>(pending), false); }
void bulk_wait_group_read(int pending, Where) {
    thread_state<Stores>().finish(static_cast<std::size_t>(pending), true);
}

void prefetch_tensor_map(const TensorMap& map, Where where) { check_aligned(&map, 64, "prefetch.tensormap", where); }

namespace {

void load_tile(void* shared, const TensorMap& map, std::uint64_t* barrier, int rank, const Coordinates& at,
               const char* what, Where where) {
    const TileMap tile = tile_map(map, rank, what, where);
    check_tensor(tile, at, what, where);
    load_box(tile, static_cast<std::byte*>(shared), barrier, at, what, where);
}

void load_tile_multicast(void* shared, const TensorMap& map, std::uint64_t* barrier, std::uint16_t blocks, int rank,
                         const Coordinates& at, const char* what, Where where) {
    const TileMap tile = tile_map(map, rank, what, where);
    check_tensor(tile, at, what, where);
    multicast(shared, barrier, blocks, what, where,
              [&](std::byte* target, std::uint64_t* remote) { load_box(tile, target, remote, at, what, where); });
}

}  // namespace

void tma_load_2d(void* shared, const TensorMap& map, std::uint64_t* barrier, int c0, int c1, Where where) {
    load_tile(shared, map, barrier, 2, {c0, c1}, "cp.async.bulk.tensor.2d load", where);
}
void tma_load_3d(void* shared, const TensorMap& map, std::uint64_t* barrier, int c0, int c1, int c2, Where where) {
    load_tile(shared, map, barrier, 3, {c0, c1, c2}, "cp.async.bulk.tensor.3d load", where);
}
void tma_load_4d(void* shared, const TensorMap& map, std::uint64_t* barrier, int c0, int c1, int c2, int c3,
                 Where where) {
    load_tile(shared, map, barrier, 4, {c0, c1, c2, c3}, "cp.async.bulk.tensor.4d load", where);
}
void tma_load_2d_multicast(void* shared, const TensorMap& map, std::uint64_t* barrier, std::uint16_t blocks, int c0,
                           int c1, Where where) {
    load_tile_multicast(shared, map, barrier, blocks, 2, {c0, c1}, "cp.async.bulk.tensor.2d multicast", where);
}
void tma_load_3d_multicast(void* shared, const TensorMap& map, std::uint64_t* barrier, std::uint16_t blocks, int c0,
                           int c1, int c2, Where where) {
    load_tile_multicast(shared, map, barrier, blocks, 3, {c0, c1, c2}, "cp.async.bulk.tensor.3d multicast", where);
}
void tma_store_2d(const TensorMap& map, const void* shared, int c0, int c1, Where where) {
    store_box(map, 2, shared, {c0, c1}, "cp.async.bulk.tensor.2d store", where);
}
void tma_store_3d(const TensorMap& map, const void* shared, int c0, int c1, int c2, Where where) {
    store_box(map, 3, shared, {c0, c1, c2}, "cp.async.bulk.tensor.3d store", where);
}
void tma_store_4d(const TensorMap& map, const void* shared, int c0, int c1, int c2, int c3, Where where) {
    store_box(map, 4, shared, {c0, c1, c2, c3}, "cp.async.bulk.tensor.4d store", where);
}

}  // namespace stele::simt
