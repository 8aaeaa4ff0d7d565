// Vendors' libraries that this process has loaded, and what their results and times depend on.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace stele {

struct LibraryState {
    std::string version;  ///< as the library gives it, else what its file is called
    int threads = 0;      ///< that it computes with, whoever set them; 0: it has none of its own, or does not tell
    std::optional<std::string> remark{};  ///< why it is slower here than it could be, and what to do
};

/// By the name of their rows, "openblas" for gemm/vendor.openblas. Loads nothing: a library that no row has asked for
/// takes no part.
std::map<std::string, LibraryState> loaded_libraries();

}  // namespace stele
