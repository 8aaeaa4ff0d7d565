#include "backends/opencl/vendor_folder.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include "backends/library.hpp"

namespace stele::opencl {
namespace {

namespace fs = std::filesystem;

constexpr const char* installed_vendors = "/etc/OpenCL/vendors";
/// Those of Debian's loader and of Khronos's.
constexpr std::array loader_variables{"OCL_ICD_VENDORS", "OPENCL_VENDOR_PATH", "OCL_ICD_FILENAMES"};

std::string first_line(const fs::path& file) {
    std::string line;
    std::ifstream stream(file);
    std::getline(stream, line);
    return line;
}

}  // namespace

VendorFolder::VendorFolder(const fs::path& installed, const fs::path& library) {
    std::error_code error;
    std::vector<fs::path> files;
    for (fs::directory_iterator at(installed, error), end; !error && at != end; at.increment(error))
        if (at->path().extension() == ".icd") files.push_back(at->path());
    const bool is_known = std::ranges::any_of(
        files, [&](const fs::path& file) { return fs::path(first_line(file)).filename() == library.filename(); });
    if (is_known) return;
    std::string name = (fs::temp_directory_path(error) / "stele-opencl-XXXXXX").string();
    if (error || !mkdtemp(name.data())) return;
    path_ = name;
    for (const fs::path& file : files) fs::copy_file(file, path_ / file.filename(), error);
    std::ofstream(path_ / "stele-added.icd") << library.string() << '\n';
}

VendorFolder::~VendorFolder() {
    std::error_code error;
    if (!path_.empty()) fs::remove_all(path_, error);
}

NvidiaVendor::NvidiaVendor() {
    if (std::ranges::any_of(loader_variables, [](const char* name) { return std::getenv(name) != nullptr; })) return;
    static const Library library(nvidia_opencl_library);
    if (!library.loaded()) return;
    folder_ = std::make_unique<VendorFolder>(installed_vendors, library.path());
    if (!folder_->path().empty()) setenv(loader_variables.front(), folder_->path().c_str(), 0);
}

NvidiaVendor::~NvidiaVendor() {
    if (folder_ && !folder_->path().empty()) unsetenv(loader_variables.front());
}

}  // namespace stele::opencl
