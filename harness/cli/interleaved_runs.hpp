// Two binaries, measured on this machine in turn: a fresh process of each a round, the order flipped every round.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace stele {

struct InterleavedRuns {
    std::array<std::string, 2> binaries;
    std::vector<std::string> words;  ///< of `bench`, without --out, --rounds and --seed
    std::uint32_t rounds = 10;
    std::uint64_t seed = 1;        ///< of the first round, equal for both; each later one has the next
    std::filesystem::path folder;  ///< reports go into two folders in it
    std::array<std::string, 2> names{"base", "new"};  ///< of these
};

/// Returns after the last round, with the pairs of reports that are whole: all, or fewer where `stop` said so. `told`:
/// what is being done. Throws BadInput where a binary refuses its options, NothingFound where nothing ran, else Failed;
/// what it said is in the message.
std::uint32_t run_interleaved(const InterleavedRuns& runs, const std::function<void(const std::string&)>& told,
                              const std::function<bool()>& stop);

}  // namespace stele
