// Shared libraries found at run time, so that one binary starts anywhere and says what it misses and where it looked.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stele {

/// A library that a machine may have.
struct LibraryName {
    std::string_view title;            ///< "cuBLASLt"
    std::array<const char*, 2> files;  ///< tried in this order; null: no other name
    std::string_view how_to_get;       ///< "install NVIDIA's driver"
};

inline constexpr LibraryName cuda_driver_library{"CUDA driver", {"libcuda.so.1"}, "install NVIDIA's driver"};
inline constexpr LibraryName nvml_library{
    "NVML", {"libnvidia-ml.so.1"}, "install NVIDIA's driver, which tells clocks, temperature and power by it"};
inline constexpr LibraryName nvidia_opencl_library{
    "NVIDIA's OpenCL", {"libnvidia-opencl.so.1"}, "install NVIDIA's driver with its OpenCL part"};
inline constexpr LibraryName cublaslt_library{"cuBLASLt",
                                              {"libcublasLt.so.13", "libcublasLt.so.12"},
                                              "install cuBLAS of CUDA 12 or 13, or `pip install nvidia-cublas`"};
inline constexpr LibraryName cudnn_library{
    "cuDNN", {"libcudnn.so.9"}, "install cuDNN 9, or `pip install nvidia-cudnn-cu13`"};
inline constexpr LibraryName openblas_library{
    "OpenBLAS", {"libopenblas.so.0", "libopenblas.so"}, "install OpenBLAS (Debian: libopenblas0-pthread)"};
inline constexpr LibraryName onednn_library{
    "oneDNN", {"libdnnl.so.3", "libdnnl.so.2"}, "install oneDNN 2 or 3 (Debian: libdnnl2 or libdnnl3)"};
inline constexpr LibraryName clblast_library{
    "CLBlast", {"libclblast.so.1", "libclblast.so"}, "install CLBlast (Debian: libclblast1)"};

inline constexpr std::array known_libraries{cuda_driver_library, nvml_library,   nvidia_opencl_library,
                                            cublaslt_library,    cudnn_library,  openblas_library,
                                            onednn_library,      clblast_library};

/// Where libraries are looked for.
struct LibraryFolder {
    std::filesystem::path path;  ///< empty: where the dynamic loader looks, LD_LIBRARY_PATH first
    std::string_view why;        ///< "STELE_LIBRARY_PATH", "a wheel of NVIDIA's"
};

/// The folders that exist, in order: those of STELE_LIBRARY_PATH (separated by colons), the loader's, the driver's of
/// containers, NVIDIA's wheels in the site-packages of each Python on PATH and of the user, the CUDA toolkit's.
/// `variable` gives a variable of the environment, or null.
std::vector<LibraryFolder> library_folders(const std::function<const char*(const char*)>& variable);
/// Those of this process's environment, looked up once.
const std::vector<LibraryFolder>& library_folders();
/// "the loader's path, /usr/local/cuda/lib64"
std::string in_words(std::span<const LibraryFolder> folders);

/// A library that stays loaded until the program ends: vendors' libraries keep threads that must not lose their code.
class Library {
public:
    explicit Library(const LibraryName& wanted, std::span<const LibraryFolder> folders = library_folders());
    /// Where `refusal` has a reason, nothing is tried, and that is why.
    Library(const LibraryName& wanted, std::string refusal);

    /// True if this process has one of its files, without loading any.
    static bool is_loaded(const LibraryName& wanted);

    bool loaded() const { return failure_.empty(); }
    /// Empty, or what was not found, the loader's words about files that it refused, or which function is missing.
    const std::string& failure() const { return failure_; }
    /// Empty, or the failure with where was looked, and how to get the library.
    const std::string& why_not() const { return why_not_; }
    /// The file; empty if there is none.
    const std::string& path() const { return path_; }
    /// What its file is called behind all links: "libopenblasp-r0.3.21.so".
    std::string file() const;

    /// Sets `function` to the symbol. A missing one makes the library count as not loaded.
    template <typename Function>
    void find(Function*& function, const char* name) {
        function = reinterpret_cast<Function*>(required(name));
    }
    /// Null where there is none: for functions that only some versions have.
    template <typename Function>
    void find_optional(Function*& function, const char* name) const {
        function = reinterpret_cast<Function*>(symbol(name));
    }

private:
    void* required(const char* name);
    void fail(std::string how);
    void* symbol(const char* name) const;

    void* handle_ = nullptr;
    std::string path_, failure_, why_not_, advice_;
};

}  // namespace stele
