#include "kernels/common/cuda_stream.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>

#include "backends/error.hpp"
#include "backends/library.hpp"

namespace stele {
namespace {

using Address = std::uint64_t;

struct Driver {
    Library library{cuda_driver_library};
    int (*event_create)(void**, unsigned flags) = nullptr;
    int (*event_record)(void*, void* stream) = nullptr;
    int (*event_synchronize)(void*) = nullptr;
    int (*event_elapsed)(float* milliseconds, void* begin, void* end) = nullptr;
    int (*event_destroy)(void*) = nullptr;
    int (*allocate)(Address*, std::size_t bytes) = nullptr;
    int (*upload)(Address, const void*, std::size_t bytes) = nullptr;
    int (*free)(Address) = nullptr;

    Driver() {
        library.find(event_create, "cuEventCreate");
        library.find(event_record, "cuEventRecord");
        library.find(event_synchronize, "cuEventSynchronize");
        library.find(event_elapsed, "cuEventElapsedTime");
        library.find(event_destroy, "cuEventDestroy_v2");
        library.find(allocate, "cuMemAlloc_v2");
        library.find(upload, "cuMemcpyHtoD_v2");
        library.find(free, "cuMemFree_v2");
    }
};

const Driver& driver() {
    static const Driver loaded;
    if (!loaded.library.loaded()) throw DeviceError("dlopen", 0, "", loaded.library.why_not());
    return loaded;
}

void check(int code, const char* call) {
    if (code != 0) throw DeviceError(call, code, "CUresult");
}

}  // namespace

float shortest_milliseconds(void* stream, int trials, const std::function<void()>& call) {
    std::unique_ptr<void, int (*)(void*)> begin(nullptr, driver().event_destroy), end(nullptr, driver().event_destroy);
    for (auto* event : {&begin, &end}) {
        void* made = nullptr;
        check(driver().event_create(&made, 0), "cuEventCreate");
        event->reset(made);
    }
    float shortest = std::numeric_limits<float>::infinity();
    for (int trial = 0; trial < trials; ++trial) {
        check(driver().event_record(begin.get(), stream), "cuEventRecord");
        call();
        check(driver().event_record(end.get(), stream), "cuEventRecord");
        check(driver().event_synchronize(end.get()), "cuEventSynchronize");
        float milliseconds = 0;
        check(driver().event_elapsed(&milliseconds, begin.get(), end.get()), "cuEventElapsedTime");
        if (trial > 0) shortest = std::min(shortest, milliseconds);
    }
    return shortest;
}

std::shared_ptr<void> device_copy(std::span<const std::byte> data) {
    Address address = 0;
    check(driver().allocate(&address, data.size()), "cuMemAlloc");
    // An address on the device, and none here.
    std::shared_ptr<void> owner(std::bit_cast<void*>(address),
                                [](void* freed) { driver().free(reinterpret_cast<Address>(freed)); });
    check(driver().upload(address, data.data(), data.size()), "cuMemcpyHtoD");
    return owner;
}

}  // namespace stele
