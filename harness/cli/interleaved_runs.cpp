#include "harness/cli/interleaved_runs.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "harness/base/child.hpp"
#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/cli/exit_code.hpp"

namespace stele {

namespace {

namespace fs = std::filesystem;

/// "stele: unknown option '--tme'" of what a binary printed: its messages, else all of it.
std::string messages_of(const fs::path& output) {
    const std::string text = read_input(output);
    std::string messages;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string line = text.substr(at, end - at);
        if (line.starts_with("stele: ")) messages += (messages.empty() ? "" : "\n") + line.substr(7);
        at = end + 1;
    }
    return messages.empty() ? text : messages;
}

/// A cell that is wrong is in the report, for the comparison to tell.
void check_ending(const Ended& ended, const std::string& binary, const fs::path& output) {
    if (ended.signal == 0 && (ended.code == exit_fine || ended.code == exit_wrong)) return;
    const std::string told = fmt::format("{} bench: {}", binary, messages_of(output));
    if (ended.signal == 0 && ended.code == exit_usage) throw BadInput(told);
    if (ended.signal == 0 && ended.code == exit_nothing) throw NothingFound(told);
    throw Failed(fmt::format("{}\n{}", told, ended.words()));
}

/// False where it was stopped.
bool run_one(const std::vector<std::string>& words, const fs::path& output, const std::function<bool()>& stop) {
    std::optional<Child> child;
    try {
        child.emplace(words, output.string());
    } catch (const std::runtime_error& error) {
        throw BadInput(error.what());
    }
    std::string line;
    while (child->channel().hear(line, Channel::Clock::now() + std::chrono::milliseconds(100)) !=
           Channel::Heard::closed)
        if (stop()) return false;
    check_ending(child->end(std::chrono::seconds(10)), words.front(), output);
    return true;
}

}  // namespace

std::uint32_t run_interleaved(const InterleavedRuns& runs, const std::function<void(const std::string&)>& told,
                              const std::function<bool()>& stop) {
    for (const std::string& name : runs.names) make_folder(runs.folder / name);
    for (std::uint32_t round = 0; round < runs.rounds; ++round)
        for (const std::size_t side : {round % 2, 1 - round % 2}) {
            if (stop()) return round;
            told(fmt::format("round {} of {}: {}", round + 1, runs.rounds, runs.names[side]));
            const fs::path report = runs.folder / runs.names[side] / fmt::format("{:04}.json", round + 1);
            fs::path output = report;
            output.replace_extension(".txt");
            std::vector<std::string> words{runs.binaries[side], "bench"};
            words.insert(words.end(), runs.words.begin(), runs.words.end());
            for (const std::string& word : {std::string("--rounds"), std::string("1"), std::string("--seed"),
                                            std::to_string(runs.seed + round), std::string("--out"), report.string()})
                words.push_back(word);
            if (!run_one(words, output, stop)) {
                // Its partner, if there is one, has nothing to be paired with.
                std::error_code ignored;
                for (const std::string& name : runs.names) fs::remove(runs.folder / name / report.filename(), ignored);
                return round;
            }
        }
    return runs.rounds;
}

}  // namespace stele
