// How fast a loop can be at most, by what each pipe must do for one iteration: an upper bound, never a time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "backends/names.hpp"
#include "harness/explain/control_flow.hpp"
#include "harness/explain/machine_rates.hpp"
#include "harness/explain/pipe_work.hpp"

namespace stele::explain {

enum class Pipe { issue, fma, half, integer, special, matrix, memory, shared, global };
constexpr auto name_list(Pipe) {
    return name_rows<Pipe>({{Pipe::issue, "issue"},
                            {Pipe::fma, "FMA"},
                            {Pipe::half, "half"},
                            {Pipe::integer, "integer"},
                            {Pipe::special, "special function"},
                            {Pipe::matrix, "matrix"},
                            {Pipe::memory, "loads and stores"},
                            {Pipe::shared, "shared memory"},
                            {Pipe::global, "L2 reads"}});
}

/// Least cycles of a sub-partition for the work of one warp; pipes whose rate is not published are left out. What a
/// multiprocessor has once counts as if its sub-partitions took equal parts.
using PipeCycles = std::map<Pipe, double>;
PipeCycles pipe_cycles(const PipeWork& work, const MachineRates& rates);

struct StaticBound {
    PipeCycles cycles;
    Pipe binds = Pipe::issue;        ///< the one that takes longest; of equal ones the arithmetic, then the first
    std::optional<Pipe> arithmetic;  ///< whose peak the share is of; absent: no arithmetic, or its rate is unknown
    double share = 0;                ///< of that peak, at most
};

/// `flops` are those of a lane outside the matrix unit, all of which count where that has no work.
StaticBound static_bound(const PipeWork& work, double flops, const MachineRates& rates);

/// "at most 0.90 of the FMA peak: issue"; "issue" where there is no share.
std::string text_of(const StaticBound& bound);

/// Of a hot loop's instructions those that no iteration goes without: in blocks that all paths back to the header
/// pass, and arithmetic wherever it stands, as an iteration that leaves it out has less to show for.
std::vector<std::size_t> sure_instructions(const SassFunction& function, std::span<const Loop> loops,
                                           std::span<const std::size_t> hot);

}  // namespace stele::explain
