#include "backends/wait_place.hpp"

#include <fmt/format.h>

namespace stele {

std::string text(const WaitPlace& place) {
    if (!place.gave_up) return {};
    return fmt::format(
        "block ({},{},{}), thread ({},{},{}) waits for parity {} of the mbarrier at shared address {:#x}",
        place.block[0], place.block[1], place.block[2], place.thread[0], place.thread[1], place.thread[2], place.parity,
        place.barrier);
}

}  // namespace stele
