// Which variants nothing here executes: only those that are declared, each with its reason.
#pragma once

#include "harness/catalog/device_set.hpp"
#include "harness/catalog/registry.hpp"

namespace stele {

/// Asks every device whether it takes a smoke or edge problem of each variant. Prints the variants that none takes; 0
/// if all of these are declared and every declaration is needed, else 1.
int check_coverage(const Registry& registry, const DeviceSet& devices);

}  // namespace stele
