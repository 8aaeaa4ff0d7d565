#include "harness/record/measurement.hpp"

namespace stele {

bool is_failure(Outcome outcome) { return outcome != Outcome::passed && outcome != Outcome::skipped; }

}  // namespace stele
