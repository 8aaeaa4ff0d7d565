// Where this binary was built, and by what; defined in one file that CMake makes, so that no other depends on a place.
#pragma once

namespace stele::build {

/// The tree that it was built from; it may be gone.
extern const char* const source_folder;
/// Empty in a build without CUDA.
extern const char* const nvcc;

}  // namespace stele::build
