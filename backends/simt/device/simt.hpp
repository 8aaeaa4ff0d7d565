// Device simt:0: the CPU runs the CUDA C++ and PTX kernels for their results, never for their time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "backends/backend.hpp"
#include "backends/simt/device/module.hpp"

namespace stele {

/// One device if the module of kernels is there. A defect found while a kernel runs is a DeviceError that begins with
/// the defect's name: "race: …", "deadlock: …"; docs/simt.md lists them.
std::unique_ptr<Backend> simt_backend();

struct SimtOptions {
    std::uint64_t seed = 1;  ///< of the order in which warps run
    unsigned workers = 0;    ///< threads of the host; 0 is as many as it has, at most 8
};

/// What the environment asks for: STELE_SIMT_SEED.
SimtOptions simt_options_from_environment();

/// A device for a module other than the installed one. `module` must have a table.
std::unique_ptr<Device> open_simt_device(const simt::Module& module, const SimtOptions& options);

}  // namespace stele
