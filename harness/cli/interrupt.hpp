// Ctrl-C, a closed terminal, a kill: what is worth keeping is kept.
#pragma once

namespace stele {

/// To be called before any work. SIGINT, SIGTERM and SIGHUP (unless it is ignored, as under nohup) end the process at
/// once with exit_interrupted, as there is nothing yet to keep.
void catch_interrupts();

/// From here on the first signal only asks the run to stop, by interrupted(); the second ends the process.
void keep_what_is_measured();
bool interrupted();

/// A closed pipe (`stele list | head`) ends writing, not the process: a report that is being made is still saved.
void ignore_closed_pipes();

}  // namespace stele
