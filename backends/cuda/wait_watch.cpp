#include "backends/cuda/wait_watch.hpp"

#include <dlfcn.h>

#include "backends/wait_place.hpp"

namespace stele::cudart {

void WaitWatch::begin() {
    const auto places = reinterpret_cast<WaitPlaceSymbols* (*)()>(::dlsym(RTLD_DEFAULT, wait_places_function));
    if (places == nullptr) return;
    check(cudaHostAlloc(place_.out(), sizeof(WaitPlace), cudaHostAllocMapped), "cudaHostAlloc");
    *static_cast<WaitPlace*>(place_.get()) = {};
    void* on_device = nullptr;
    check(cudaHostGetDevicePointer(&on_device, place_.get(), 0), "cudaHostGetDevicePointer");
    for (const void* symbol : *places())
        check(cudaMemcpyToSymbol(symbol, &on_device, sizeof(on_device)), "cudaMemcpyToSymbol of a place to wait");
}

std::string WaitWatch::told() const {
    return bounded() ? text(*static_cast<const WaitPlace*>(place_.get())) : std::string();
}

}  // namespace stele::cudart
