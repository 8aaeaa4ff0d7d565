// What a run produced: verdicts, timings, and the report that holds them. Plain data; no device, no file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/backend.hpp"
#include "kernels/libraries.hpp"
#include "kernels/operation.hpp"

namespace stele {

enum class Outcome { passed, wrong, impossible, skipped, error, timeout };
constexpr auto name_list(Outcome) {
    return name_rows<Outcome>({{Outcome::passed, "passed"},
                               {Outcome::wrong, "wrong"},
                               {Outcome::impossible, "impossible"},
                               {Outcome::skipped, "skipped"},
                               {Outcome::error, "error"},
                               {Outcome::timeout, "timeout"}});
}
/// wrong, impossible, error or timeout: the run has failed.
bool is_failure(Outcome outcome);

struct Verdict {
    Outcome outcome = Outcome::skipped;
    std::string reason;        ///< empty when passed
    std::string worst_tensor;  ///< output with the largest error relative to its bound
    std::vector<std::int64_t> worst_index;
    double worst_expected = 0, worst_got = 0;
    double max_absolute = 0;
    double max_relative = 0;    ///< |error| / max(|expected|, the tensor's root mean square)
    double rms = 0;             ///< of the error, over the root mean square of the expected values
    double worst_of_bound = 0;  ///< largest error ÷ its bound; at most 1 when passed
    std::size_t nonfinite = 0;  ///< non-finite outputs that should be finite, or the other way round
};

enum class Regime { burst, sustained };
constexpr auto name_list(Regime) {
    return name_rows<Regime>({{Regime::burst, "burst"}, {Regime::sustained, "sustained"}});
}

enum class CacheMode { cold, warm };
constexpr auto name_list(CacheMode) {
    return name_rows<CacheMode>({{CacheMode::cold, "cold"}, {CacheMode::warm, "warm"}});
}

/// Why no more samples were taken.
enum class StoppedBy { interval, time_limit, sample_limit, interrupted };
constexpr auto name_list(StoppedBy) {
    return name_rows<StoppedBy>({{StoppedBy::interval, "interval"},
                                 {StoppedBy::time_limit, "time limit"},
                                 {StoppedBy::sample_limit, "sample limit"},
                                 {StoppedBy::interrupted, "interrupted"}});
}

/// Samples in the order taken. A pass goes once over all cells of a problem.
struct Timing {
    std::vector<double> samples_ns;    ///< per execution of the plan
    std::vector<std::uint32_t> pass;   ///< pass of each sample
    std::vector<std::uint32_t> round;  ///< of each sample: which of the processes it was taken in
    std::vector<ClockState> clock;     ///< per sample, or empty where the device cannot tell
    std::uint32_t passes = 0, rounds = 0;
    std::uint32_t batch = 1;  ///< executions per sample, where one is shorter than 50 × resolution
    double median_ns = 0, low_ns = 0, high_ns = 0;  ///< interval of the median, between two of the samples
    double coverage = 0;  ///< of that interval: at least 0.95, less only where samples were too few
    StoppedBy stopped_by = StoppedBy::interrupted;
    double build_ns = 0, first_launch_ns = 0;
    double footprint_bytes = 0;   ///< operands of one execution
    std::uint32_t rotations = 1;  ///< buffer sets the executions rotate over
    bool evicted = false;         ///< the cache was overwritten before each sample, outside the timed window
    double floor_ns = 0;          ///< no faster is possible; 0: not known
    std::string floor_reason;     ///< what sets the floor and where its peak is from, or why there is none
};

/// Why what passed has no timing.
struct Untimed {
    std::string reason;
    double execution_ns = 0;  ///< that one execution took; 0: not known
};

struct Measurement {
    std::string variant, operation, algorithm, tile;
    Language language = Language::host;
    std::string problem;
    std::optional<std::string> known_as{};  ///< what the problem's shape is known for
    Dtype dtype = Dtype::f32;
    std::string device;
    Regime regime = Regime::burst;
    CacheMode cache = CacheMode::cold;
    Fill fill = Fill::normal;
    std::uint64_t seed = 0;
    Verdict verdict;
    std::optional<Timing> timing;      ///< absent unless the verdict is passed
    std::optional<Untimed> untimed{};  ///< where it was to be timed, passed, and was not
    double flops = 0, bytes = 0, dense_flops = 0;
    /// Where the tile is from: a tuning file's entry, or "default". Absent where the tile was asked for or there is
    /// none.
    std::optional<std::string> tuning{};
    /// Id of the variant that ran, where the row chooses among others.
    std::optional<std::string> ran{};
};

/// Where and how the run was made.
struct Environment {
    std::string revision, version;  ///< baked in at build
    std::string host_compiler, cuda_compiler, build_type, cuda_flags, cxx_flags;
    std::string cpu, governor, os;
    std::string cpu_family;             ///< CpuInfo::identity; empty: not known
    std::string allowed_cpus;           ///< of this process, "0-3,8"; empty: not known
    std::optional<double> cpu_quota{};  ///< CPUs' worth of time; absent: no quota
    int cpu_threads = 0;
    std::string started;  ///< UTC, ISO 8601
    std::vector<std::string> command_line;
    std::map<std::string, std::string> variables;  ///< those of a list that are set
    /// By the name of their rows; absent: an older report, which does not tell.
    std::optional<std::map<std::string, LibraryState>> libraries{};
};

struct AbsentBackend {
    std::string name, why;
};

struct Report {
    Environment environment;
    std::vector<DeviceInfo> devices;
    std::map<std::string, ClockCheck> clocks;  ///< by device id
    std::vector<AbsentBackend> absent;
    std::vector<Measurement> measurements;
    bool complete = true;  ///< false: interrupted
};

}  // namespace stele
