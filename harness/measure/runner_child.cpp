#include "harness/measure/runner_child.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <new>
#include <stdexcept>
#include <utility>

#include "harness/base/error.hpp"
#include "harness/base/text.hpp"
#include "harness/base/visible.hpp"
#include "harness/measure/merged_timing.hpp"
#include "harness/measure/time_limit.hpp"
#include "harness/measure/worker_notes.hpp"

namespace stele {
namespace {

using std::chrono::milliseconds;

// A worker that was asked to stop checks once more what it has timed; one that hangs must not hold us up.
constexpr milliseconds stop_grace{1000};
// A process that closed its channel is on its way out; it may be writing a core file.
constexpr milliseconds exit_grace{2000};
// How often a signal and the worker's memory are looked at.
constexpr milliseconds look_around{100};
// For a backend to list its devices, and for a clock to be checked: the first call of a driver may build its cache.
constexpr double listing_seconds = 60, clock_seconds = 60;
constexpr int most_openings = 2;

std::size_t operand_bytes(const Problem& problem) {
    std::size_t bytes = 0;
    for (const TensorSpec& tensor : problem.tensors()) bytes += tensor.bytes();
    return bytes;
}

/// A worker's answer is not what was asked for.
struct Unreadable : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace

Child& RunnerChild::child() {
    if (!child_) {
        try {
            child_ = std::make_unique<Child>(words_);
        } catch (const std::runtime_error& error) {
            throw Failed(fmt::format("a worker process is wanted and cannot be had ({}); --no-isolate does without",
                                     error.what()));
        }
        resident_bytes_ = 0;
        stopping_ = false;
    }
    return *child_;
}

/// A worker that is gone is noticed when it is listened to.
void RunnerChild::say(const Request& request, int file) { child().channel().send(text_of(request), file); }

RunnerChild::Death RunnerChild::bury(Outcome outcome, std::string how, milliseconds grace) {
    const Ended ended = child_->end(grace);
    child_.reset();
    if (!how.empty()) return {outcome, std::move(how)};
    // Nobody else sends this one but whoever is at the machine.
    Death death{outcome, ended.words(), false, ended.signal == SIGKILL};
    if (death.starved)
        death.how += fmt::format(", most likely for want of memory: it held {} when it was last seen",
                                 bytes_text(resident_bytes_));
    return death;
}

RunnerChild::Heard RunnerChild::hear(std::optional<double> limit, const std::function<std::optional<Reply>()>& news) {
    const auto start = Channel::Clock::now();
    const auto until =
        limit ? start + std::chrono::duration_cast<Channel::Clock::duration>(std::chrono::duration<double>(*limit))
              : Channel::Clock::time_point::max();
    std::string line;
    while (true) {
        if (stop_() && !stopping_) {
            stopping_ = true;
            stop_until_ = Channel::Clock::now() + stop_grace;
            say({.stop = Nothing{}});
        }
        switch (child().channel().hear(line, Channel::Clock::now() + look_around)) {
            case Channel::Heard::line:
                try {
                    return {reply_from(line), {}};
                } catch (const std::exception& error) {
                    return {{},
                            bury(Outcome::error, fmt::format("its worker said what cannot be read ({}): {}",
                                                             error.what(), shortened(line)))};
                }
            case Channel::Heard::flood:
                return {{}, bury(Outcome::error, "its worker sent a line without an end")};
            case Channel::Heard::closed:
                return {{}, bury(Outcome::error, "", exit_grace)};
            case Channel::Heard::silence:
                break;
        }
        resident_bytes_ = std::max(resident_bytes_, child_->resident_bytes());
        if (std::optional<Reply> told = news()) return {std::move(told), {}};
        const auto now = Channel::Clock::now();
        if (stopping_ && now > stop_until_) {
            Heard stopped{{}, bury(Outcome::error, "stopped")};
            stopped.death.stopped = true;
            return stopped;
        }
        if (now > until) return {{}, bury(Outcome::timeout, fmt::format("no end within {:g} s", *limit))};
    }
}

FoundDevices RunnerChild::found() {
    std::vector<AbsentBackend> broken;
    std::string asked;
    auto ask = [&] {
        ListRequest request;
        for (const AbsentBackend& backend : broken) request.skipped.push_back(backend.name);
        say({.list = std::move(request)});
    };
    ask();
    while (true) {
        Heard heard = hear(listing_seconds);
        if (!heard.reply) {
            if (heard.death.stopped) throw Interrupted("interrupted while devices were looked for");
            if (asked.empty()) throw Failed("a worker process does not start: " + heard.death.how);
            broken.push_back(
                {asked, fmt::format("its driver does not survive being asked for devices: {}", heard.death.how)});
            asked.clear();
            ask();
        } else if (heard.reply->listing) {
            asked = *heard.reply->listing;
        } else if (heard.reply->failed) {
            throw Failed("devices cannot be looked for: " + *heard.reply->failed);
        } else if (heard.reply->found) {
            FoundDevices found = found_in(std::move(*heard.reply->found));
            found.absent.insert(found.absent.end(), broken.begin(), broken.end());
            return found;
        }
    }
}

ClockCheck RunnerChild::check_clock(const DeviceInfo& device) {
    say({.check_clock = ClockRequest{sent(device)}});
    Heard heard = hear(clock_seconds);
    if (heard.reply && heard.reply->clock) return *heard.reply->clock;
    if (heard.death.stopped) throw Interrupted("interrupted while clocks were checked");
    if (!heard.reply) given_up_[device.id] = fmt::format("its clock could not be checked: {}", heard.death.how);
    throw Failed(heard.reply ? heard.reply->failed.value_or("another answer came") : heard.death.how);
}

/// The cells of one problem, over as many workers as it takes.
class RunnerChild::ProblemRun {
public:
    ProblemRun(RunnerChild& runner, Work work, std::span<const Cell> cells, const SamplerOptions& options,
               const RunnerEvents& events, const Given* given)
        : runner_(runner),
          work_(work),
          cells_(cells),
          options_(options),
          events_(events),
          given_(given),
          is_finished_(cells.size()),
          seen_(cells.size()) {}

