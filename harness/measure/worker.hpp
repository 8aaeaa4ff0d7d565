// The other side of RunnerChild: what a worker process does.
#pragma once

#include "harness/base/channel.hpp"

namespace stele {

/// Answers requests until the channel is closed. Each step is told before it is taken, so that whoever is at the other
/// end knows what this process died of. Returns when there is nothing more to do, or nothing more can be done.
void serve(Channel& channel);

}  // namespace stele
