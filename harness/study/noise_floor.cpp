#include "harness/study/noise_floor.hpp"

namespace stele {

std::optional<double> noise_floor(std::span<const Report>) { return std::nullopt; }

}  // namespace stele
