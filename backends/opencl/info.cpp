#include "backends/opencl/info.hpp"

#include <CL/cl_ext.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "backends/error.hpp"
#include "backends/host/cpu_info.hpp"
#include "backends/host/limits.hpp"
#include "backends/opencl/handle.hpp"
#include "backends/opencl/icd.hpp"
#include "backends/opencl/pocl.hpp"
#include "backends/opencl/vendor_folder.hpp"

namespace stele::opencl {
namespace {

// PoCL 3.1 with its compiler's library and its threads ended the process with 300 MiB and started with 400.
constexpr std::size_t driver_bytes = std::size_t{400} << 20;

template <typename T>
T device_value(cl_device_id device, cl_device_info key, T otherwise = {}) {
    T value{};
    return clGetDeviceInfo(device, key, sizeof(value), &value, nullptr) == CL_SUCCESS ? value : otherwise;
}

// Calls query(size, pointer, size_out) twice, as OpenCL's string queries want it.
template <typename Query>
std::string text_of(Query query) {
    std::size_t size = 0;
    if (query(0, nullptr, &size) != CL_SUCCESS || size == 0) return {};
    std::string text(size, '\0');
    if (query(size, text.data(), nullptr) != CL_SUCCESS) return {};
    text.resize(text.find('\0'));
    const auto first = text.find_first_not_of(' ');
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::string device_text(cl_device_id device, cl_device_info key) {
    return text_of([&](std::size_t size, char* out, std::size_t* needed) {
        return clGetDeviceInfo(device, key, size, out, needed);
    });
}

std::string platform_text(cl_platform_id platform, cl_platform_info key) {
    return text_of([&](std::size_t size, char* out, std::size_t* needed) {
        return clGetPlatformInfo(platform, key, size, out, needed);
    });
}

std::vector<std::string> features(cl_device_id device) {
    std::vector<std::string> out;
    std::istringstream words(device_text(device, CL_DEVICE_EXTENSIONS));
    for (std::string word; words >> word;) out.push_back(word);
    const auto has = [&](std::string_view extension) { return std::ranges::find(out, extension) != out.end(); };
    const bool f16 = has("cl_khr_fp16");
    const bool f64 = has("cl_khr_fp64") || device_value<cl_device_fp_config>(device, CL_DEVICE_DOUBLE_FP_CONFIG) != 0;
    const bool subgroups = has("cl_khr_subgroups") || device_value<cl_uint>(device, CL_DEVICE_MAX_NUM_SUB_GROUPS) > 0;
    if (f16) out.emplace_back("f16");
    if (f64) out.emplace_back("f64");
    if (subgroups) out.emplace_back("subgroups");
    return out;
}

/// What PoCL generates code for, and so how wide its vectors are: "OpenCL 3.0 PoCL HSTR:
/// pthread-x86_64-pc-linux-gnu-haswell" gives "haswell". Elsewhere "cpu".
std::string cpu_architecture(cl_device_id device) {
    const std::string version = device_text(device, CL_DEVICE_VERSION);
    constexpr std::string_view system = "-linux-gnu-";
    const std::size_t found = version.find(system);
    if (version.find("PoCL") == std::string::npos || found == std::string::npos) return "cpu";
    return version.substr(found + system.size());
}

FoundDevice describe(cl_platform_id platform, cl_device_id device, std::size_t index) {
    FoundDevice found{platform, device, {}, 128};
    found.buffer_alignment =
        std::max<std::size_t>(1, device_value<cl_uint>(device, CL_DEVICE_MEM_BASE_ADDR_ALIGN, 1024) / 8);
    DeviceInfo& info = found.info;
    info.id = fmt::format("opencl:{}", index);
    info.backend = "opencl";
    info.name = device_text(device, CL_DEVICE_NAME);
    info.vendor = device_text(device, CL_DEVICE_VENDOR);
    info.platform = platform_text(platform, CL_PLATFORM_NAME);
    info.driver = fmt::format("{}; {}; {}", device_text(device, CL_DRIVER_VERSION),
                              device_text(device, CL_DEVICE_VERSION), device_text(device, CL_DEVICE_OPENCL_C_VERSION));
    const auto type = device_value<cl_device_type>(device, CL_DEVICE_TYPE);
    info.is_cpu = (type & CL_DEVICE_TYPE_CPU) != 0;
    info.architecture = info.is_cpu                           ? cpu_architecture(device)
                        : (type & CL_DEVICE_TYPE_ACCELERATOR) ? "accelerator"
                                                              : "gpu";
    info.compute_units = static_cast<int>(device_value<cl_uint>(device, CL_DEVICE_MAX_COMPUTE_UNITS, 1));
    if (const auto floats = device_value<cl_uint>(device, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, 0); floats > 0)
        info.vector_floats = static_cast<int>(floats);
    info.max_threads_per_block = static_cast<int>(device_value<std::size_t>(device, CL_DEVICE_MAX_WORK_GROUP_SIZE, 1));
    info.global_bytes = device_value<cl_ulong>(device, CL_DEVICE_GLOBAL_MEM_SIZE);
    info.max_allocation_bytes = device_value<cl_ulong>(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
    info.cache_bytes = device_value<cl_ulong>(device, CL_DEVICE_GLOBAL_MEM_CACHE_SIZE);
    if (info.is_cpu) {
        const CpuInfo cpu = read_cpu_info();
        // A CPU with several last-level caches tells OpenCL the size of one.
        info.cache_bytes = std::max(info.cache_bytes, cpu.cache_bytes);
        // Its runtime looks at the machine's memory, and knows nothing of limits.
        info.global_bytes = std::min(info.global_bytes, cpu.memory_bytes);
        info.max_allocation_bytes = std::min(info.max_allocation_bytes, cpu.memory_bytes);
    }
    // NVIDIA's OpenCL tells the sum of the L1 caches and has no query for the L2 (an H200: 4 MiB told, 60 MiB there).
    // So that samples are cold, more than any of its GPUs has.
    constexpr std::size_t more_than_any_l2 = std::size_t{128} << 20;
    if (!info.is_cpu && info.vendor.find("NVIDIA") != std::string::npos)
        info.cache_bytes = std::max(info.cache_bytes, more_than_any_l2);
    info.shared_bytes_per_block = device_value<cl_ulong>(device, CL_DEVICE_LOCAL_MEM_SIZE);
    info.timer_resolution_ns =
        static_cast<double>(device_value<std::size_t>(device, CL_DEVICE_PROFILING_TIMER_RESOLUTION, 1));
    info.features = features(device);
    info.languages = {Language::opencl};
    if (info.has("cl_nv_device_attribute_query")) {
        const auto major = device_value<cl_uint>(device, CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV);
        const auto minor = device_value<cl_uint>(device, CL_DEVICE_COMPUTE_CAPABILITY_MINOR_NV);
        info.compute_capability = static_cast<int>(10 * major + minor);
        info.architecture = fmt::format("sm_{}", info.compute_capability);
        info.warp_size = static_cast<int>(device_value<cl_uint>(device, CL_DEVICE_WARP_SIZE_NV, 32));
        info.languages.push_back(Language::opencl_ptx);
    } else if (info.has("cl_amd_device_attribute_query")) {
        info.warp_size = static_cast<int>(device_value<cl_uint>(device, CL_DEVICE_WAVEFRONT_WIDTH_AMD, 64));
    }
    info.languages.push_back(Language::vendor);
    info.host_queue = HostQueue::opencl_queue;
    return found;
}

std::vector<cl_platform_id> platforms() {
    const NvidiaVendor vendor;
    cl_uint count = 0;
    const cl_int code = clGetPlatformIDs(0, nullptr, &count);
    if (code == CL_PLATFORM_NOT_FOUND_KHR) return {};
    check(code, "clGetPlatformIDs");
    std::vector<cl_platform_id> out(count);
    if (count > 0) check(clGetPlatformIDs(count, out.data(), nullptr), "clGetPlatformIDs");
    return out;
}

std::vector<cl_device_id> devices_of(cl_platform_id platform) {
    cl_uint count = 0;
    const cl_int code = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, nullptr, &count);
    if (code == CL_DEVICE_NOT_FOUND) return {};
    check(code, "clGetDeviceIDs");
    std::vector<cl_device_id> out(count);
    if (count > 0) check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, count, out.data(), nullptr), "clGetDeviceIDs");
    return out;
}

}  // namespace

