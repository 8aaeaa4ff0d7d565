// Faults of the processor in a kernel's own code, as defects of that kernel.
#pragma once

#include <cstdint>
#include <string>

namespace stele::simt {

/// From now on a wild access or a misaligned vector on this thread of the host, made by a kernel, ends the launch with
/// a defect instead of the process. Other faults go to whoever handled them before. Nothing under AddressSanitizer, and
/// on processors other than x86-64, where the process ends as it would.
void watch_faults();

/// "file:line" of an address in the module's code, by addr2line where it is installed, else the nearest symbol.
std::string describe_code(std::uintptr_t pc);

}  // namespace stele::simt
