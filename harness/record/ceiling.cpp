#include "harness/record/ceiling.hpp"

namespace stele {
namespace {

const Ceiling* highest(std::span<const Ceiling> ceilings, Counted counted, Dtype dtype) {
    const Ceiling* best = nullptr;
    for (const Ceiling& ceiling : ceilings) {
        const bool is_of_it = ceiling.counted == counted && (counted == Counted::bytes || ceiling.dtype == dtype);
        if (is_of_it && (best == nullptr || ceiling.per_second > best->per_second)) best = &ceiling;
    }
    return best;
}

}  // namespace

double counted(const Measurement& cell, const Ceiling& ceiling) {
    return ceiling.counted == Counted::flops ? cell.flops : cell.bytes;
}

void compare_with_ceilings(Measurement& cell, std::span<const Ceiling> ceilings) {
    if (!cell.timing) return;
    const Ceiling* binding = nullptr;
    double longest = 0;
    for (const Counted what : {Counted::flops, Counted::bytes}) {
        const double amount = what == Counted::flops ? cell.flops : cell.bytes;
        if (amount == 0 || (what == Counted::bytes && cell.cache == CacheMode::warm)) continue;
        const Ceiling* ceiling = highest(ceilings, what, cell.dtype);
        // What is not known may take longer.
        if (ceiling == nullptr) return;
        if (const double seconds = amount / ceiling->per_second; seconds > longest) {
            longest = seconds;
            binding = ceiling;
        }
    }
    if (binding == nullptr) return;
    cell.timing->ceiling = *binding;
    cell.timing->fraction_of_peak = longest * 1e9 / cell.timing->median_ns;
}

}  // namespace stele
