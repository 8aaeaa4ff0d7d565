// Kernels that are wrong on purpose: one right GEMM in OpenCL C and in C++, and what spoils each.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/gemm/problem.hpp"

namespace stele::test {

/// A right kernel: tiles of 16 × 16, A scaled down on its way in and the sum scaled up on its way out.
inline const std::string right_opencl = R"cl(
#define TILE 16
kernel __attribute__((reqd_work_group_size(TILE, TILE, 1)))
void gemm(global const float* A, global const float* B, global float* C, int M, int N, int K) {
    local float tile_a[TILE][TILE], tile_b[TILE][TILE];
    const int x = get_local_id(0), y = get_local_id(1);
    const int tile_row = get_group_id(1), tile_col = get_group_id(0);
    const int row = tile_row * TILE + y, col = tile_col * TILE + x;
    // Threads outside C have nothing to add. (PoCL itself puts a barrier before a loop that all threads run alike.)
    const int terms = row < M && col < N ? TILE : 0;
    float acc = 0.0f, magnitude = 0.0f;
    for (int k = 0; k < K; k += TILE) {
        tile_a[y][x] = row < M && k + x < K ? 0.125f * A[row * K + k + x] : 0.0f;
        tile_b[y][x] = k + y < K && col < N ? B[(k + y) * N + col] : 0.0f;
        barrier(CLK_LOCAL_MEM_FENCE);  // tiles are there
        for (int i = 0; i < terms; ++i) {
            acc = fma(tile_a[y][i], tile_b[i][x], acc);
            magnitude = fma(fabs(tile_a[y][i]), fabs(tile_b[i][x]), magnitude);
        }
        barrier(CLK_LOCAL_MEM_FENCE);  // tiles may go
    }
    if (row < M && col < N) C[row * N + col] = 8.0f * acc;
}
)cl";

/// What turns the right kernel into a wrong one, and what the verdict must say about it.
struct OpenclDefect {
    std::string name, from, to;
    std::string said;
};

inline const std::vector<OpenclDefect> opencl_defects{
    {"all_zeros", "8.0f * acc;", "0.0f * acc;", "every element of C is zero"},
    {"nan", "8.0f * acc;", "NAN;", "not finite"},
    {"transposed_operand", "B[(k + y) * N + col]", "B[col * K + k + y]", "outside their bound"},
    {"dropped_row", "if (row < M &&", "if (row < M - 1 &&", "never written (all with M = 43)"},
    {"zeroed_row", "8.0f * acc;", "row == 5 ? 0.0f : 8.0f * acc;", "outside their bound (all with M = 5)"},
    {"first_tile_twice", "tile_col = get_group_id(0);", "tile_col = get_group_id(0) == 1 ? 0 : get_group_id(0);",
     "never written (all with N from 16 to 31)"},
    {"first_operand_tile_twice", "A[row * K + k + x]", "A[row * K + (k == TILE ? 0 : k) + x]", "outside their bound"},
    {"missing_barrier", "barrier(CLK_LOCAL_MEM_FENCE);  // tiles are there", "", "outside their bound"},
    {"forgotten_scale", "8.0f * acc;", "acc;", "C is 0.125 times what it should be"},
    {"mask_one_short", "k + x < K", "k + x < K - 1", "outside their bound"},
    {"mask_one_long", "if (row < M && col < N)", "if (row <= M && col < N)", "wrote past the end of C"},
    {"one_write_past_the_end", "8.0f * acc;", "8.0f * acc; if (row == M - 1 && col == N - 1) C[M * N] = 1.0f;",
     "wrote past the end of C"},
    {"one_write_before_the_start", "8.0f * acc;", "8.0f * acc; if (row == 0 && col == 0) C[-1] = 1.0f;",
     "before the start of C"},
    {"input_overwritten", "8.0f * acc;",
     "8.0f * acc; if (row == 0 && col == 0) ((global float*)A)[3] = 2.0f * A[3] + 1.0f;",
     "changed its input A, first at element 3"},
    // 0.8 of the bound of a sum of K products, in every element: 4 sqrt(K) 2^-24 of what the magnitudes add up to.
    {"biased_rounding", "8.0f * acc;", "8.0f * (acc + 0.8f * 4.0f * sqrt((float)K) * 0x1p-24f * magnitude);",
     "systematic bias"},
};

/// `text` with the one place that reads `from` changed to `to`. Throws std::logic_error if there is not exactly one.
inline std::string changed(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    if (at == std::string::npos || text.find(from, at + 1) != std::string::npos)
        throw std::logic_error("not exactly one place reads: " + from);
    return text.replace(at, from.size(), to);
}

/// Operands of a host kernel.
struct HostGemm {
    float *a, *b, *c;
    std::int64_t m, n, k;

    float& at(std::int64_t row, std::int64_t col) const { return c[row * n + col]; }
};

inline void right_host(const HostGemm& g) {
    for (std::int64_t row = 0; row < g.m; ++row)
        for (std::int64_t col = 0; col < g.n; ++col) {
            float acc = 0;
            for (std::int64_t i = 0; i < g.k; ++i) acc += g.a[row * g.k + i] * g.b[i * g.n + col];
            g.at(row, col) = acc;
        }
}

inline Variant gemm_variant(const std::string& algorithm, Language language) {
    Variant variant;
    variant.operation = "gemm";
    variant.algorithm = "wrong_" + algorithm;
    variant.language = language;
    return variant;
}

inline Variant opencl_variant(const std::string& algorithm, const std::string& text) {
    Variant variant = gemm_variant(algorithm, Language::opencl);
    variant.make_plan = [text](const DeviceInfo&, const Problem& problem) {
        const gemm::Shape& shape = gemm::as_gemm(problem).shape();
        KernelSource source;
        source.language = Language::opencl;
        source.file = "wrong on purpose";
        source.entry = "gemm";
        source.text = text;
        const auto tiles = [](std::int64_t extent) { return static_cast<unsigned>((extent + 15) / 16); };
        Plan plan;
        plan.kernels.push_back(source);
        plan.steps.push_back({0,
                              {tiles(shape.n), tiles(shape.m), 1},
                              {16, 16, 1},
                              0,
                              {TensorOperand{0}, TensorOperand{1}, TensorOperand{2}, static_cast<std::int32_t>(shape.m),
                               static_cast<std::int32_t>(shape.n), static_cast<std::int32_t>(shape.k)}});
        return plan;
    };
    return variant;
}

inline Variant host_variant(const std::string& algorithm, const std::function<void(const HostGemm&)>& kernel) {
    Variant variant = gemm_variant(algorithm, Language::host);
    variant.make_plan = [kernel](const DeviceInfo&, const Problem& problem) {
        const gemm::Shape& shape = gemm::as_gemm(problem).shape();
        KernelSource source;
        source.entry = "gemm";
        source.call = [kernel, shape](const HostCallContext& context) {
            const auto tensor = [&](std::size_t i) { return static_cast<float*>(context.arguments[i]); };
            kernel({tensor(0), tensor(1), tensor(2), shape.m, shape.n, shape.k});
        };
        Plan plan;
        plan.kernels.push_back(source);
        plan.steps.push_back({0, {}, {}, 0, {TensorOperand{0}, TensorOperand{1}, TensorOperand{2}}});
        return plan;
    };
    return variant;
}

}  // namespace stele::test
