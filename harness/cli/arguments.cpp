#include "harness/cli/arguments.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "harness/base/error.hpp"
#include "harness/base/visible.hpp"
#include "harness/catalog/registry.hpp"

namespace stele {

std::string did_you_mean(std::string_view text, const std::vector<std::string>& names) {
    const std::vector<std::string> near = nearest(text, names, 1);
    return near.empty() ? "" : fmt::format("; did you mean '{}'?", near.front());
}

void Arguments::flag(const std::string& name, bool& value) { options_[name] = app_.add_flag(name, value); }

void Arguments::text(const std::string& name, std::string& value, bool required) {
    options_[name] = app_.add_option(name, value)->required(required)->check([](const std::string& text) {
        return text.empty() ? std::string("the value is empty") : std::string();
    });
}

void Arguments::texts(const std::string& name, std::vector<std::string>& values, bool required) {
    options_[name] = app_.add_option(name, values)->required(required);
    if (name.starts_with('-')) options_[name]->allow_extra_args(false);
}

void Arguments::list(const std::string& name, std::vector<std::string>& values) {
    options_[name] = app_.add_option(name, values)->delimiter(',')->allow_extra_args(false);
}

void Arguments::choose(const std::string& name, std::vector<std::string> names,
                       std::function<void(const std::string&)> take) {
    choices_[name] = names;
    parsed(name, [names = std::move(names), take = std::move(take)](const std::string& text) {
        if (std::find(names.begin(), names.end(), text) == names.end())
            throw std::invalid_argument(fmt::format("'{}' is not one of {}{}", shortened(text), fmt::join(names, ", "),
                                                    did_you_mean(text, names)));
        take(text);
    });
}

void Arguments::choice(const std::string& name, std::string& value, std::vector<std::string> names) {
    choose(name, std::move(names), [&value](const std::string& text) { value = text; });
}

void Arguments::parsed(const std::string& name, std::function<void(const std::string&)> read) {
    // As a list of one value each time, so that the option may come again; the last one counts unless `read` collects.
    options_[name] = app_.add_option_function<std::vector<std::string>>(
                             name,
                             [name, read = std::move(read)](const std::vector<std::string>& values) {
                                 for (const std::string& text : values) try {
                                         read(text);
                                     } catch (const std::invalid_argument& wrong) {
                                         throw CLI::ValidationError(name, wrong.what());
                                     }
                             })
                         ->allow_extra_args(false);
}

void Arguments::seed(std::uint64_t& seed) {
    parsed("--seed", [&seed](const std::string& text) {
        const char* end = text.data() + text.size();
        const auto [stopped, error] = std::from_chars(text.data(), end, seed);
        if (text.empty() || error != std::errc{} || stopped != end)
            throw std::invalid_argument(fmt::format("'{}' is not a whole number from 0 to 2^64 - 1", shortened(text)));
    });
}

static double seconds_of_duration(const std::string& text) {
    const char* end = text.data() + text.size();
    double value = 0;
    const auto [stopped, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
    const std::string_view unit(stopped, static_cast<std::size_t>(end - stopped));
    const double factor = unit == "h" ? 3600 : unit == "m" ? 60 : unit.empty() || unit == "s" ? 1 : 0;
    const double seconds = value * factor;
    if (error != std::errc{} || !(seconds >= 1 && seconds <= 7 * 24 * 3600.0))
        throw std::invalid_argument(
            fmt::format("'{}' is not a time from 1s to 168h, such as 90s, 10m or 2h", shortened(text)));
    return seconds;
}

void Arguments::duration(const std::string& name, double& seconds) {
    parsed(name, [&seconds](const std::string& text) { seconds = seconds_of_duration(text); });
}

void Arguments::duration(const std::string& name, std::optional<double>& seconds) {
    parsed(name, [&seconds](const std::string& text) { seconds = seconds_of_duration(text); });
}

void Arguments::foreign(std::string prefix, std::vector<std::string>& values) {
    foreign_.emplace_back(std::move(prefix), &values);
}

void Arguments::useless_beside(std::string first, std::string second) {
    useless_.emplace_back(std::move(first), std::move(second));
}

bool Arguments::given(const std::string& name) const {
    const auto found = options_.find(name);
    return found != options_.end() && found->second->count() > 0;
}

void Arguments::take_foreign(const std::vector<std::string>& line, std::vector<std::string>& own) {
    if (whole_) *whole_ = line;
    for (const std::string& word : line) {
        const auto owner = std::find_if(foreign_.begin(), foreign_.end(),
                                        [&](const auto& entry) { return word.starts_with(entry.first); });
        (owner == foreign_.end() ? own : *owner->second).push_back(word);
    }
}

void Arguments::check() const {
    for (const auto& [first, second] : useless_)
        if (given(first) && given(second)) throw BadInput(fmt::format("{} has no effect beside {}", first, second));
}

}  // namespace stele
