// Where a kernel whose waits are bounded gave up.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace stele {

/// Written by the kernel into host memory.
struct WaitPlace {
    std::uint32_t block[3], thread[3];
    std::uint32_t barrier;  ///< its shared address
    std::uint32_t parity;
    bool gave_up;
};

/// Addresses of the kernels' own pointers to the place.
using WaitPlaceSymbols = std::vector<const void*>;
inline constexpr char wait_places_function[] = "stele_wait_places";

/// "block (1,0,0), thread (0,0,0) waits for parity 0 of the mbarrier at shared address 0x400"; empty where none gave
/// up.
std::string text(const WaitPlace& place);

}  // namespace stele