    void run();
    std::vector<Tensor> outputs;

private:
    /// Those that are still to be run, by their places.
    void choose();
    void ask();
    /// Until the worker is done with all that it was asked, or gone.
    void listen();
    /// Takes what the worker noted.
    void read_up();
    /// Throws Unreadable.
    void take(Reply& reply);
    void take(const Intent& intent);
    void take(const SampleReply& reply);
    void take_outputs(const SharedParts& parts);
    void finish(std::size_t cell, FinishedReply reply);
    void fail(std::size_t cell, Outcome outcome, std::string reason);
    void give(const Want& want);
    void blame(const Death& death);
    std::size_t place(std::size_t index) const { return asked_.at(index); }
    const Cell& culprit() const { return cells_[place(intent_->cell)]; }

    RunnerChild& runner_;
    Work work_;
    std::span<const Cell> cells_;
    const SamplerOptions& options_;
    const RunnerEvents& events_;
    const Given* given_;
    std::vector<bool> is_finished_;
    std::vector<std::vector<Timing>> seen_;  ///< by cell: samples of workers that died, and of the present one
    std::vector<std::size_t> asked_;         ///< places of the cells that the present worker has
    std::optional<Intent> intent_;
    std::optional<WorkerNotes> notes_;  ///< of the present worker
    bool done_ = false;
    int silent_deaths_ = 0;  ///< in a row, of workers that said nothing
};

void RunnerChild::ProblemRun::choose() {
    asked_.clear();
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        if (is_finished_[i]) continue;
        const auto why = runner_.given_up_.find(cells_[i].device->id);
        if (why != runner_.given_up_.end())
            fail(i, Outcome::error, "the device is given up: " + why->second);
        else
            asked_.push_back(i);
    }
}

void RunnerChild::ProblemRun::ask() {
    const Problem& problem = *cells_.front().problem;
    RunRequest request{work_, std::string(problem.operation()), problem.id(), {}, options_, given_ != nullptr};
    for (const std::size_t i : asked_) {
        request.cells.push_back({cells_[i].variant->id(), sent(*cells_[i].device)});
        seen_[i].emplace_back();
    }
    intent_.reset();
    done_ = false;
    notes_.emplace();
    runner_.say({.run = std::move(request)}, notes_->file());
}

void RunnerChild::ProblemRun::run() {
    while (!runner_.stop_()) {
        choose();
        if (asked_.empty()) return;
        ask();
        listen();
        if (done_) return;
    }
}

void RunnerChild::ProblemRun::listen() {
    constexpr double start_seconds = 60;
    while (!done_) {
        std::optional<double> limit = start_seconds;
        if (intent_) limit = time_limit(intent_->phase, *culprit().problem, *culprit().device, options_);
        Heard heard = runner_.hear(limit, [this] { return notes_->news(); });
        if (!heard.reply || heard.reply->lost) read_up();
        if (!heard.reply) return blame(heard.death);
        if (heard.reply->lost) {
            runner_.bury(Outcome::error, "its device was lost");
            return;
        }
        try {
            take(*heard.reply);
        } catch (const Unreadable& error) {
            const std::string how = fmt::format("its worker's outputs cannot be read: {}", error.what());
            return blame(runner_.bury(Outcome::error, how));
        }
    }
}

void RunnerChild::ProblemRun::take_outputs(const SharedParts& parts) {
    std::vector<TensorSpec> specs = cells_.front().problem->tensors();
    std::erase_if(specs, [](const TensorSpec& spec) { return spec.role != Role::output; });
    try {
        outputs = shared_tensors(runner_.child().channel().take_file(), parts.sizes, std::move(specs));
    } catch (const std::exception& error) {
        throw Unreadable(error.what());
    }
}

void RunnerChild::ProblemRun::read_up() {
    for (const Reply& reply : notes_->unread()) {
        if (reply.about_to) take(*reply.about_to);
        if (reply.sampled) take(*reply.sampled);
    }
}

void RunnerChild::ProblemRun::take(const Intent& intent) {
    // Notes are read later than what was said after them.
    if (intent.cell >= asked_.size() || (intent_ && intent.step < intent_->step)) return;
    intent_ = intent;
    if (intent.phase != Phase::open) runner_.failed_openings_.erase(culprit().device->id);
    Intent told = intent;
    told.cell = place(told.cell);
    events_.about_to(told);
}

void RunnerChild::ProblemRun::take(const SampleReply& reply) {
    if (reply.cell < asked_.size()) append(seen_[place(reply.cell)].back(), reply.sample);
}

void RunnerChild::ProblemRun::take(Reply& reply) {
    silent_deaths_ = 0;
    if (reply.about_to) {
        take(*reply.about_to);
    } else if (reply.sampled) {
        read_up();  // which is full
        take(*reply.sampled);
    } else if (reply.finished && reply.finished->cell < asked_.size()) {
        FinishedReply& finished = *reply.finished;
        if (finished.outputs && !finished.outputs->sizes.empty()) take_outputs(*finished.outputs);
        const std::size_t cell = place(finished.cell);
        finish(cell, std::move(finished));
    } else if (reply.want) {
        give(*reply.want);
    } else if (reply.failed) {
        for (const std::size_t cell : asked_)
            if (!is_finished_[cell]) fail(cell, Outcome::error, "its worker: " + *reply.failed);
        done_ = true;
    } else if (reply.done) {
        done_ = true;
    }
}

/// What a dead worker had measured of a cell is taken into the timing that a later one completed.
void RunnerChild::ProblemRun::finish(std::size_t cell, FinishedReply reply) {
    if (is_finished_[cell]) return;
    is_finished_[cell] = true;
    Measurement measurement = blank_measurement(cells_[cell], options_);
    measurement.verdict = std::move(reply.verdict);
    measurement.ran = std::move(reply.ran);
    measurement.untimed = std::move(reply.untimed);
    if (reply.timing) {
        std::vector<Timing> parts;
        for (std::size_t i = 0; i + 1 < seen_[cell].size(); ++i)
            if (!seen_[cell][i].samples_ns.empty()) parts.push_back(std::move(seen_[cell][i]));
        if (reply.timing->clock.empty())
            for (Timing& part : parts) part.clock.clear();
        parts.push_back(std::move(*reply.timing));
        measurement.timing = parts.size() == 1 ? std::move(parts.front()) : merged(std::move(parts));
    }
    events_.finished(cell, std::move(measurement));
}

void RunnerChild::ProblemRun::fail(std::size_t cell, Outcome outcome, std::string reason) {
    FinishedReply reply;
    reply.verdict.outcome = outcome;
    reply.verdict.reason = std::move(reason);
    finish(cell, std::move(reply));
}

/// What cannot be computed is the cell's fault: the worker is told, and makes a verdict of it.
void RunnerChild::ProblemRun::give(const Want& want) try {
    const Problem& problem = *cells_.front().problem;
    SharedParts parts;
    const auto send = [&](const auto& tensors) {
        const Descriptor file = shared(*tensors, parts.sizes);
        runner_.say({.shared = parts}, file.get());
    };
    ReferenceCache& cache = runner_.references_;
    if (want.arithmetic)
        send(given_ ? given_->expected : cache.expected(problem, want.seed, want.fill, *want.arithmetic));
    else
        send(given_ ? given_->inputs : cache.inputs(problem, want.seed, want.fill));
} catch (const std::bad_alloc& error) {
    runner_.say({.refused = Refusal{error.what(), true}});
} catch (const std::exception& error) {
    runner_.say({.refused = Refusal{error.what()}});
}

void RunnerChild::ProblemRun::blame(const Death& death) {
    if (death.stopped) return;
    if (!intent_) {
        if (++silent_deaths_ < most_openings) return;
        for (const std::size_t cell : asked_)
            fail(cell, Outcome::error, fmt::format("no worker process comes to work: {}", death.how));
        return;
    }
    const Cell& cell = culprit();
    if (intent_->phase == Phase::open) {
        if (++runner_.failed_openings_[cell.device->id] >= most_openings)
            runner_.given_up_[cell.device->id] =
                fmt::format("it ended {} fresh workers in a row: {}", most_openings, death.how);
        return;
    }
    std::string reason = fmt::format("{} {}", death.how, while_in(intent_->phase));
    if (death.outcome == Outcome::timeout) reason += "; its worker process was ended";
    if (death.starved) reason += fmt::format("; its operands take {}", bytes_text(operand_bytes(*cell.problem)));
    fail(place(intent_->cell), death.outcome, std::move(reason));
}

void RunnerChild::run(Work work, std::span<const Cell> cells, const SamplerOptions& options,
                      const RunnerEvents& events) {
    ProblemRun(*this, work, cells, options, events, nullptr).run();
}

GivenRun RunnerChild::run_given(const Cell& cell, const Given& given, const SamplerOptions& options,
                                const RunnerEvents& events) {
    GivenRun out{blank_measurement(cell, options), {}};
    RunnerEvents own = events;
    own.finished = [&](std::size_t, Measurement measurement) { out.measurement = std::move(measurement); };
    ProblemRun work(*this, Work::verify, std::span(&cell, 1), options, own, &given);
    work.run();
    out.outputs = std::move(work.outputs);
    return out;
}

}  // namespace stele
