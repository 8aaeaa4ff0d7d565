// Attention's sequences do not know of each other: in another order each gets the same bits, and so it does twice.
#pragma once

#include "kernels/operation.hpp"

namespace stele {

bool has_batch_order(const Variant& variant);

/// Runs the variant on a batch twice, and on the same sequences in reverse order.
void check_batch_order(Device& device, const Variant& variant, const Operation& operation);

}  // namespace stele
