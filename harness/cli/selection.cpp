#include "harness/cli/selection.hpp"

#include <algorithm>

#include "harness/cli/arguments.hpp"

namespace stele {

void Selection::declare(Arguments& arguments, const std::vector<std::string>& suites) {
    suite = suites.front();
    arguments.texts("globs", globs);
    arguments.texts("--device", devices);
    arguments.texts("--problem", problems);
    arguments.choice("--suite", suite, suites);
    arguments.useless_beside("--suite", "--problem");
}

bool Selection::names_tiles() const {
    return std::ranges::any_of(globs, [](const std::string& glob) { return glob.find('@') != std::string::npos; });
}

void Operands::declare(Arguments& arguments) {
    arguments.choice("--fill", fill);
    arguments.seed(seed);
}

void OutputFormat::declare(Arguments& arguments) {
    arguments.choice("--format", name, {"console", "markdown", "html", "json"});
}

DrawnAs OutputFormat::drawn_as() const {
    return name == "markdown" ? DrawnAs::markdown : name == "html" ? DrawnAs::html : DrawnAs::console;
}

}  // namespace stele
