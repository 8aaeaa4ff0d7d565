#include "backends/opencl/icd.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "backends/loaded_library.hpp"

namespace stele::opencl {
namespace {

namespace fs = std::filesystem;

constexpr const char* default_vendors = "/etc/OpenCL/vendors";
/// Each loader has its own name for the same.
constexpr std::array vendor_variables{"OCL_ICD_VENDORS", "OPENCL_VENDOR_PATH"};
constexpr const char* install_a_driver =
    "install a driver: on Debian `apt install pocl-opencl-icd` for any CPU, or the GPU vendor's OpenCL; `clinfo -l` "
    "lists what the loader finds";

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

/// A driver's library, and what names it: a file, or a variable.
struct Driver {
    std::string library, named_by;
};

std::vector<Driver> drivers_of_files(const fs::path& vendors) {
    std::vector<fs::path> files;
    std::error_code unreadable;
    if (fs::is_directory(vendors, unreadable)) {
        for (const auto& entry : fs::directory_iterator(vendors, unreadable))
            if (entry.path().extension() == ".icd") files.push_back(entry.path());
        std::ranges::sort(files);
    } else if (fs::exists(vendors, unreadable)) {
        files.push_back(vendors);
    }
    std::vector<Driver> out;
    for (const fs::path& path : files) {
        std::ifstream file(path);
        std::string library;
        std::getline(file, library);
        library.erase(library.find_last_not_of(" \t\r") + 1);
        out.push_back({library, path.string()});
    }
    return out;
}

std::vector<Driver> drivers_of_variable(const std::string& names) {
    std::vector<Driver> out;
    std::istringstream in(names);
    for (std::string library; std::getline(in, library, ':');)
        if (!library.empty()) out.push_back({library, "OCL_ICD_FILENAMES"});
    return out;
}

std::string what_became_of(const Driver& driver) {
    if (driver.library.empty()) return driver.named_by + " names no library";
    const LoadedLibrary loaded = load_library(driver.library);
    return loaded.handle
               ? fmt::format("{} (named by {}) loads, but gives no platform", driver.library, driver.named_by)
               : fmt::format("{} (named by {}) does not load: {}", driver.library, driver.named_by, loaded.complaint);
}

}  // namespace

std::string why_no_platform() {
    const auto set = std::ranges::find_if(vendor_variables, [](const char* name) { return !variable(name).empty(); });
    const std::string vendors = set == vendor_variables.end() ? default_vendors : variable(*set);
    std::vector<Driver> drivers = drivers_of_variable(variable("OCL_ICD_FILENAMES"));
    for (Driver& driver : drivers_of_files(vendors)) drivers.push_back(std::move(driver));
    std::vector<std::string> reasons;
    for (const Driver& driver : drivers) reasons.push_back(what_became_of(driver));
    if (!reasons.empty()) return fmt::format("the OpenCL loader found no platform: {}", fmt::join(reasons, "; "));
    if (set != vendor_variables.end())
        return fmt::format(
            "the OpenCL loader found no platform: {}={} leads it to a place without drivers (*.icd); unset it, or let "
            "it "
            "name the place of one",
            *set, vendors);
    return fmt::format("the OpenCL loader found no platform: there is no driver in {}; {}", default_vendors,
                       install_a_driver);
}

std::string device_variable() {
    const std::string value = variable("POCL_DEVICES");
    return value.empty() ? "" : fmt::format(" (POCL_DEVICES={})", value);
}

}  // namespace stele::opencl
