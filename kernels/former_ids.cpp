#include "kernels/former_ids.hpp"

namespace stele {
namespace {

/// `text` without `prefix` if that ends where a name does; null data if not.
std::string_view after(std::string_view text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return {};
    text.remove_prefix(prefix.size());
    const bool ends_a_name = text.empty() || std::string_view(".@*?[").find(text.front()) != std::string_view::npos;
    return ends_a_name ? text : std::string_view{};
}

}  // namespace

std::string present_id(std::string_view id) {
    // The rungs beside gemm/hopper stand in its folder, and what had its name is two: the choice, and one of the
    // chosen.
    for (const std::string_view rung : {"single", "roles", "persistent", "split", "scaled"})
        if (const std::string_view rest = after(id, "gemm/hopper_" + std::string(rung)); rest.data() != nullptr)
            return "gemm/hopper/" + std::string(rung) + std::string(rest);
    if (id == "gemm/hopper@auto") return "gemm/hopper/auto";
    if (const std::string_view rest = after(id, "gemm/hopper.ptx"); rest.data() != nullptr) {
        if (rest.empty() || rest == "@auto") return "gemm/hopper/auto.ptx";
        return (rest.front() == '@' ? "gemm/hopper/clusters.ptx" : "gemm/hopper/*.ptx") + std::string(rest);
    }
    // One row a library.
    if (const std::string_view rest = after(id, "gemm/vendor.clblast_f16"); rest.data() != nullptr)
        return "gemm/vendor.clblast" + std::string(rest);
    return std::string(id);
}

}  // namespace stele
