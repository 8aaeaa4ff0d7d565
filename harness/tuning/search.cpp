#include "harness/tuning/search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "harness/base/statistics.hpp"
#include "harness/tuning/final.hpp"

namespace stele {

namespace {

using Clock = std::chrono::steady_clock;

// Shares of the time: the local search may use what the random tiles leave, the final has the rest.
constexpr double coarse_share = 0.45, search_share = 0.75;

class Search {
public:
    Search(const TuneTask& task, const TuneOptions& options, const Watcher& watcher, CellRunner& runner,
           const std::function<void(const std::vector<TriedTile>&)>& keep)
        : task_(task),
          choices_(*task.choices),
          options_(options),
          watcher_(watcher),
          runner_(runner),
          keep_(keep),
          position_(choices_.size(), untried),
          refused_(choices_.size()) {}

    void recall(std::vector<TriedTile> tried);
    TuneResult run();

private:
    static constexpr std::size_t untried = ~std::size_t{0};

    double elapsed() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
    bool is_tried(std::size_t index) const { return position_[index] != untried; }
    bool supported(std::size_t index);
    void add(std::size_t index, TriedTile tile);
    /// Those that passed, best first.
    std::vector<std::size_t> ranked() const;
    std::size_t how_many(double until) const;
    void measure(const std::vector<std::size_t>& indices);
    void coarse();
    std::string local();
    std::vector<std::size_t> untried_neighbours();
    std::vector<Measurement> bench(const std::vector<std::size_t>& indices, const SamplerOptions& sampling);
    void finish(TuneResult& result, std::string stopped_by);

    const TuneTask& task_;
    const TileChoices& choices_;
    const TuneOptions& options_;
    const Watcher& watcher_;
    CellRunner& runner_;
    const std::function<void(const std::vector<TriedTile>&)>& keep_;
    std::vector<TriedTile> tried_;
    std::vector<std::size_t> index_;     ///< of each tried tile, among the choices
    std::vector<std::size_t> position_;  ///< of each choice in tried_
    std::vector<bool> refused_;          ///< choices that the device or the problem does not take
    Clock::time_point start_ = Clock::now();
    double measuring_seconds_ = 0;
    std::size_t measured_ = 0;
};

/// A tile without its time; one that is right and too slow or too short to be timed is of no use.
TriedTile tried_tile(const Measurement& cell) {
    if (cell.untimed) return {cell.tile, Outcome::skipped, cell.untimed->reason, 0, 0};
    return {cell.tile, cell.verdict.outcome, cell.verdict.reason, 0, 0};
}

void Search::add(std::size_t index, TriedTile tile) {
    if (is_tried(index)) {
        tried_[position_[index]] = std::move(tile);
        return;
    }
    position_[index] = tried_.size();
    index_.push_back(index);
    tried_.push_back(std::move(tile));
}

bool Search::supported(std::size_t index) {
    if (!choices_.variant(index).supports(*task_.device, *task_.problem)) refused_[index] = true;
    return !refused_[index];
}

void Search::recall(std::vector<TriedTile> tried) {
    for (TriedTile& tile : tried)
        if (const auto index = choices_.find(tile.tile)) add(*index, std::move(tile));
}

std::vector<std::size_t> Search::ranked() const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < tried_.size(); ++i)
        if (tried_[i].outcome == Outcome::passed) out.push_back(index_[i]);
    std::stable_sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) {
        return tried_[position_[a]].relative < tried_[position_[b]].relative;
    });
    return out;
}

/// As many as take the time that is left, by what one has taken so far; few while that is not known.
std::size_t Search::how_many(double until) const {
    if (measured_ == 0) return std::min<std::size_t>(options_.together, 4);
    const double each = measuring_seconds_ / static_cast<double>(measured_);
    const double left = std::max(0.0, until - elapsed()) / std::max(each, 1e-9);
    return static_cast<std::size_t>(std::clamp(left, 1.0, static_cast<double>(options_.together)));
}

std::vector<Measurement> Search::bench(const std::vector<std::size_t>& indices, const SamplerOptions& sampling) {
    std::vector<Cell> cells;
    for (std::size_t index : indices) cells.push_back({&choices_.variant(index), task_.problem, task_.device});
    return run_cells(runner_, Work::bench, cells, sampling, watcher_);
}

void Search::measure(const std::vector<std::size_t>& indices) {
    const auto before = Clock::now();
    SamplerOptions sampling = options_.sampling;
    sampling.regime = Regime::burst;
    sampling.interval = 0.02;
    sampling.cell_seconds = 0.05;
    sampling.longest_timed_seconds = sampling.cell_timeout_seconds;
    sampling.least_samples = 3;
    sampling.most_samples = 30;

    const std::vector<std::size_t> best = ranked();
    std::vector<std::size_t> together = indices;
    if (!best.empty()) together.insert(together.begin(), best.front());
    const std::vector<Measurement> measurements = bench(together, sampling);

    // What the others are divided by: the best so far, or the first that passed where there is none.
    double anchor_ns = 0, anchor_relative = 1;
    if (!best.empty()) {
        const TriedTile& anchor = tried_[position_[best.front()]];
        anchor_ns = anchor.median_ns;
        anchor_relative = anchor.relative;
    }
    for (const Measurement& cell : measurements) {
        const bool is_anchor = !best.empty() && cell.tile == choices_.tile(best.front());
        if (cell.timing && (is_anchor || anchor_ns == 0)) anchor_ns = cell.timing->median_ns;
    }
    for (const Measurement& cell : measurements) {
        const std::size_t index = *choices_.find(cell.tile);
        TriedTile tile = tried_tile(cell);
        if (cell.timing) {
            tile.median_ns = cell.timing->median_ns;
            tile.relative = tile.median_ns / anchor_ns * anchor_relative;
        }
        add(index, std::move(tile));
    }
    measuring_seconds_ += std::chrono::duration<double>(Clock::now() - before).count();
    measured_ += together.size();
    keep_(tried_);
}

