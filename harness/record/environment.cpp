#include "harness/record/environment.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <fstream>
#include <thread>

#include "build_info.hpp"
#include "revision.hpp"

extern char** environ;

namespace stele {

namespace {

/// Variables whose value can change a result or a time.
constexpr std::array variable_prefixes{"POCL_", "OMP_",    "OPENBLAS_", "GOMP_", "DNNL_",  "ONEDNN_",
                                       "CUDA_", "NVIDIA_", "CUBLAS_",   "OCL_",  "MALLOC_"};

std::map<std::string, std::string> read_variables() {
    std::map<std::string, std::string> found;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::size_t equals = text.find('=');
        if (equals == std::string_view::npos) continue;
        const std::string_view key = text.substr(0, equals);
        // Where things are installed is nobody's business.
        if (key.ends_with("_HOME") || key.ends_with("_PATH") || key.ends_with("_ROOT")) continue;
        for (const char* prefix : variable_prefixes)
            if (key.starts_with(prefix)) found.emplace(key, text.substr(equals + 1));
    }
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

/// What tells CPUs of the same name apart: a virtual machine often gives a brand alone.
std::string read_cpu_family() {
    constexpr const char* file = "/proc/cpuinfo";
    const std::string family = value_of(file, "cpu family");
    if (!family.empty())
        return fmt::format("family {} model {} stepping {}", family, value_of(file, "model"),
                           value_of(file, "stepping"));
    const std::string implementer = value_of(file, "CPU implementer");
    return implementer.empty() ? "" : fmt::format("implementer {} part {}", implementer, value_of(file, "CPU part"));
}

/// "0-3,8"
std::string read_allowed_cpus() { return value_of("/proc/self/status", "Cpus_allowed_list"); }

std::string or_unknown(std::string text) { return text.empty() ? "unknown" : text; }

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
    environment.cpu = or_unknown(value_of("/proc/cpuinfo", "model name"));
    environment.cpu_family = read_cpu_family();
    environment.allowed_cpus = read_allowed_cpus();
    environment.governor = or_unknown(first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"));
    environment.os = read_os();
    environment.cpu_threads = static_cast<int>(std::thread::hardware_concurrency());
    environment.started = utc_now();
    environment.command_line = command_line;
    environment.variables = read_variables();
    return environment;
}

}  // namespace stele
