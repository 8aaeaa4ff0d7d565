// What an OpenCL compiler takes beside OpenCL C, asked of it with one tiny kernel a question.
#pragma once

#include <string>
#include <vector>

#include "backends/backend.hpp"

namespace stele {

/// "mma", "ldmatrix", …: NVIDIA's instructions; "extensions", "target".
std::vector<std::string> probe_names();

/// The answer of one OpenCL device, in one line: "opencl:0 mma: compiled, and right". `name` is one of probe_names().
/// What the compiler or the device refuses is an answer too. A driver may crash over it, so that it wants a process of
/// its own.
std::string probe(const std::string& name, Device& device);

/// Has OpenCL C of its own, and not through another compiler.
bool can_be_probed(const DeviceInfo& device);

}  // namespace stele
