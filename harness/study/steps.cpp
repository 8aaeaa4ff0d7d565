#include "harness/study/steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "harness/base/child.hpp"
#include "harness/base/file.hpp"
#include "harness/base/json_document.hpp"
#include "harness/base/json_fields.hpp"
#include "harness/base/stopwatch.hpp"
#include "harness/record/report_fields.hpp"

namespace stele {
namespace {

constexpr DocumentKind steps_kind{"list of steps", "stele-steps", 1};

}  // namespace

/// What steps.json holds.
struct StepList {
    std::vector<StepResult> steps;
};

template <typename Visit, same_but_const<StepResult> T>
void visit_fields(Visit& visit, T& result) {
    visit("name", result.name);
    visit("outcome", result.outcome);
    visit("reason", result.reason);
    visit("output", result.output);
    visit("seconds", result.seconds);
}

template <typename Visit, same_but_const<StepList> T>
void visit_fields(Visit& visit, T& list) {
    visit("steps", list.steps);
}

namespace {

/// What another step may build on.
bool is_ground(StepOutcome outcome) { return outcome == StepOutcome::fine || outcome == StepOutcome::nothing; }

std::filesystem::path list_path(const std::filesystem::path& folder) { return folder / "steps.json"; }

/// A file name that tells the step.
std::string output_name(const std::string& step) {
    std::string name = step;
    for (char& c : name)
        if (std::string_view("/ =*?:").find(c) != std::string_view::npos) c = '_';
    return "output/" + name + ".txt";
}

/// Runs a step's program to its end, or to its limit.
StepResult run_step(const ContactStep& step, double limit, const std::filesystem::path& folder,
                    const std::function<bool()>& stop) try {
    StepResult result{step.name, StepOutcome::fine, "", output_name(step.name), 0};
    const auto start = std::chrono::steady_clock::now();
    Child child(step.words, (folder / result.output).string());
    std::string line;
    while (child.channel().hear(line, Channel::Clock::now() + std::chrono::milliseconds(100)) !=
           Channel::Heard::closed) {
        if (stop()) {
            result.outcome = StepOutcome::left_out;
            result.reason = "interrupted";
        } else if (seconds_since(start) > limit) {
            result.outcome = StepOutcome::timeout;
            result.reason = fmt::format("no end within {:.0f} s", limit);
        } else {
            continue;
        }
        child.end();
        result.seconds = seconds_since(start);
        return result;
    }
    const Ended ended = child.end(std::chrono::seconds(2));
    result.seconds = seconds_since(start);
    if (ended.signal == 0 && ended.code == 0) return result;
    if (ended.signal == 0 && ended.code == step.nothing_to_do) {
        result.outcome = StepOutcome::nothing;
        return result;
    }
    result.outcome = StepOutcome::failed;
    result.reason = ended.words();
    return result;
} catch (const std::exception& error) {
    return {step.name, StepOutcome::failed, error.what(), "", 0};
}

class StepRun {
public:
    StepRun(const std::vector<StepGroup>& groups, double budget, std::filesystem::path folder,
            const std::function<void(const std::string&)>& told, const std::function<bool()>& stop)
        : groups_(groups), budget_(budget), folder_(std::move(folder)), told_(told), stop_(stop) {
        for (StepResult& known : read_steps(folder_))
            if (known.outcome != StepOutcome::left_out) results_[known.name] = std::move(known);
        make_folder(folder_ / "output");
    }

    std::vector<StepResult> run() {
        double share = 0;
        for (const StepGroup& group : groups_) {
            share += group.share;
            run(group, std::min(1.0, share) * budget_);
        }
        return ordered();
    }

private:
    void run(const StepGroup& group, double until) {
        std::atomic<std::size_t> next = 0;
        const auto work = [&] {
            for (std::size_t i = next++; i < group.steps.size(); i = next++) one(group.steps[i], until);
        };
        std::vector<std::thread> threads;
        for (std::size_t i = 1; i < std::min(group.together, group.steps.size()); ++i) threads.emplace_back(work);
        work();
        for (std::thread& thread : threads) thread.join();
    }

    void one(const ContactStep& step, double until) {
        std::unique_lock lock(mutex_);
        if (results_.contains(step.name)) return;
        StepResult result{step.name, StepOutcome::left_out, "", "", 0};
        const double left = until - seconds_since(start_);
        if (stop_()) {
            result.reason = "interrupted";
        } else if (left < 1) {
            result.reason = "no time was left";
        } else if (const auto needed = results_.find(step.needs);
                   !step.needs.empty() && needed != results_.end() && !is_ground(needed->second.outcome)) {
            result.reason = step.needs + " is not right, on which it builds";
        } else {
            told_(fmt::format("{} ({:.0f} s of {:.0f} s)", step.name, seconds_since(start_), budget_));
            lock.unlock();
            result = run_step(step, std::min(step.limit_seconds, left), folder_, stop_);
            lock.lock();
        }
        results_[step.name] = std::move(result);
        StepList list{ordered()};
        nlohmann::ordered_json json = new_document(steps_kind);
        json_fields::write_fields(json, list);
        write_atomically(list_path(folder_), dump(json));
    }

    std::vector<StepResult> ordered() const {
        std::vector<StepResult> out;
        for (const StepGroup& group : groups_)
            for (const ContactStep& step : group.steps)
                if (const auto known = results_.find(step.name); known != results_.end()) out.push_back(known->second);
        return out;
    }

    const std::vector<StepGroup>& groups_;
    double budget_;
    std::filesystem::path folder_;
    const std::function<void(const std::string&)>& told_;
    const std::function<bool()>& stop_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    std::mutex mutex_;
    std::map<std::string, StepResult> results_;
};

}  // namespace

std::vector<StepResult> read_steps(const std::filesystem::path& folder) {
    if (!std::filesystem::exists(list_path(folder))) return {};
    StepList list;
    json_fields::read(parse_document(read_text(list_path(folder)), steps_kind), "", list);
    return std::move(list.steps);
}

std::vector<StepResult> run_steps(const std::vector<StepGroup>& groups, double budget_seconds,
                                  const std::filesystem::path& folder,
                                  const std::function<void(const std::string& line)>& told,
                                  const std::function<bool()>& stop) {
    return StepRun(groups, budget_seconds, folder, told, stop).run();
}

}  // namespace stele
