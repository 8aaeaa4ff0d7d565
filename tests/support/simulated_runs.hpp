// Rounds of two sides as machines make them, from a seed: processes that differ, drift, two speeds, heavy tails.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include "harness/base/statistics.hpp"

namespace stele::test {

/// What a machine does to a time, as shares of it.
struct Machine {
    double process = 0.003;  ///< standard deviation of a process's own speed
    double sample = 0.005;   ///< of a sample within it
    double drift = 0;        ///< from the first process to the last
    double slow_chance = 0;  ///< that a process runs at the second speed
    double slow_by = 0;      ///< and how much slower that is
    int freedom = 0;         ///< of Student's t for the process's speed; 0: normal
};

class SimulatedRuns {
public:
    SimulatedRuns(const Machine& machine, std::uint64_t seed) : machine_(machine), draws_(seed) {}

    /// log(other ÷ base) of the medians, of `rounds` pairs whose order alternates; the other side takes `ratio` times
    /// as long.
    std::vector<double> log_ratios(std::size_t rounds, double ratio = 1) {
        std::vector<double> logs;
        for (std::size_t round = 0; round < rounds; ++round) {
            const std::size_t base_at = 2 * round + round % 2, other_at = 2 * round + 1 - round % 2;
            const double base = process(base_at, 2 * rounds), other = process(other_at, 2 * rounds);
            logs.push_back(std::log(ratio * other / base));
        }
        return logs;
    }

    std::vector<double> samples(double speed) {
        std::vector<double> out(samples_of_a_process);
        for (double& sample : out) sample = speed * std::exp(machine_.sample * normal());
        return out;
    }

    double normal() {
        const double radius = std::sqrt(-2 * std::log(uniform()));
        return radius * std::cos(2 * std::numbers::pi * uniform());
    }

private:
    static constexpr std::size_t samples_of_a_process = 9;

    double uniform() { return (static_cast<double>(draws_.bits() >> 11) + 0.5) * 0x1p-53; }

    /// Student's t, a normal over the root of a mean of squares.
    double deviate() {
        const double own = normal();
        if (machine_.freedom == 0) return own;
        double squares = 0;
        for (int i = 0; i < machine_.freedom; ++i) {
            const double one = normal();
            squares += one * one;
        }
        return own / std::sqrt(squares / machine_.freedom);
    }

    double process(std::size_t at, std::size_t of) {
        double speed = machine_.process * deviate();
        speed += machine_.drift * static_cast<double>(at) / static_cast<double>(of);
        if (machine_.slow_chance > 0 && uniform() < machine_.slow_chance) speed += machine_.slow_by;
        return median(samples(std::exp(speed)));
    }

    Machine machine_;
    SeededDraws draws_;
};

}  // namespace stele::test
