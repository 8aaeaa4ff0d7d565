// Options that several commands share: which variants, problems and devices, and which operands.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/draw/document.hpp"
#include "harness/record/measurement.hpp"

namespace stele {

class Arguments;

/// Which variants, on which problems and devices.
struct Selection {
    std::vector<std::string> globs;     ///< empty: all
    std::vector<std::string> devices;   ///< ids, backends or globs; empty: all
    std::vector<std::string> problems;  ///< texts; empty: the suite
    std::string suite;

    /// `suites`: the first is the default.
    void declare(Arguments& arguments, const std::vector<std::string>& suites);
    /// True where a glob asks for tiles by "@".
    bool names_tiles() const;
};

struct Operands {
    Fill fill = Fill::normal;
    std::uint64_t seed = 1;

    void declare(Arguments& arguments);
};

/// --format: how a result is shown.
struct OutputFormat {
    std::string name = "console";

    void declare(Arguments& arguments);
    bool is_json() const { return name == "json"; }
    /// Of any format but JSON.
    DrawnAs drawn_as() const;
};

}  // namespace stele
