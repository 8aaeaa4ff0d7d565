// The steps that a cell goes through.
#pragma once

#include <string_view>

#include "backends/names.hpp"

namespace stele {

enum class Phase {
    open,            ///< its device is opened
    build,           ///< its kernels are compiled and loaded, its operands allocated
    reference,       ///< its inputs are drawn, and what must come out is computed
    verify,          ///< it runs once
    judge,           ///< what came out is judged
    prepare,         ///< its operands are multiplied, its batch is found
    warm_up,         ///< it runs for heat
    sample,          ///< it is timed
    measure_energy,  ///< it runs between two readings of a counter
    check_again,     ///< it runs once on fresh inputs
    profile,         ///< it runs once, for an outside profiler
};
constexpr auto name_list(Phase) {
    return name_rows<Phase>({{Phase::open, "open"},
                             {Phase::build, "build"},
                             {Phase::reference, "reference"},
                             {Phase::verify, "verify"},
                             {Phase::judge, "judge"},
                             {Phase::prepare, "prepare"},
                             {Phase::warm_up, "warm_up"},
                             {Phase::sample, "sample"},
                             {Phase::measure_energy, "measure_energy"},
                             {Phase::check_again, "check_again"},
                             {Phase::profile, "profile"}});
}

/// "while its kernels were built"
constexpr std::string_view while_in(Phase phase) {
    switch (phase) {
        case Phase::open:
            return "while its device was opened";
        case Phase::build:
            return "while its kernels were built";
        case Phase::reference:
            return "while its reference was made";
        case Phase::verify:
            return "in its first run";
        case Phase::judge:
            return "while its output was judged";
        case Phase::prepare:
            return "while it was prepared for timing";
        case Phase::warm_up:
            return "while it was warmed up";
        case Phase::sample:
            return "while it was timed";
        case Phase::measure_energy:
            return "while its energy was measured";
        case Phase::check_again:
            return "in its check after timing";
        case Phase::profile:
            return "while it was profiled";
    }
    return "";
}

}  // namespace stele
