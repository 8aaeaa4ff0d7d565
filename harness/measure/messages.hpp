// What is said between a run and its worker processes: a line of JSON a message, with a file in memory beside it where
// tensors go along. Read strictly, as a worker's memory may be anybody's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/measure/runner.hpp"
#include "harness/measure/shared_tensors.hpp"

namespace stele {

/// A device with what a report does not tell of it.
struct FoundDevice {
    DeviceInfo info;
    HostQueue host_queue = HostQueue::none;
    bool opencl_as_ptx = false;
};

// Requests, to a worker.

struct ListRequest {
    std::vector<std::string> skipped;  ///< backends that are not to be asked
};

struct ClockRequest {
    FoundDevice device;
};

struct WorkerCell {
    std::string variant;  ///< its id
    FoundDevice device;
};

struct RunRequest {
    Work work = Work::verify;
    std::string operation, problem;
    std::vector<WorkerCell> cells;
    SamplerOptions options;
    bool given = false;  ///< one checked run, on inputs that are asked for as they are given
};

/// The answer to a Want; its data are in the file beside it.
struct SharedParts {
    PartSizes sizes;
};

/// Why a Want is not answered.
struct Refusal {
    std::string why;
    bool out_of_memory = false;
};

struct Nothing {};

/// One of these.
struct Request {
    std::optional<ListRequest> list{};
    std::optional<ClockRequest> check_clock{};
    std::optional<RunRequest> run{};
    std::optional<SharedParts> shared{};
    std::optional<Refusal> refused{};
    std::optional<Nothing> stop{};  ///< the run, soon
};

// Replies, from a worker.

struct FoundReply {
    std::vector<FoundDevice> devices;
    std::vector<AbsentBackend> absent;
};

struct SampleReply {
    std::size_t cell = 0;
    Sample sample;
};

struct FinishedReply {
    std::size_t cell = 0;
    Verdict verdict;
    std::optional<std::string> ran{};
    std::optional<Timing> timing{};
    std::optional<Untimed> untimed{};
    std::optional<SharedParts> outputs{};  ///< of a given run; their data are in the file beside it
};

/// Inputs or references, which only the asker's process computes.
struct Want {
    std::uint64_t seed = 0;
    Fill fill = Fill::normal;
    std::optional<Arithmetic> arithmetic{};  ///< of the reference; none: the inputs
};

/// One of these.
struct Reply {
    std::optional<std::string> listing{};  ///< a backend that is about to be asked
    std::optional<FoundReply> found{};
    std::optional<ClockCheck> clock{};
    std::optional<Intent> about_to{};
    std::optional<SampleReply> sampled{};
    std::optional<FinishedReply> finished{};
    std::optional<Want> want{};
    std::optional<std::string> lost{};  ///< the device of a cell is unusable from here on, and so is the worker
    std::optional<std::string> failed{};
    std::optional<Nothing> done{};
};

std::string text_of(const Request& request);
std::string text_of(const Reply& reply);
/// Throw ReportError that says what is wrong.
Request request_from(std::string_view text);
Reply reply_from(std::string_view text);

FoundDevice sent(const DeviceInfo& info);
DeviceInfo received(FoundDevice device);
FoundReply reply_of(const FoundDevices& found);
FoundDevices found_in(FoundReply reply);

}  // namespace stele
