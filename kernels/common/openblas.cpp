#include "kernels/common/openblas.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "backends/host/limits.hpp"
#include "backends/library.hpp"

namespace stele {
namespace {

// The part of CBLAS that is used; the enumerations are ints in its ABI.
constexpr int cblas_row_major = 101, cblas_no_transpose = 111, cblas_transpose = 112;
using CblasSgemm = void(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float* a,
                        int a_leading, const float* b, int b_leading, float beta, float* c, int c_leading);

/// It maps a buffer for each thread, and tries for ever where it cannot. Empty if it can.
std::string why_too_little() {
    constexpr std::size_t buffer_bytes = std::size_t{128} << 20;
    const std::size_t wanted = buffer_bytes * allowed_cpus().size();
    const auto left = address_space_left();
    if (!left || *left >= wanted) return {};
    return fmt::format("no memory: ulimit -v leaves {} MiB of address space, and OpenBLAS maps {} MiB for its threads",
                       *left >> 20, wanted >> 20);
}

struct OpenBlas {
    Library library{openblas_library, why_too_little()};
    CblasSgemm* sgemm = nullptr;
    char* (*config)() = nullptr;
    int (*threads)() = nullptr;
    char* (*core)() = nullptr;

    OpenBlas() {
        if (!library.loaded()) return;
        library.find(sgemm, "cblas_sgemm");
        library.find_optional(config, "openblas_get_config");
        library.find_optional(threads, "openblas_get_num_threads");
        library.find_optional(core, "openblas_get_corename");
    }
};

bool cpu_has_avx2() {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2");
#else
    return false;
#endif
}

const OpenBlas& openblas() {
    static const OpenBlas loaded;
    return loaded;
}

}  // namespace

const std::string& openblas_why_not() { return openblas().library.why_not(); }

std::string openblas_description() {
    if (!openblas().library.loaded()) return {};
    std::string out = openblas().config ? openblas().config() : "OpenBLAS";
    if (openblas().threads) out += fmt::format(", {} threads", openblas().threads());
    return out;
}

std::optional<std::string> remark_on_core(std::string_view core, bool cpu_has_avx2) {
    // As its driver/others/dynamic.c calls them.
    constexpr std::array<std::string_view, 6> with_avx2{"Haswell",  "Zen",        "Excavator",
                                                        "SkylakeX", "Cooperlake", "SapphireRapids"};
    if (!cpu_has_avx2 || std::ranges::find(with_avx2, core) != with_avx2.end()) return std::nullopt;
    return fmt::format(
        "computes with its kernels for {}, which know no AVX2, on a CPU that has it: OPENBLAS_CORETYPE=Haswell or, "
        "with "
        "AVX-512, SkylakeX chooses others",
        core);
}

std::optional<LibraryState> openblas_state() {
    if (!Library::is_loaded(openblas_library) || !openblas().library.loaded()) return std::nullopt;
    return LibraryState{openblas().config ? openblas().config() : openblas().library.file(),
                        openblas().threads ? openblas().threads() : 0,
                        openblas().core ? remark_on_core(openblas().core(), cpu_has_avx2()) : std::nullopt};
}

void openblas_sgemm(const SgemmCall& call) {
    const auto transpose = [](bool yes) { return yes ? cblas_transpose : cblas_no_transpose; };
    // CBLAS refuses a leading dimension of 0, which an empty matrix may have.
    openblas().sgemm(cblas_row_major, transpose(call.a_transposed), transpose(call.b_transposed), call.m, call.n,
                     call.k, call.alpha, call.a, std::max(1, call.a_leading), call.b, std::max(1, call.b_leading), 0.0f,
                     call.c, std::max(1, call.c_leading));
}

}  // namespace stele
