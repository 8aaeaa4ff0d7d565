// What a command ends with.
#pragma once

namespace stele {

enum ExitCode : int {
    exit_fine = 0,
    exit_worse = 1,          ///< a gate found something worse than its baseline, or a comparison a regression
    exit_usage = 2,          ///< wrong usage, input that cannot be read, or output that cannot be written
    exit_inconclusive = 3,   ///< a comparison could not tell, and was asked to say so
    exit_wrong = 4,          ///< a cell is wrong, impossible, in error, or timed out
    exit_nothing = 5,        ///< nothing ran or was compared, or the glob matches nothing
    exit_interrupted = 130,  ///< ended by a signal; what was measured is kept
};

}  // namespace stele
