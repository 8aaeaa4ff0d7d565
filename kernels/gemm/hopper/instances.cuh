// How the .cu files of the hopper family list their kernels.
#pragma once

#include <string>

#include "kernels/gemm/hopper/clusters/clusters.hpp"
#include "kernels/gemm/hopper/operands.cuh"
#include "kernels/gemm/hopper/split/split.hpp"

namespace stele::gemm::ptx {

using namespace stele::ptx;

template <gemm::HopperTile tile>
inline constexpr int hopper_threads = tile.threads();
template <gemm::HopperSplitTile tile>
inline constexpr int hopper_split_threads = tile.threads();

/// One warpgroup for each 64 rows.
template <Element element, LayoutB layout, auto tile>
struct HopperOperands : Operands<element, layout, tile.block_m, tile.block_n, tile.consumers(), tile.stages()> {};

/// The tile's part of a kernel's instance; the cluster is none.
std::string hopper_instance(const auto& tile) {
    return std::to_string(tile.block_m) + 'x' + std::to_string(tile.block_n) + ' ';
}

/// Calls f.template operator()<element, layout>("f16 nk") for every operand that wgmma takes.
template <typename F>
void for_each_operand(F&& f) {
    f.template operator()<Element::f16, LayoutB::kn>("f16 kn");
    f.template operator()<Element::f16, LayoutB::nk>("f16 nk");
    f.template operator()<Element::bf16, LayoutB::kn>("bf16 kn");
    f.template operator()<Element::bf16, LayoutB::nk>("bf16 nk");
    f.template operator()<Element::tf32, LayoutB::nk>("tf32 nk");
    f.template operator()<Element::e4m3, LayoutB::nk>("e4m3 nk");
    f.template operator()<Element::s8, LayoutB::nk>("s8 nk");
}

}  // namespace stele::gemm::ptx
