// Ctrl-C: the first asks the run to stop, the second ends the process.
#pragma once

namespace stele {

/// Takes over SIGINT and SIGTERM for a command that has something to keep. The first signal sets the flag and gives
/// both their default action back, so the second one kills.
void catch_interrupts();
bool interrupted();

/// A closed pipe (`stele list | head`) ends writing, not the process: a report that is being made is still saved.
void ignore_closed_pipes();

}  // namespace stele
