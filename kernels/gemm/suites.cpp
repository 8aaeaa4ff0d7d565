// gemm: the named lists of its problems.
#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include "kernels/gemm/operation.hpp"
#include "kernels/gemm/problem.hpp"

namespace stele::gemm {
namespace {

constexpr std::array plain_dtypes{Dtype::f32, Dtype::f16, Dtype::bf16};
constexpr std::array narrow_dtypes{Dtype::e4m3, Dtype::s8};
constexpr std::array layouts{LayoutB::kn, LayoutB::nk};

std::string text(const Shape& shape) { return GemmProblem(shape).id(); }

Shape narrow(std::int64_t m, std::int64_t n, std::int64_t k, Dtype dtype, Scale scale) {
    return {m, n, k, dtype, LayoutB::nk, scale};
}

std::string grouped(std::vector<std::int64_t> groups, std::int64_t n, std::int64_t k, Dtype dtype,
                    Scale scale = Scale::none) {
    Shape shape{0, n, k, dtype, LayoutB::nk, scale};
    for (std::int64_t rows : groups) shape.m += rows;
    shape.groups = std::move(groups);
    return text(shape);
}

std::string batched(std::int64_t batch, std::int64_t m, std::int64_t n, std::int64_t k, Dtype dtype, LayoutB layout) {
    return text({m, n, k, dtype, layout, Scale::none, batch});
}

/// Every dtype and layout of shapes that sit on, beside and far from the tiles' edges.
std::vector<std::string> edge() {
    constexpr std::array<std::array<std::int64_t, 3>, 11> extents{{
        {1, 1, 1},      // one product
        {128, 64, 16},  // whole tiles
        {129, 65, 17},  // one more
        {127, 63, 15},  // one less
        {72, 136, 24},  // rows that vectors divide, tiles do not
        {37, 101, 53},  // primes
        {40, 48, 1},    // K = 1
        {5, 7, 0},      // K = 0
        {1, 200, 65},   // one row
        {260, 3, 20},   // tall
        {3, 260, 20},   // wide
    }};
    std::vector<std::string> list;
    for (const auto& [m, n, k] : extents)
        for (Dtype dtype : plain_dtypes)
            for (LayoutB layout : layouts) list.push_back(text({m, n, k, dtype, layout}));
    // Deeper than a pipeline, wider than a tile of matrix units.
    for (LayoutB layout : layouts) list.push_back(text({300, 264, 328, Dtype::bf16, layout}));
    for (LayoutB layout : layouts)
        for (const auto& [m, n, k] : {std::array{128, 64, 16}, std::array{37, 101, 53}, std::array{200, 136, 72},
                                      std::array{5, 7, 0}, std::array{40, 48, 1}})
            list.push_back(text({m, n, k, Dtype::tf32, layout}));
    for (Dtype dtype : narrow_dtypes)
        for (Scale scale : {Scale::tensor, Scale::block})
            for (const auto& [m, n, k] :
                 {std::array{128, 128, 128}, std::array{129, 65, 400}, std::array{37, 101, 53}, std::array{1, 160, 272},
                  std::array{5, 7, 0}, std::array{1, 1, 1}, std::array{40, 48, 1}, std::array{130, 127, 129}})
                list.push_back(text(narrow(m, n, k, dtype, scale)));
    list.push_back(batched(3, 70, 66, 40, Dtype::f32, LayoutB::kn));
    list.push_back(batched(2, 130, 72, 64, Dtype::f16, LayoutB::kn));
    list.push_back(batched(4, 65, 130, 72, Dtype::bf16, LayoutB::nk));
    // The same without K, which no tensor map, copy or scale describes.
    list.push_back(batched(2, 5, 7, 0, Dtype::f16, LayoutB::nk));
    list.push_back(grouped({3, 0, 2}, 7, 0, Dtype::bf16));
    list.push_back(grouped({5, 0, 3}, 7, 0, Dtype::e4m3, Scale::block));
    list.push_back(grouped({0, 1, 129}, 127, 129, Dtype::e4m3, Scale::tensor));
    list.push_back(grouped({3, 0, 130, 1}, 72, 64, Dtype::bf16));
    list.push_back(grouped({0, 64, 65}, 40, 33, Dtype::f32));
    list.push_back(grouped({128, 7, 0}, 160, 256, Dtype::e4m3, Scale::block));
    return list;
}

/// N and K of linear layers: x [M, K] times weights [N, K].
struct Layer {
    std::string_view name;
    std::int64_t n, k;
    std::int64_t weights() const { return n * k; }
};
constexpr std::array layers{
    Layer{"Llama-3-8B: query, key, value", 6144, 4096},
    Layer{"Llama-3-8B: gate, up", 28672, 4096},
    Layer{"Llama-3-8B: down", 4096, 14336},
    Layer{"Llama-3-70B: query, key, value", 10240, 8192},
    Layer{"Llama-3-70B: gate, up", 57344, 8192},
    Layer{"Llama-3-70B: down", 8192, 28672},
    Layer{"Qwen3-32B: query, key, value", 10240, 5120},
    Layer{"Qwen3-32B: gate, up", 51200, 5120},
    Layer{"Qwen3-32B: down", 5120, 25600},
    Layer{"DeepSeek-V3: queries from their latent", 24576, 1536},
    Layer{"DeepSeek-V3: attention's output", 7168, 16384},
    Layer{"DeepSeek-V3: an expert's gate, up", 4096, 7168},
    Layer{"DeepSeek-V3: an expert's down", 7168, 2048},
};
constexpr std::array<std::int64_t, 4> layer_rows{1, 16, 128, 4096};

std::vector<std::string> models() {
    std::vector<std::string> list;
    for (const Layer& layer : layers)
        for (std::int64_t m : layer_rows) list.push_back(text({m, layer.n, layer.k, Dtype::bf16, LayoutB::nk}));
    return list;
}

/// What a CPU does in minutes: of 4096 rows only the layers of at most 2²⁶ weights, 5 seconds at 100 GFLOP/s.
std::vector<std::string> cpu() {
    std::vector<std::string> list;
    for (Dtype dtype : plain_dtypes)
        for (std::int64_t size : {512, 1024, 2048}) list.push_back(text({size, size, size, dtype, LayoutB::kn}));
    for (const Layer& layer : layers)
        for (std::int64_t m : layer_rows)
            if (m < 4096 || layer.weights() <= std::int64_t{1} << 26)
                list.push_back(text({m, layer.n, layer.k, Dtype::f32, LayoutB::nk}));
    return list;
}

std::vector<std::string> full() {
    std::vector<std::string> list;
    for (std::int64_t size : {512, 1024, 2048, 4096, 8192})
        list.push_back(text({size, size, size, Dtype::f32, LayoutB::kn}));
    for (Dtype dtype : {Dtype::f16, Dtype::bf16})
        for (std::int64_t size : {512, 1024, 2048, 4096, 8192, 16384})
            list.push_back(text({size, size, size, dtype, LayoutB::nk}));
    for (std::int64_t size : {4096, 8192}) list.push_back(text({size, size, size, Dtype::tf32, LayoutB::nk}));
    for (std::int64_t size : {4096, 8192}) {
        list.push_back(text(narrow(size, size, size, Dtype::e4m3, Scale::tensor)));
        list.push_back(text(narrow(size, size, size, Dtype::e4m3, Scale::block)));
        list.push_back(text(narrow(size, size, size, Dtype::s8, Scale::tensor)));
    }
    for (std::string& problem : models()) list.push_back(std::move(problem));
    // Rows that no vector divides, tall, wide, and deep.
    list.push_back(text({4095, 4097, 4093, Dtype::bf16, LayoutB::kn}));
    list.push_back(text({65536, 256, 1024, Dtype::bf16, LayoutB::kn}));
    list.push_back(text({256, 65536, 1024, Dtype::bf16, LayoutB::kn}));
    list.push_back(text({256, 256, 65536, Dtype::bf16, LayoutB::nk}));
    list.push_back(batched(64, 512, 512, 512, Dtype::bf16, LayoutB::nk));
    // Eight of DeepSeek-V3's experts with unequal loads.
    const std::vector<std::int64_t> loads{1024, 512, 2048, 128, 0, 768, 1536, 2176};
    list.push_back(grouped(loads, 4096, 7168, Dtype::bf16));
    list.push_back(grouped(loads, 4096, 7168, Dtype::e4m3, Scale::block));
    return list;
}

}  // namespace

std::string_view GemmProblem::known_as() const {
    if (shape_.b != LayoutB::nk || !shape_.groups.empty() || shape_.batch != 1) return {};
    const auto found =
        std::ranges::find_if(layers, [&](const Layer& layer) { return layer.n == shape_.n && layer.k == shape_.k; });
    return found == layers.end() ? std::string_view{} : found->name;
}

std::vector<std::string> suite(Suite suite) {
    switch (suite) {
        case Suite::smoke:
            return {text({64, 64, 64, Dtype::f32, LayoutB::kn}), text({70, 130, 40, Dtype::f16, LayoutB::kn}),
                    text({17, 65, 72, Dtype::bf16, LayoutB::nk})};
        case Suite::edge:
            return edge();
        case Suite::quick:
            return {text({512, 512, 512, Dtype::f32, LayoutB::kn}), text({384, 384, 384, Dtype::f16, LayoutB::kn}),
                    text({1024, 512, 256, Dtype::bf16, LayoutB::nk}), text({1, 1024, 1024, Dtype::bf16, LayoutB::nk})};
        case Suite::full:
            return full();
        case Suite::cpu:
            return cpu();
    }
    throw std::logic_error("unknown suite");
}

}  // namespace stele::gemm
