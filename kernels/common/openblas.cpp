#include "kernels/common/openblas.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "backends/library.hpp"

namespace stele {
namespace {

// The part of CBLAS that is used; the enumerations are ints in its ABI.
constexpr int cblas_row_major = 101, cblas_no_transpose = 111, cblas_transpose = 112;
using CblasSgemm = void(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float* a,
                        int a_leading, const float* b, int b_leading, float beta, float* c, int c_leading);

struct OpenBlas {
    Library library{openblas_library};
    CblasSgemm* sgemm = nullptr;
    char* (*config)() = nullptr;
    int (*threads)() = nullptr;

    OpenBlas() {
        library.find(sgemm, "cblas_sgemm");
        library.find_optional(config, "openblas_get_config");
        library.find_optional(threads, "openblas_get_num_threads");
    }
};

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

void openblas_sgemm(const SgemmCall& call) {
    const auto transpose = [](bool yes) { return yes ? cblas_transpose : cblas_no_transpose; };
    // CBLAS refuses a leading dimension of 0, which an empty matrix may have.
    openblas().sgemm(cblas_row_major, transpose(call.a_transposed), transpose(call.b_transposed), call.m, call.n,
                     call.k, call.alpha, call.a, std::max(1, call.a_leading), call.b, std::max(1, call.b_leading), 0.0f,
                     call.c, std::max(1, call.c_leading));
}

}  // namespace stele
