#include "harness/measure/messages.hpp"

#include <utility>

#include "harness/base/json_document.hpp"
#include "harness/base/json_fields.hpp"
#include "harness/record/report_fields.hpp"

namespace stele {

template <typename Visit, same_but_const<FoundDevice> T>
void visit_fields(Visit& visit, T& device) {
    visit("info", device.info);
    visit("host_queue", device.host_queue);
    visit("opencl_as_ptx", device.opencl_as_ptx);
}

template <typename Visit, same_but_const<ListRequest> T>
void visit_fields(Visit& visit, T& request) {
    visit("skipped", request.skipped);
}

template <typename Visit, same_but_const<ClockRequest> T>
void visit_fields(Visit& visit, T& request) {
    visit("device", request.device);
}

template <typename Visit, same_but_const<WorkerCell> T>
void visit_fields(Visit& visit, T& cell) {
    visit("variant", cell.variant);
    visit("device", cell.device);
}

template <typename Visit, same_but_const<SamplerOptions> T>
void visit_fields(Visit& visit, T& options) {
    visit("seed", options.seed);
    visit("round", options.round);
    visit("fill", options.fill);
    visit("cache", options.cache);
    visit("regime", options.regime);
    visit("interval", options.interval);
    visit("cell_seconds", options.cell_seconds);
    visit("least_samples", options.least_samples);
    visit("most_samples", options.most_samples);
    visit("longest_timed_seconds", options.longest_timed_seconds);
    visit("cell_timeout_seconds", options.cell_timeout_seconds);
    visit("time_limit_seconds", options.time_limit_seconds);
    visit("energy", options.energy);
    visit("warmup_seconds", options.warmup_seconds);
}

template <typename Visit, same_but_const<RunRequest> T>
void visit_fields(Visit& visit, T& request) {
    visit("work", request.work);
    visit("operation", request.operation);
    visit("problem", request.problem);
    visit("cells", request.cells);
    visit("options", request.options);
    visit("given", request.given);
}

template <typename Visit, same_but_const<SharedParts> T>
void visit_fields(Visit& visit, T& parts) {
    visit("sizes", parts.sizes);
}

template <typename Visit, same_but_const<Refusal> T>
void visit_fields(Visit& visit, T& refusal) {
    visit("why", refusal.why);
    visit("out_of_memory", refusal.out_of_memory);
}

template <typename Visit, same_but_const<Nothing> T>
void visit_fields(Visit&, T&) {}

template <typename Visit, same_but_const<Request> T>
void visit_fields(Visit& visit, T& request) {
    visit("list", request.list);
    visit("check_clock", request.check_clock);
    visit("run", request.run);
    visit("shared", request.shared);
    visit("refused", request.refused);
    visit("stop", request.stop);
}

template <typename Visit, same_but_const<FoundReply> T>
void visit_fields(Visit& visit, T& reply) {
    visit("devices", reply.devices);
    visit("absent", reply.absent);
}

template <typename Visit, same_but_const<Intent> T>
void visit_fields(Visit& visit, T& intent) {
    visit("phase", intent.phase);
    visit("cell", intent.cell);
    visit("pass", intent.pass);
    visit("active", intent.active);
    visit("seconds", intent.seconds);
    visit("step", intent.step);
}

template <typename Visit, same_but_const<Sample> T>
void visit_fields(Visit& visit, T& sample) {
    visit("ns", sample.ns);
    visit("pass", sample.pass);
    visit("clock", sample.clock);
    visit("stolen_ms", sample.stolen_ms);
}

template <typename Visit, same_but_const<SampleReply> T>
void visit_fields(Visit& visit, T& reply) {
    visit("cell", reply.cell);
    visit("sample", reply.sample);
}

template <typename Visit, same_but_const<FinishedReply> T>
void visit_fields(Visit& visit, T& reply) {
    visit("cell", reply.cell);
    visit("verdict", reply.verdict);
    visit("ran", reply.ran);
    visit("timing", reply.timing);
    visit("untimed", reply.untimed);
    visit("outputs", reply.outputs);
}

template <typename Visit, same_but_const<Arithmetic> T>
void visit_fields(Visit& visit, T& arithmetic) {
    visit("accumulate", arithmetic.accumulate);
    visit("probabilities", arithmetic.probabilities);
    visit("promote_every", arithmetic.promote_every);
    visit("products_per_rounding", arithmetic.products_per_rounding);
    visit("narrower_roundoff", arithmetic.narrower_roundoff);
}

template <typename Visit, same_but_const<Want> T>
void visit_fields(Visit& visit, T& want) {
    visit("seed", want.seed);
    visit("fill", want.fill);
    visit("arithmetic", want.arithmetic);
}

template <typename Visit, same_but_const<Reply> T>
void visit_fields(Visit& visit, T& reply) {
    visit("listing", reply.listing);
    visit("found", reply.found);
    visit("clock", reply.clock);
    visit("about_to", reply.about_to);
    visit("sampled", reply.sampled);
    visit("finished", reply.finished);
    visit("want", reply.want);
    visit("lost", reply.lost);
    visit("failed", reply.failed);
    visit("done", reply.done);
}

namespace {

template <typename T>
T message_from(std::string_view text) {
    const T message = json_fields::from_line<T>(text);
    int said = 0;
    auto count = [&said](const char*, const auto& field) { said += field.has_value(); };
    visit_fields(count, message);
    if (said != 1) throw ReportError("a message says one thing, not " + std::to_string(said));
    return message;
}

}  // namespace

std::string text_of(const Request& request) { return json_fields::line_of(request); }
std::string text_of(const Reply& reply) { return json_fields::line_of(reply); }
Request request_from(std::string_view text) { return message_from<Request>(text); }
Reply reply_from(std::string_view text) { return message_from<Reply>(text); }

FoundDevice sent(const DeviceInfo& info) { return {info, info.host_queue, info.opencl_as_ptx}; }

DeviceInfo received(FoundDevice device) {
    DeviceInfo info = std::move(device.info);
    info.host_queue = device.host_queue;
    info.opencl_as_ptx = device.opencl_as_ptx;
    return info;
}

FoundReply reply_of(const FoundDevices& found) {
    FoundReply reply{{}, found.absent};
    for (const DeviceInfo& info : found.infos) reply.devices.push_back(sent(info));
    return reply;
}

FoundDevices found_in(FoundReply reply) {
    FoundDevices found{{}, std::move(reply.absent)};
    for (FoundDevice& device : reply.devices) found.infos.push_back(received(std::move(device)));
    return found;
}

}  // namespace stele
