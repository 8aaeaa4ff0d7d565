// The one list of backends.
#include "backends/backend.hpp"
#include "backends/cuda/cuda.hpp"
#include "backends/host/host.hpp"
#include "backends/opencl/opencl.hpp"
#ifdef STELE_HAS_SIMT
#include "backends/simt/device/simt.hpp"
#endif

namespace stele {

std::vector<std::unique_ptr<Backend>> all_backends() {
    std::vector<std::unique_ptr<Backend>> all;
#ifdef STELE_HAS_CUDA
    all.push_back(cuda_backend());
#else
    all.push_back(absent_backend("cuda", STELE_CUDA_WHY_NOT));
#endif
    all.push_back(opencl_backend());
#ifdef STELE_HAS_SIMT
    all.push_back(simt_backend());
#endif
    all.push_back(host_backend());
    return all;
}

}  // namespace stele
