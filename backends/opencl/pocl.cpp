#include "backends/opencl/pocl.hpp"

#include <sched.h>
#include <unistd.h>

#include <cstdlib>

namespace stele::opencl {

void pin_pocl_threads() {
    if (std::getenv("POCL_MAX_PTHREAD_COUNT") != nullptr) return;
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0 || CPU_COUNT(&allowed) != sysconf(_SC_NPROCESSORS_ONLN))
        return;
    constexpr int keep_what_is_set = 0;
    setenv("POCL_AFFINITY", "1", keep_what_is_set);
}

}  // namespace stele::opencl
