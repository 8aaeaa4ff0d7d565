#include "backends/cuda/tiles.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <system_error>

#include "backends/checks.hpp"
#include "backends/error.hpp"

namespace stele::cudart {
namespace fs = std::filesystem;
namespace {

/// The first driver that loads tile kernels is of release 580, which came with CUDA 13.0.
constexpr int first_driver = 13000;

/// Beside the program, in a bundle's lib/, or where the build put it.
fs::path tile_folder(const std::string& architecture) {
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
    for (const fs::path& place : {program, program.parent_path() / "lib", fs::path(STELE_TILE_FOLDER)})
        if (const fs::path folder = place / "tiles" / architecture; fs::is_directory(folder, error)) return folder;
    return {};
}

}  // namespace

std::string why_no_tiles(const DeviceInfo& info, int driver) {
    if (driver < first_driver)
        return fmt::format("CUDA Tile C++ wants a driver of release 580 or later, and that of {} is for CUDA {}.{}",
                           info.id, driver / 1000, driver % 1000 / 10);
    if (tile_folder(info.architecture).empty())
        return fmt::format("there is no machine code of CUDA Tile C++ for {}; `./dev tiles` makes it",
                           info.architecture);
    return {};
}

fs::path tile_code(const std::string& source_file, const std::string& architecture) {
    const fs::path folder = tile_folder(architecture);
    const std::string_view ending = stele::info(Language::cuda_tile).suffix;
    if (folder.empty() || !source_file.ends_with(ending)) return {};
    const fs::path code = folder / (source_file.substr(0, source_file.size() - ending.size()) + ".cubin");
    std::error_code error;
    return fs::exists(code, error) ? code : fs::path();
}

cudaKernel_t load_tile_kernel(const KernelSource& source, const DeviceInfo& info, Library& library) {
    const std::string what = describe(source);
    const fs::path code = tile_code(source.file, info.architecture);
    Dl_info found{};
    const bool named = source.native.cuda != nullptr && dladdr(source.native.cuda, &found) != 0 &&
                       found.dli_saddr == source.native.cuda;
    if (code.empty() || !named)
        throw DeviceError(
            "load " + what, 0, "",
            fmt::format("there is no machine code of it for {}; `./dev tiles` makes it", info.architecture));
    check(cudaLibraryLoadFromFile(library.out(), code.c_str(), nullptr, nullptr, 0, nullptr, nullptr, 0),
          fmt::format("cudaLibraryLoadFromFile of {} for {}", code.string(), what));
    cudaKernel_t kernel = nullptr;
    check(cudaLibraryGetKernel(&kernel, library.get(), found.dli_sname), "cudaLibraryGetKernel of " + what,
          fmt::format("{} was made of other sources than this binary; `./dev tiles` makes it anew", code.string()));
    // Loads it now: at the first launch that would fall into a timed window.
    cudaFuncAttributes attributes{};
    check(cudaFuncGetAttributes(&attributes, reinterpret_cast<const void*>(kernel)), "loading " + what);
    return kernel;
}

}  // namespace stele::cudart
