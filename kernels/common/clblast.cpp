#include "kernels/common/clblast.hpp"

#include <cstdint>

#include <fmt/format.h>

#include "backends/error.hpp"
#include "backends/library.hpp"

namespace stele {
namespace {

// The part of CLBlast's C API that is used; its enumerations are ints in the ABI, cl_half is 16 bits.
constexpr int row_major = 101, no_transpose = 111, transpose = 112;
using Half = std::uint16_t;
constexpr Half half_one = 0x3c00, half_zero = 0;
template <typename Scalar>
using Gemm = int(int layout, int transpose_a, int transpose_b, std::size_t m, std::size_t n, std::size_t k,
                 Scalar alpha, void* a, std::size_t a_offset, std::size_t a_leading, void* b, std::size_t b_offset,
                 std::size_t b_leading, Scalar beta, void* c, std::size_t c_offset, std::size_t c_leading, void** queue,
                 void** event);

struct Clblast {
    Library library{clblast_library};
    Gemm<float>* sgemm = nullptr;
    Gemm<Half>* hgemm = nullptr;

    Clblast() {
        library.find(sgemm, "CLBlastSgemm");
        library.find(hgemm, "CLBlastHgemm");
    }
};

const Clblast& clblast() {
    static const Clblast loaded;
    return loaded;
}

}  // namespace

const std::string& clblast_why_not() { return clblast().library.why_not(); }

std::optional<LibraryState> clblast_state() {
    if (!Library::is_loaded(clblast_library) || !clblast().library.loaded()) return std::nullopt;
    return LibraryState{clblast().library.file(), 0};
}

void clblast_gemm(const ClblastCall& call) {
    const auto run = [&](auto* gemm, auto one, auto zero) {
        void* queue = call.queue;
        return gemm(row_major, no_transpose, call.b_transposed ? transpose : no_transpose, call.m, call.n, call.k, one,
                    call.a, 0, call.k, call.b, 0, call.b_transposed ? call.k : call.n, zero, call.c, 0, call.n, &queue,
                    nullptr);
    };
    const int status = call.half ? run(clblast().hgemm, half_one, half_zero) : run(clblast().sgemm, 1.0f, 0.0f);
    if (status != 0)
        throw DeviceError(call.half ? "CLBlastHgemm" : "CLBlastSgemm", status, "CLBlastStatusCode",
                          fmt::format("m={} n={} k={}; clblast_c.h lists the codes", call.m, call.n, call.k));
}

}  // namespace stele
