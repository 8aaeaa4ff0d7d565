// What the operating system says about the CPU.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

namespace stele {

struct CpuInfo {
    std::string name;    ///< "AMD EPYC 9V74": model name of /proc/cpuinfo
    std::string vendor;  ///< "AuthenticAMD"
    /// By which CPUs of one name are told apart, as hypervisors give several generations: "AuthenticAMD family 25 model
    /// 17 stepping 1", "implementer 0x41 part 0xd0c"; one for each kind of core; empty where the system does not tell.
    std::string identity;
    std::vector<std::string> flags;  ///< "avx2", "avx512f", …
    std::string kernel;              ///< "Linux 6.1.0"
    int threads = 1;                 ///< hardware threads this process may run on (sched_getaffinity)
    std::size_t cache_bytes = 0;     ///< last-level caches of those threads, each counted once; 0 if not told
    std::size_t memory_bytes = 0;    ///< memory_limit()
};

/// Name, vendor, identity and flags, from the text of /proc/cpuinfo.
CpuInfo parse_cpu_info(std::istream& text);
CpuInfo read_cpu_info();

/// MHz of the first allowed hardware thread now, or 0 where the system does not tell.
double read_cpu_mhz();

}  // namespace stele
