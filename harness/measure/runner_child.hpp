// Cells in processes of their own, so that one that crashes, hangs or starves costs only itself.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/child.hpp"
#include "harness/measure/messages.hpp"
#include "harness/measure/runner.hpp"

namespace stele {

/// Runs cells in one worker process after the other: each lives until it dies, a round ends, or the runner goes. A
/// worker tells each step before it takes it, so a death has a culprit, which gets its verdict; a fresh worker goes on
/// with the other cells, and the samples that they had stay theirs. Inputs and references are computed here, once.
class RunnerChild final : public CellRunner {
public:
    /// `words` start a worker: a program and its arguments. `stop` is asked often; true ends the present worker.
    RunnerChild(std::vector<std::string> words, std::function<bool()> stop)
        : words_(std::move(words)), stop_(std::move(stop)) {}

    /// A driver that ends or holds up the process that asks it is told as the reason why its backend has no device.
    FoundDevices found() override;
    ClockCheck check_clock(const DeviceInfo& device) override;
    void run(Work work, std::span<const Cell> cells, const SamplerOptions& options,
             const RunnerEvents& events) override;
    GivenRun run_given(const Cell& cell, const Given& given, const SamplerOptions& options,
                       const RunnerEvents& events) override;
    void begin_round() override { child_.reset(); }

private:
    class ProblemRun;

    /// Why no more is to be expected of a worker.
    struct Death {
        Outcome outcome = Outcome::error;
        std::string how;       ///< "Segmentation fault (signal 11)"
        bool stopped = false;  ///< by us, since it was asked for
        bool starved = false;  ///< most likely for want of memory
    };
    /// A reply, or the death of the worker, which is then gone.
    struct Heard {
        std::optional<Reply> reply;
        Death death;
    };

    Child& child();
    void say(const Request& request, int file = -1);
    /// The next reply; after `limit` seconds without one, if there is a limit, the worker is ended. `news` is asked now
    /// and then for what is told without a word.
    Heard hear(
        std::optional<double> limit, const std::function<std::optional<Reply>()>& news = [] { return std::nullopt; });
    Death bury(Outcome outcome, std::string how, std::chrono::milliseconds grace = {});

    std::vector<std::string> words_;
    std::function<bool()> stop_;
    std::unique_ptr<Child> child_;
    std::size_t resident_bytes_ = 0;  ///< of the present worker, when it was last looked at
    bool stopping_ = false;           ///< the worker was asked to stop
    Channel::Clock::time_point stop_until_;
    ReferenceCache references_;
    std::map<std::string, int> failed_openings_;   ///< by device, in a row
    std::map<std::string, std::string> given_up_;  ///< by device: why
};

}  // namespace stele
