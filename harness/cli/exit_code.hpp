// What a command ends with.
#pragma once

namespace stele {

enum ExitCode : int {
    exit_fine = 0,
    exit_worse = 1,          ///< a gate found something worse than its baseline
    exit_usage = 2,          ///< wrong usage, input that cannot be read, or output that cannot be written
    exit_wrong = 4,          ///< a cell is wrong, impossible, in error, or timed out
    exit_nothing = 5,        ///< nothing ran, or the glob matches nothing
    exit_interrupted = 130,  ///< ended by a signal; what was measured is kept
};

}  // namespace stele
