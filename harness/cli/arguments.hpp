// What a command takes: declared by the command, read by CLI11, which only the .cpp includes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/names.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace stele {

/// "; did you mean 'bench'?", or nothing where no name is near.
std::string did_you_mean(std::string_view text, const std::vector<std::string>& names);

class Arguments {
public:
    explicit Arguments(CLI::App& app) : app_(app) {}

    void flag(const std::string& name, bool& value);
    /// An argument without dashes is positional. An empty value is refused.
    void text(const std::string& name, std::string& value, bool required = false);
    /// A positional: all that there are; an option: one value each time it is given.
    void texts(const std::string& name, std::vector<std::string>& values, bool required = false);
    /// "--arch a,b"
    void list(const std::string& name, std::vector<std::string>& values);
    /// One of a few names.
    void choice(const std::string& name, std::string& value, std::vector<std::string> names);
    template <typename E>
    void choice(const std::string& name, E& value) {
        choose(name, names_of<E>(), [&value](const std::string& text) { value = *from_name<E>(text); });
    }
    /// A value that `read` understands; it throws std::invalid_argument that says what is wrong.
    void parsed(const std::string& name, std::function<void(const std::string&)> read);
    void seed(std::uint64_t& seed);
    /// "90s", "10m", "1.5h"; seconds without a unit.
    void duration(const std::string& name, double& seconds);
    void duration(const std::string& name, std::optional<double>& seconds);
    /// What starts with `prefix` is another program's, and is only collected.
    void foreign(std::string prefix, std::vector<std::string>& values);
    /// All arguments as given, for a report.
    void whole(std::vector<std::string>& line) { whole_ = &line; }

    /// `first` has no effect where `second` is given, so both are refused.
    void useless_beside(std::string first, std::string second);
    /// True once the option was given.
    bool given(const std::string& name) const;

    /// For the manual's test: each option that has names to choose from.
    const std::map<std::string, std::vector<std::string>>& choices() const { return choices_; }

    // For command_line.cpp.

    /// Takes the words that are another program's out of `line`, and keeps the line.
    void take_foreign(const std::vector<std::string>& line, std::vector<std::string>& own);
    /// Throws BadInput that names an option without effect.
    void check() const;

private:
    void choose(const std::string& name, std::vector<std::string> names, std::function<void(const std::string&)> take);

    CLI::App& app_;
    std::map<std::string, CLI::Option*> options_;
    std::map<std::string, std::vector<std::string>> choices_;
    std::vector<std::pair<std::string, std::string>> useless_;
    std::vector<std::pair<std::string, std::vector<std::string>*>> foreign_;
    std::vector<std::string>* whole_ = nullptr;
};

}  // namespace stele
