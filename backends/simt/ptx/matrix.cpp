// ldmatrix, stmatrix and mma.sync: a warp meets, and the last lane to come does the work for all.
#include <fmt/format.h>

#include <cstring>

#include "backends/simt/ptx/arithmetic.hpp"
#include "backends/simt/ptx/async.hpp"
#include "backends/simt/ptx/instructions.hpp"

namespace stele::simt {

namespace {

constexpr std::uint32_t all_lanes = 0xffffffffu;

/// These instructions are `.aligned`: every lane takes part.
void require_all(Values values, const char* what, Where where) {
    for (int lane = 0; lane < warp_lanes; ++lane)
        if (values[lane] == nullptr)
            fail(defect::divergent_barrier,
                 fmt::format("{} needs all 32 lanes, and lane {} has left the kernel", what, lane), where);
}

struct MatrixAccess {
    std::uint32_t* matrix;
    void* row;
};

void check_row(const void* row, int count, const char* what, Where where) {
    if (static_cast<int>(ids().lane) < 8 * count) check_shared(row, 16, 16, what, where);
}

void require_landed(const void* row, int count, const char* what, Where where) {
    if (static_cast<int>(ids().lane) < 8 * count &&
        block_state<AsyncBlock>().shared.in_flight(static_cast<const std::byte*>(row), 16))
        fail(defect::missing_wait, fmt::format("{} reads shared memory that a copy is still writing", what), where);
}

void load_matrices(std::uint32_t* matrix, int count, bool transposed, const void* row, const char* what, Where where) {
    check_row(row, count, what, where);
    require_landed(row, count, what, where);
    if (static_cast<int>(ids().lane) < 8 * count) read_memory(row, 16, what, where);
    MatrixAccess access{matrix, const_cast<void*>(row)};
    collective(
        Scope::warp, all_lanes, what, &access,
        [&](Values values) {
            require_all(values, what, where);
            for (int i = 0; i < count; ++i) {
                std::array<std::array<std::uint16_t, 8>, 8> rows;
                for (int r = 0; r < 8; ++r)
                    std::memcpy(rows[r].data(), static_cast<MatrixAccess*>(values[8 * i + r])->row, 16);
                for (int lane = 0; lane < warp_lanes; ++lane)
                    static_cast<MatrixAccess*>(values[lane])->matrix[i] = ldmatrix_register(rows, lane, transposed);
            }
        },
        where);
}

void store_matrices(void* row, int count, bool transposed, const std::uint32_t* matrix, const char* what, Where where) {
    check_row(row, count, what, where);
    MatrixAccess access{const_cast<std::uint32_t*>(matrix), row};
    collective(
        Scope::warp, all_lanes, what, &access,
        [&](Values values) {
            require_all(values, what, where);
            for (int i = 0; i < count; ++i)
                for (int lane = 0; lane < warp_lanes; ++lane) {
                    const std::uint32_t pair = static_cast<MatrixAccess*>(values[lane])->matrix[i];
                    for (int j = 0; j < 2; ++j) {
                        const int own = lane / 4, across = 2 * (lane % 4) + j;
                        const int to_row = transposed ? across : own, column = transposed ? own : across;
                        const auto half = static_cast<std::uint16_t>(pair >> (16 * j));
                        auto* target = static_cast<std::byte*>(static_cast<MatrixAccess*>(values[8 * i + to_row])->row);
                        std::memcpy(target + 2 * column, &half, 2);
                    }
                }
        },
        where);
    if (static_cast<int>(ids().lane) < 8 * count) write_memory(row, 16, what, where);
}

template <typename Accumulator, int accumulators>
struct MmaOperands {
    Accumulator* d;
    const std::uint32_t* a;
    const std::uint32_t* b;
    const Accumulator* c;
};

/// Gathers all lanes' operands, lets `multiply` make D of them, and hands it out.
template <typename Accumulator, int accumulators, typename Multiply>
void multiply_warp(Accumulator* d, const std::uint32_t* a, const std::uint32_t* b, const Accumulator* c,
                   const char* what, Where where, Multiply multiply) {
    using Operands = MmaOperands<Accumulator, accumulators>;
    Operands operands{d, a, b, c};
    collective(
        Scope::warp, all_lanes, what, &operands,
        [&](Values values) {
            require_all(values, what, where);
            WarpRegisters<4> all_a;
            WarpRegisters<2> all_b;
            std::array<std::array<Accumulator, accumulators>, warp_lanes> all_c;
            for (int lane = 0; lane < warp_lanes; ++lane) {
                const auto& from = *static_cast<Operands*>(values[lane]);
                std::memcpy(all_a[lane].data(), from.a, 16);
                std::memcpy(all_b[lane].data(), from.b, 8);
                std::memcpy(all_c[lane].data(), from.c, sizeof(all_c[lane]));
            }
            const auto all_d = multiply(all_a, all_b, all_c);
            for (int lane = 0; lane < warp_lanes; ++lane)
                std::memcpy(static_cast<Operands*>(values[lane])->d, all_d[lane].data(), sizeof(all_d[lane]));
        },
        where);
}

template <Element element>
void multiply_f32(float* d, const std::uint32_t* a, const std::uint32_t* b, const float* c, const char* what,
                  Where where) {
    multiply_warp<float, 4>(d, a, b, c, what, where, [](const auto& all_a, const auto& all_b, const auto& all_c) {
        return mma_f32(element, all_a, all_b, all_c);
    });
}

}  // namespace

void ldmatrix_x1(std::uint32_t (&matrix)[1], const void* row, Where where) {
    load_matrices(matrix, 1, false, row, "ldmatrix.x1", where);
}
void ldmatrix_x2(std::uint32_t (&matrix)[2], const void* row, Where where) {
    load_matrices(matrix, 2, false, row, "ldmatrix.x2", where);
}
void ldmatrix_x4(std::uint32_t (&matrix)[4], const void* row, Where where) {
    load_matrices(matrix, 4, false, row, "ldmatrix.x4", where);
}
void ldmatrix_x1_trans(std::uint32_t (&matrix)[1], const void* row, Where where) {
    load_matrices(matrix, 1, true, row, "ldmatrix.x1.trans", where);
}
void ldmatrix_x2_trans(std::uint32_t (&matrix)[2], const void* row, Where where) {
    load_matrices(matrix, 2, true, row, "ldmatrix.x2.trans", where);
}
void ldmatrix_x4_trans(std::uint32_t (&matrix)[4], const void* row, Where where) {
    load_matrices(matrix, 4, true, row, "ldmatrix.x4.trans", where);
}

void stmatrix_x1(void* row, const std::uint32_t (&matrix)[1], Where where) {
    store_matrices(row, 1, false, matrix, "stmatrix.x1", where);
}
void stmatrix_x2(void* row, const std::uint32_t (&matrix)[2], Where where) {
    store_matrices(row, 2, false, matrix, "stmatrix.x2", where);
}
void stmatrix_x4(void* row, const std::uint32_t (&matrix)[4], Where where) {
    store_matrices(row, 4, false, matrix, "stmatrix.x4", where);
}
void stmatrix_x1_trans(void* row, const std::uint32_t (&matrix)[1], Where where) {
    store_matrices(row, 1, true, matrix, "stmatrix.x1.trans", where);
}
void stmatrix_x2_trans(void* row, const std::uint32_t (&matrix)[2], Where where) {
    store_matrices(row, 2, true, matrix, "stmatrix.x2.trans", where);
}
void stmatrix_x4_trans(void* row, const std::uint32_t (&matrix)[4], Where where) {
    store_matrices(row, 4, true, matrix, "stmatrix.x4.trans", where);
}

void mma_m16n8k16_f16_f32(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2], const float (&c)[4],
                          Where where) {
    multiply_f32<Element::f16>(d, a, b, c, "mma.m16n8k16.f32.f16", where);
}
void mma_m16n8k16_bf16_f32(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2], const float (&c)[4],
                           Where where) {
    multiply_f32<Element::bf16>(d, a, b, c, "mma.m16n8k16.f32.bf16", where);
}
void mma_m16n8k16_f16_f16(std::uint32_t (&d)[2], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
                          const std::uint32_t (&c)[2], Where where) {
    multiply_warp<std::uint32_t, 2>(d, a, b, c, "mma.m16n8k16.f16.f16", where, mma_f16);
}
void mma_m16n8k8_tf32_f32(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2], const float (&c)[4],
                          Where where) {
    multiply_f32<Element::tf32>(d, a, b, c, "mma.m16n8k8.f32.tf32", where);
}
void mma_m16n8k32_e4m3_f32(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2], const float (&c)[4],
                           Where where) {
    multiply_f32<Element::e4m3>(d, a, b, c, "mma.m16n8k32.f32.e4m3", where);
}
void mma_m16n8k32_s8_s32(std::int32_t (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
                         const std::int32_t (&c)[4], Where where) {
    multiply_warp<std::uint32_t, 4>(reinterpret_cast<std::uint32_t*>(d), a, b,
                                    reinterpret_cast<const std::uint32_t*>(c), "mma.m16n8k32.s32.s8", where, mma_s32);
}

}  // namespace stele::simt