void Search::coarse() {
    std::vector<std::size_t> order(choices_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    SeededDraws(options_.sampling.seed).shuffle(order);
    // The default first, since its regret is asked for.
    std::stable_partition(order.begin(), order.end(), [&](std::size_t i) { return i == choices_.default_index(); });

    const double until = coarse_share * options_.seconds;
    std::vector<std::size_t> next;
    for (std::size_t i = 0; i < order.size() && !watcher_.stop(); ++i) {
        if (!is_tried(order[i]) && supported(order[i])) next.push_back(order[i]);
        const bool full = tried_.size() + next.size() >= options_.coarse;
        if (next.size() < how_many(until) && !full && i + 1 < order.size()) continue;
        if (!next.empty()) measure(next);
        next.clear();
        if (tried_.size() >= options_.coarse || (elapsed() >= until && measured_ > 0)) return;
    }
}

std::vector<std::size_t> Search::untried_neighbours() {
    std::vector<std::size_t> best = ranked(), out;
    best.resize(std::min(best.size(), options_.best_few));
    for (std::size_t centre : best)
        for (std::size_t neighbour : choices_.neighbours(centre))
            if (!is_tried(neighbour) && std::find(out.begin(), out.end(), neighbour) == out.end() &&
                supported(neighbour))
                out.push_back(neighbour);
    return out;
}

/// Returns why it ended.
std::string Search::local() {
    const double until = search_share * options_.seconds;
    while (!watcher_.stop()) {
        std::vector<std::size_t> next = untried_neighbours();
        if (next.empty()) {
            const auto refused = static_cast<std::size_t>(std::count(refused_.begin(), refused_.end(), true));
            return tried_.size() + refused == choices_.size() ? "every tile tried" : "no better neighbour";
        }
        if (elapsed() >= until) return "budget";
        next.resize(std::min(next.size(), how_many(until)));
        measure(next);
    }
    return "interrupted";
}

void Search::finish(TuneResult& result, std::string stopped_by) {
    std::vector<std::size_t> finalists = ranked();
    finalists.resize(std::min(finalists.size(), options_.best_few));
    const std::size_t by_default = choices_.default_index();
    const bool default_passed = is_tried(by_default) && tried_[position_[by_default]].outcome == Outcome::passed;
    if (default_passed && std::find(finalists.begin(), finalists.end(), by_default) == finalists.end())
        finalists.push_back(by_default);

    SamplerOptions sampling = options_.sampling;
    sampling.regime = Regime::burst;
    sampling.interval = 0;
    sampling.least_samples = 10;
    sampling.most_samples = 200;
    const double left = options_.seconds - elapsed();
    sampling.cell_seconds = std::clamp(left / static_cast<double>(finalists.size() + 1), 0.1, 1.0);
    sampling.longest_timed_seconds = sampling.cell_timeout_seconds;
    watcher_.progress(fmt::format("the best {} against each other", finalists.size()));
    std::vector<Measurement> measurements = bench(finalists, sampling);
    if (watcher_.stop()) {
        result.interrupted = true;
        return;
    }
    std::vector<Finalist> passed;
    for (Measurement& cell : measurements) {
        const std::size_t index = *choices_.find(cell.tile);
        if (cell.timing) {
            passed.push_back({cell.tile, choices_.cost(index), index == by_default, std::move(*cell.timing)});
        } else {
            add(index, tried_tile(cell));
        }
    }
    if (passed.empty()) return;
    TunedCell cell = decide(passed);
    cell.variant = choices_.variant(by_default).base_id();
    cell.problem = task_.problem->id();
    cell.default_tile = choices_.tile(by_default);
    cell.candidates = tried_.size();
    cell.space = choices_.size();
    cell.stopped_by = std::move(stopped_by);
    cell.seed = options_.sampling.seed;
    for (const TriedTile& tile : tried_)
        if (is_failure(tile.outcome)) cell.failed.push_back(tile);
    result.tuned = std::move(cell);
}

TuneResult Search::run() {
    coarse();
    std::string stopped_by = local();
    TuneResult result;
    if (watcher_.stop())
        result.interrupted = true;
    else if (!ranked().empty())
        finish(result, std::move(stopped_by));
    result.tried = std::move(tried_);
    return result;
}

}  // namespace

TuneResult tune(const TuneTask& task, const TuneOptions& options, const Watcher& watcher, CellRunner& runner,
                std::vector<TriedTile> tried_before, const std::function<void(const std::vector<TriedTile>&)>& keep) {
    Search search(task, options, watcher, runner, keep);
    search.recall(std::move(tried_before));
    return search.run();
}

}  // namespace stele
