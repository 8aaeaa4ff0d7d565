// NVIDIA's OpenCL where the driver's library is, but not the file by which OpenCL's loader finds it, as in containers.
#pragma once

#include <filesystem>
#include <memory>

namespace stele::opencl {

/// A temporary folder of .icd files, for the variable OCL_ICD_VENDORS, which every loader reads.
class VendorFolder {
public:
    /// Holds what `installed` holds, and a file that names `library`. Empty where that cannot be written, or where an
    /// installed file names a library of that name already.
    VendorFolder(const std::filesystem::path& installed, const std::filesystem::path& library);
    ~VendorFolder();
    VendorFolder(const VendorFolder&) = delete;
    VendorFolder& operator=(const VendorFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// While this lives, the loader's first look at the platforms finds NVIDIA's too. It changes nothing where the user has
/// said by a variable of the loader's what to look at.
class NvidiaVendor {
public:
    NvidiaVendor();
    ~NvidiaVendor();
    NvidiaVendor(const NvidiaVendor&) = delete;
    NvidiaVendor& operator=(const NvidiaVendor&) = delete;

private:
    std::unique_ptr<VendorFolder> folder_;
};

}  // namespace stele::opencl
