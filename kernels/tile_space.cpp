#include "kernels/tile_space.hpp"

#include <fmt/format.h>

#include <charconv>

namespace stele {

std::string tile_text(const TileValues& values) {
    std::string out;
    for (int value : values) {
        if (!out.empty()) out += 'x';
        out += std::to_string(value);
    }
    return out;
}

std::optional<TileValues> parse_tile(std::string_view text) {
    constexpr std::size_t most_digits = 6;
    TileValues values;
    while (true) {
        const std::string_view number = text.substr(0, text.find('x'));
        int value = 0;
        const auto [stopped, error] = std::from_chars(number.data(), number.data() + number.size(), value);
        if (number.empty() || number.size() > most_digits || number.front() == '-' || error != std::errc{} ||
            stopped != number.data() + number.size())
            return std::nullopt;
        values.push_back(value);
        if (number.size() == text.size()) return values;
        text.remove_prefix(number.size() + 1);
    }
}

double tile_volume(const TileValues& values) {
    double product = 1;
    for (int value : values) product *= value;
    return product;
}

std::string TileSpace::refusal(const TileValues& values) const {
    if (values.size() != parameters.size()) {
        std::string names;
        for (const TileParameter& parameter : parameters) names += (names.empty() ? "" : "x") + parameter.name;
        return fmt::format("a tile is {}: {} numbers, not {}", names, parameters.size(), values.size());
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto& [name, candidates] = parameters[i];
        if (values[i] < candidates.front() || values[i] > candidates.back())
            return fmt::format("{} is {}, and goes from {} to {}", name, values[i], candidates.front(),
                               candidates.back());
    }
    return why_illegal(values);
}

std::vector<TileValues> TileSpace::legal_tiles() const {
    std::vector<TileValues> out;
    std::vector<std::size_t> digits(parameters.size());
    TileValues values;
    for (const TileParameter& parameter : parameters) values.push_back(parameter.values.front());
    while (true) {
        if (why_illegal(values).empty()) out.push_back(values);
        // Counts up, the last parameter fastest.
        std::size_t place = digits.size();
        while (place > 0 && digits[place - 1] + 1 == parameters[place - 1].values.size()) {
            --place;
            digits[place] = 0;
            values[place] = parameters[place].values.front();
        }
        if (place == 0) return out;
        values[place - 1] = parameters[place - 1].values[++digits[place - 1]];
    }
}

}  // namespace stele
