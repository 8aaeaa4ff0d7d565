// Samples of one cell from several processes.
#pragma once

#include <vector>

#include "harness/measure/runner.hpp"
#include "harness/record/measurement.hpp"

namespace stele {

/// Fills what follows from the samples: the median, its interval and the number of passes.
void summarise(Timing& timing);

/// One more sample of the timing's first process; nothing is summed up.
void append(Timing& timing, const Sample& sample);

/// One timing of all samples, which keep their process: the first part's are of round 0, or of the round that they
/// already have. What is not of the samples is the last part's. At least one part.
Timing merged(std::vector<Timing> parts);

/// A cell as measured in several rounds: what was not right in one of them is its verdict, and where all are timed it
/// has the samples of all. At least one round.
Measurement merged(std::vector<Measurement> rounds);

}  // namespace stele
