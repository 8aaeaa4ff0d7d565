#include "harness/record/environment.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>
#include <thread>

#include "backends/host/cpu_info.hpp"
#include "backends/host/limits.hpp"
#include "build_info.hpp"
#include "revision.hpp"

namespace stele {

namespace {

/// Variables whose value can change a result or a time. Whole names: by a prefix something secret, or the requirements
/// of a container's image, would get into a report. Effects are recorded beside (threads, CPUs, devices); this says
/// what set them.
constexpr std::string_view variables_known =
    "CUBLAS_WORKSPACE_CONFIG CUDA_AUTO_BOOST CUDA_CACHE_DISABLE CUDA_DEVICE_MAX_CONNECTIONS CUDA_DEVICE_ORDER "
    "CUDA_DISABLE_PTX_JIT CUDA_FORCE_PTX_JIT CUDA_LAUNCH_BLOCKING CUDA_MODULE_LOADING CUDA_VISIBLE_DEVICES "
    "DNNL_CPU_ISA_HINTS DNNL_DEFAULT_FPMATH_MODE DNNL_MAX_CPU_ISA DNNL_PRIMITIVE_CACHE_CAPACITY "
    "GOMP_CPU_AFFINITY GOMP_SPINCOUNT GOTO_NUM_THREADS "
    "MALLOC_ARENA_MAX MALLOC_MMAP_THRESHOLD_ MALLOC_TOP_PAD_ MALLOC_TRIM_THRESHOLD_ "
    "NVIDIA_TF32_OVERRIDE NVIDIA_VISIBLE_DEVICES "
    "OCL_ICD_DEFAULT_PLATFORM OCL_ICD_FILENAMES OCL_ICD_PLATFORM_SORT OCL_ICD_VENDORS OPENCL_VENDOR_PATH "
    "OMP_DYNAMIC OMP_MAX_ACTIVE_LEVELS OMP_NUM_THREADS OMP_PLACES OMP_PROC_BIND OMP_SCHEDULE OMP_THREAD_LIMIT "
    "OMP_WAIT_POLICY ONEDNN_CPU_ISA_HINTS ONEDNN_DEFAULT_FPMATH_MODE ONEDNN_MAX_CPU_ISA "
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY OPENBLAS_CORETYPE OPENBLAS_MAIN_FREE OPENBLAS_NUM_THREADS "
    "POCL_AFFINITY POCL_BINARY_SPECIALIZE_WG POCL_CPU_LOCAL_MEM_SIZE POCL_CPU_MAX_CU_COUNT POCL_DEVICES "
    "POCL_EXTRA_BUILD_FLAGS POCL_FORCE_PARALLEL_OUTER_LOOP POCL_FULL_REPLICATION_THRESHOLD POCL_KERNEL_CACHE "
    "POCL_LLVM_CPU_NAME POCL_MAX_PTHREAD_COUNT POCL_MAX_WORK_GROUP_SIZE POCL_MEMORY_LIMIT "
    "POCL_WILOOPS_MAX_UNROLL_COUNT POCL_WORK_GROUP_METHOD POCL_WORK_GROUP_SPECIALIZATION";

std::map<std::string, std::string> read_variables() {
    std::map<std::string, std::string> found;
    std::istringstream names{std::string(variables_known)};
    for (std::string known; names >> known;)
        if (const char* value = std::getenv(known.c_str())) found.emplace(known, value);
    return found;
}

std::string first_line(const char* path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

/// The value of the first line of `path` that starts with `key`, up to a ':' or '='.
std::string value_of(const char* path, std::string_view key) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with(key)) continue;
        std::size_t at = line.find_first_of(":=");
        if (at == std::string::npos) continue;
        at = line.find_first_not_of(" \t\"", at + 1);
        if (at == std::string::npos) return {};
        return line.substr(at, line.find_last_not_of(" \t\"") + 1 - at);
    }
    return {};
}

std::string or_unknown(const std::string& text) { return text.empty() ? "unknown" : text; }

std::string read_os() {
    utsname name{};
    const std::string kernel =
        uname(&name) == 0 ? fmt::format("{} {} {}", name.sysname, name.release, name.machine) : "";
    const std::string pretty = value_of("/etc/os-release", "PRETTY_NAME");
    return or_unknown(pretty.empty() ? kernel : pretty + ", " + kernel);
}

}  // namespace

std::string_view build_revision() { return STELE_REVISION; }

std::string utc_now() {
    const std::time_t now = std::time(nullptr);
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
}

std::string version_text() {
    return fmt::format("stele {} ({})\nhost compiler: {}, {} build, flags: {}\nCUDA compiler: {}{}\n", build::version,
                       build_revision(), build::host_compiler, build::type, build::cxx_flags, build::cuda_compiler,
                       *build::cuda_flags ? fmt::format(", flags: {}", build::cuda_flags) : "");
}

Environment read_environment(const std::vector<std::string>& command_line) {
    Environment environment;
    environment.revision = build_revision();
    environment.version = build::version;
    environment.host_compiler = build::host_compiler;
    environment.cuda_compiler = build::cuda_compiler;
    environment.build_type = build::type;
    environment.cuda_flags = build::cuda_flags;
    environment.cxx_flags = build::cxx_flags;
    const CpuInfo cpu = read_cpu_info();
    environment.cpu = or_unknown(cpu.name);
    environment.cpu_family = cpu.identity;
    environment.allowed_cpus = cpu_list_text(allowed_cpus());
    environment.cpu_quota = cpu_quota();
    environment.governor = or_unknown(first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"));
    environment.os = read_os();
    environment.cpu_threads = static_cast<int>(std::thread::hardware_concurrency());
    environment.started = utc_now();
    environment.command_line = command_line;
    environment.variables = read_variables();
    environment.libraries = loaded_libraries();
    return environment;
}

}  // namespace stele
