// The one list of backends.
#include "backends/backend.hpp"
#include "backends/cuda/cuda.hpp"
#include "backends/host/host.hpp"
#include "backends/opencl/opencl.hpp"
#include "backends/opencl/pocl.hpp"
#ifdef STELE_HAS_SIMT
#include "backends/simt/device/simt.hpp"
#endif

namespace stele {

void prepare_environment() { opencl::pin_pocl_threads(); }

std::vector<BackendEntry> backend_list() {
    return {
#ifdef STELE_HAS_CUDA
        {"cuda", cuda_backend},
#else
        {"cuda", [] { return absent_backend("cuda", STELE_CUDA_WHY_NOT); }},
#endif
        {"opencl", opencl_backend},
#ifdef STELE_HAS_SIMT
        {"simt", simt_backend},
#endif
        {"host", host_backend},
    };
}

std::vector<std::unique_ptr<Backend>> all_backends() {
    std::vector<std::unique_ptr<Backend>> all;
    for (const BackendEntry& entry : backend_list()) all.push_back(entry.make());
    return all;
}

}  // namespace stele
