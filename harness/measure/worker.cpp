#include "harness/measure/worker.hpp"

#include <fmt/format.h>

#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "harness/base/shared_lines.hpp"
#include "harness/catalog/device_set.hpp"
#include "harness/catalog/registry.hpp"
#include "harness/measure/messages.hpp"
#include "harness/measure/references.hpp"
#include "harness/measure/runner_here.hpp"

namespace stele {
namespace {

/// Nobody hears us any more.
struct NobodyThere {};

class Worker;

/// Asks the other end, which computes each once for all its workers.
class ReferencesAsked final : public ReferenceSource {
public:
    explicit ReferencesAsked(Worker& worker) : worker_(worker) {}
    std::vector<Tensor> inputs(const Problem& problem, std::uint64_t seed, Fill fill) override;
    std::vector<Expected> expected(const Problem& problem, std::uint64_t seed, Fill fill, const Arithmetic& arithmetic,
                                   const std::vector<Tensor>& inputs) override;

private:
    Worker& worker_;
};

class Worker {
public:
    explicit Worker(Channel& channel) : channel_(channel) {}

    void serve();
    /// Throws what the other end met when it computed.
    SharedParts ask(const Want& want);
    Descriptor take_file() { return channel_.take_file(); }

private:
    // What a run may need once more; other problems' are asked for again.
    static constexpr std::size_t most_reference_bytes = std::size_t{256} << 20;

    void say(const Reply& reply, int file = -1) {
        if (!channel_.send(text_of(reply), file)) throw NobodyThere{};
    }
    /// What is done many times a second is told where it wakes nobody: who looks has it, also after our death.
    void note(const Reply& reply) {
        if (!lines_ || !lines_->append(text_of(reply))) say(reply);
    }
    Request next();
    void answer(const Request& request);
    FoundReply list(const ListRequest& request);
    void run(const RunRequest& request);
    void run_given(const Cell& cell, const SamplerOptions& options);
    RunnerEvents events();
    void finish(std::size_t cell, const Measurement& measurement);
    void end_if_lost(std::size_t cell);
    bool stopped();

