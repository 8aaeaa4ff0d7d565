#include "backends/simt/executor/tile_memory.hpp"

#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <vector>

#include "backends/simt/executor/block.hpp"

namespace stele::simt {
namespace {

constexpr std::align_val_t alignment{64};
struct Release {
    void operator()(void* memory) const { ::operator delete(memory, alignment); }
};

struct TileMemory {
    std::vector<std::unique_ptr<void, Release>> owned;
    std::map<std::size_t, std::vector<void*>> free;
};

}  // namespace

void* take_tile_memory(std::size_t bytes) {
    auto& memory = block_state<TileMemory>();
    void* taken = nullptr;
    if (auto& free = memory.free[bytes]; !free.empty()) {
        taken = free.back();
        free.pop_back();
    } else {
        taken = memory.owned.emplace_back(::operator new(bytes, alignment)).get();
    }
    std::memset(taken, 0xFF, bytes);
    return taken;
}

void give_back_tile_memory(void* memory, std::size_t bytes) { block_state<TileMemory>().free[bytes].push_back(memory); }

}  // namespace stele::simt