Found find_devices() {
    Found found;
    if (const auto left = address_space_left(); left && *left < driver_bytes) {
        found.why_none = fmt::format(
            "no memory: ulimit -v leaves {} MiB of address space, and a driver takes {} MiB to start with, or ends the "
            "process",
            *left >> 20, driver_bytes >> 20);
        return found;
    }
    pin_pocl_threads();
    std::vector<std::string> left_out;
    try {
        const auto all = platforms();
        for (cl_platform_id platform : all) {
            const std::string platform_name = platform_text(platform, CL_PLATFORM_NAME);
            try {
                const auto devices = devices_of(platform);
                if (devices.empty())
                    left_out.push_back(fmt::format("platform {} has no device{}", platform_name, device_variable()));
                for (cl_device_id device : devices) {
                    const bool usable = device_value<cl_bool>(device, CL_DEVICE_AVAILABLE) &&
                                        device_value<cl_bool>(device, CL_DEVICE_COMPILER_AVAILABLE);
                    if (usable)
                        found.devices.push_back(describe(platform, device, found.devices.size()));
                    else
                        left_out.push_back(
                            fmt::format("{} is not available or has no compiler", device_text(device, CL_DEVICE_NAME)));
                }
            } catch (const DeviceError& error) {
                left_out.push_back(fmt::format("platform {}: {}", platform_name, error.what()));
            }
        }
        if (all.empty()) left_out.push_back(why_no_platform());
    } catch (const DeviceError& error) {
        left_out.emplace_back(error.what());
    }
    if (found.devices.empty()) found.why_none = fmt::format("{}", fmt::join(left_out, "; "));
    return found;
}

}  // namespace stele::opencl
