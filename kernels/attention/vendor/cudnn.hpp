// attention/vendor.cudnn, and what this process has loaded of cuDNN.
#pragma once

#include <optional>

#include "kernels/attention/problem.hpp"
#include "kernels/attention/vendor/cudnn_descriptor.hpp"
#include "kernels/libraries.hpp"
#include "kernels/operation.hpp"

namespace stele::attention {

/// Empty where `library` is here and new enough for the row, else the reason.
std::string cudnn_why_not(const cudnn::Cudnn& library);

/// What the row says of a problem on a device that the library runs on.
Support cudnn_supports(const DeviceInfo& device, const Shape& shape);

/// None where it has not been loaded.
std::optional<LibraryState> cudnn_state();

}  // namespace stele::attention