    Channel& channel_;
    Registry registry_;
    OpenDevices devices_;
    ReferenceCache references_{most_reference_bytes, std::make_unique<ReferencesAsked>(*this)};
    RunnerHere here_{devices_, references_};
    std::vector<Cell> cells_;             ///< of the present run
    std::unique_ptr<SharedLines> lines_;  ///< of the present run
    std::uint64_t steps_ = 0;
    bool stopped_ = false;
};

std::vector<TensorSpec> inputs_of(const Problem& problem) {
    std::vector<TensorSpec> specs = problem.tensors();
    std::erase_if(specs, [](const TensorSpec& spec) { return spec.role != Role::input; });
    return specs;
}

std::vector<Tensor> ReferencesAsked::inputs(const Problem& problem, std::uint64_t seed, Fill fill) {
    const SharedParts told = worker_.ask({seed, fill, std::nullopt});
    return shared_tensors(worker_.take_file(), told.sizes, inputs_of(problem));
}

std::vector<Expected> ReferencesAsked::expected(const Problem&, std::uint64_t seed, Fill fill,
                                                const Arithmetic& arithmetic, const std::vector<Tensor>&) {
    const SharedParts told = worker_.ask({seed, fill, arithmetic});
    return shared_expected(worker_.take_file(), told.sizes);
}

Request Worker::next() {
    std::string line;
    while (true) switch (channel_.hear(line, Channel::Clock::now() + std::chrono::hours(24))) {
            case Channel::Heard::line:
                return request_from(line);
            case Channel::Heard::silence:
                break;
            case Channel::Heard::closed:
            case Channel::Heard::flood:
                throw NobodyThere{};
        }
}

SharedParts Worker::ask(const Want& want) {
    say({.want = want});
    while (true) {
        const Request request = next();
        if (request.shared) return *request.shared;
        if (request.refused && request.refused->out_of_memory) throw std::bad_alloc();
        if (request.refused) throw std::runtime_error(request.refused->why);
        if (request.stop) stopped_ = true;
    }
}

bool Worker::stopped() {
    while (!stopped_ && channel_.pending()) {
        const Request request = next();
        stopped_ = request.stop.has_value();
    }
    return stopped_;
}

void Worker::end_if_lost(std::size_t cell) {
    const DeviceInfo& info = *cells_.at(cell).device;
    if (!devices_.is_open(info)) return;
    const std::string why = why_unusable(devices_.open(info));
    if (why.empty()) return;
    say({.lost = why});
    throw NobodyThere{};
}

void Worker::finish(std::size_t cell, const Measurement& measurement) {
    say({.finished = FinishedReply{cell, measurement.verdict, measurement.ran, measurement.timing, measurement.untimed,
                                   std::nullopt}});
    if (measurement.verdict.outcome == Outcome::error) end_if_lost(cell);
}

RunnerEvents Worker::events() {
    RunnerEvents events;
    events.about_to = [this](Intent intent) {
        intent.step = ++steps_;
        const bool often = intent.phase == Phase::warm_up || intent.phase == Phase::sample;
        often ? note({.about_to = intent}) : say({.about_to = intent});
    };
    events.finished = [this](std::size_t cell, const Measurement& measurement) { finish(cell, measurement); };
    events.stop = [this] { return stopped(); };
    events.sampled = [this](std::size_t cell, const Sample& sample) { note({.sampled = SampleReply{cell, sample}}); };
    // Others wait for their turn on a device that may be gone.
    events.failed = [this](std::size_t cell, const Verdict& verdict) {
        if (verdict.outcome != Outcome::error || why_unusable(devices_.open(*cells_.at(cell).device)).empty()) return;
        Measurement failed;
        failed.verdict = verdict;
        finish(cell, failed);
    };
    return events;
}

void Worker::run_given(const Cell& cell, const SamplerOptions& options) {
    // Not through the cache: they are nobody else's.
    ReferencesAsked asked(*this);
    Given given;
    given.inputs = std::make_shared<const std::vector<Tensor>>(asked.inputs(*cell.problem, options.seed, options.fill));
    const std::unique_ptr<Problem> followed = cell.problem->following(*given.inputs);
    Cell own = cell;
    if (followed) own.problem = followed.get();
    given.expected = std::make_shared<const std::vector<Expected>>(asked.expected(
        *own.problem, options.seed, options.fill, own.variant->arithmetic_for(*own.problem), *given.inputs));
    const GivenRun run = here_.run_given(own, given, options, events());
    FinishedReply finished{0, run.measurement.verdict, run.measurement.ran, std::nullopt, std::nullopt, SharedParts{}};
    const Descriptor outputs = shared(run.outputs, finished.outputs->sizes);
    say({.finished = finished}, outputs.get());
}

void Worker::run(const RunRequest& request) {
    stopped_ = false;
    lines_ = std::make_unique<SharedLines>(channel_.take_file());
    const std::unique_ptr<Problem> problem = registry_.operation(request.operation).parse(request.problem);
    std::vector<DeviceInfo> devices;
    for (const WorkerCell& cell : request.cells) devices.push_back(received(cell.device));
    cells_.clear();
    for (std::size_t i = 0; i < request.cells.size(); ++i)
        cells_.push_back({&registry_.variant(request.cells[i].variant), problem.get(), &devices[i]});
    if (cells_.empty()) throw std::runtime_error("a run without cells");
    if (request.given)
        run_given(cells_.front(), request.options);
    else
        here_.run(request.work, cells_, request.options, events());
}

FoundReply Worker::list(const ListRequest& request) {
    return reply_of(
        devices_.found(request.skipped, [this](std::string_view backend) { say({.listing = std::string(backend)}); }));
}

void Worker::answer(const Request& request) {
    try {
        if (request.list) {
            say({.found = list(*request.list)});
        } else if (request.check_clock) {
            say({.clock = here_.check_clock(received(request.check_clock->device))});
        } else if (request.run) {
            run(*request.run);
            say({.done = Nothing{}});
        }
    } catch (const std::exception& error) {
        say({.failed = error.what()});
    }
}

void Worker::serve() {
    try {
        while (true) answer(next());
    } catch (const NobodyThere&) {
    }
}

}  // namespace

void serve(Channel& channel) { Worker(channel).serve(); }

}  // namespace stele
