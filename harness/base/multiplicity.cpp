#include "harness/base/multiplicity.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <stdexcept>

namespace stele {

namespace {

/// Places of the p values, from the smallest to the largest.
std::vector<std::size_t> ascending_places(std::span<const double> p) {
    if (std::ranges::any_of(p, [](double value) { return !(value >= 0 && value <= 1); }))
        throw std::invalid_argument("a p value is from 0 to 1");
    std::vector<std::size_t> places(p.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    std::ranges::stable_sort(places, [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
    return places;
}

}  // namespace

std::vector<double> benjamini_hochberg(std::span<const double> p) {
    const std::vector<std::size_t> places = ascending_places(p);
    std::vector<double> adjusted(p.size());
    double least = 1;
    for (std::size_t rank = p.size(); rank-- > 0;) {
        least = std::min(least, p[places[rank]] * static_cast<double>(p.size()) / static_cast<double>(rank + 1));
        adjusted[places[rank]] = least;
    }
    return adjusted;
}

std::vector<double> holm(std::span<const double> p) {
    const std::vector<std::size_t> places = ascending_places(p);
    std::vector<double> adjusted(p.size());
    double most = 0;
    for (std::size_t rank = 0; rank < p.size(); ++rank) {
        most = std::max(most, std::min(1.0, p[places[rank]] * static_cast<double>(p.size() - rank)));
        adjusted[places[rank]] = most;
    }
    return adjusted;
}

}  // namespace stele
