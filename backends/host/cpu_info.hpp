// What the operating system says about the CPU. For backends only.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace stele {

struct CpuInfo {
    std::string name;                ///< "AMD EPYC 9V74": model name of /proc/cpuinfo
    std::string vendor;              ///< "AuthenticAMD"
    std::vector<std::string> flags;  ///< "avx2", "avx512f", …
    std::string kernel;              ///< "Linux 6.1.0"
    int threads = 1;                 ///< hardware threads this process may run on (sched_getaffinity)
    std::size_t cache_bytes = 0;     ///< last-level caches of those threads, each counted once; 0 if not told
    std::size_t memory_bytes = 0;    ///< physical, or the control group's limit if that is less
};

CpuInfo read_cpu_info();

/// MHz of the first allowed hardware thread now, or 0 where the system does not tell.
double read_cpu_mhz();

}  // namespace stele
