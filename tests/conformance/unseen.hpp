// What a row of attention does not see must not reach it, whatever it holds.
#pragma once

#include "backends/backend.hpp"
#include "kernels/operation.hpp"

namespace stele {

/// True if the operation has keys that some rows do not see.
bool has_unseen_keys(const Variant& variant);

/// Fills keys and values with NaN and infinities and fails the present test if a row that sees none of those differs
/// from what it must be. Skips the test where the device takes none of the problems.
void check_unseen_keys(Device& device, const Variant& variant, const Operation& operation);

}  // namespace stele
