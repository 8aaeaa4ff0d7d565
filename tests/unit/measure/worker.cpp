// A worker, talked to from the other end of its channel; and what it notes where nobody is woken.
#include "harness/measure/worker.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <thread>

#include "harness/base/shared_lines.hpp"
#include "harness/catalog/registry.hpp"
#include "harness/measure/messages.hpp"
#include "harness/measure/worker_notes.hpp"

namespace stele::worker_test {
namespace {

class Served : public testing::Test {
protected:
    Served() {
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        ours.emplace(Descriptor(ends[0]));
        served = std::thread([end = ends[1]] {
            Channel theirs{Descriptor(end)};
            serve(theirs);
        });
    }
    ~Served() override { leave(); }
    /// A worker to whom nobody speaks any more ends.
    void leave() {
        ours.reset();
        if (served.joinable()) served.join();
    }

    void say(const Request& request, int file = -1) { ASSERT_TRUE(ours->send(text_of(request), file)); }
    Reply hear() {
        std::string line;
        if (ours->hear(line, Channel::Clock::now() + std::chrono::minutes(2)) != Channel::Heard::line)
            throw std::runtime_error("the worker says nothing");
        return reply_from(line);
    }
    /// The host's own devices, of which there is always one.
    FoundReply host_devices() {
        ListRequest request;
        for (const BackendEntry& entry : backend_list())
            if (entry.name != "host") request.skipped.emplace_back(entry.name);
        say({.list = request});
        EXPECT_EQ(hear().listing, "host");
        return hear().found.value();
    }
    RunRequest request_of(const std::string& variant) {
        RunRequest request;
        request.operation = "gemm";
        request.problem = "m=8 n=8 k=8 f32";
        request.cells = {{variant, host_devices().devices.at(0)}};
        return request;
    }
    void run(const RunRequest& request) { say({.run = request}, notes.file()); }
    /// Inputs, then a reference, as they are asked for; what else is told until the run is done.
    std::vector<Reply> told_while_given(const Problem& problem) {
        std::vector<Reply> told;
        std::vector<Tensor> inputs;
        while (true) {
            Reply reply = hear();
            if (reply.done || reply.failed) return told;
            if (!reply.want) {
                told.push_back(std::move(reply));
                continue;
            }
            SharedParts parts;
            if (!reply.want->arithmetic) inputs = problem.inputs(reply.want->seed, reply.want->fill);
            const Descriptor file = reply.want->arithmetic
                                        ? shared(problem.reference(inputs, *reply.want->arithmetic), parts.sizes)
                                        : shared(inputs, parts.sizes);
            say({.shared = parts}, file.get());
        }
    }

    std::optional<Channel> ours;
    std::thread served;
    WorkerNotes notes;
};

TEST_F(Served, ListsWhatItIsNotToSkip) {
    const FoundReply found = host_devices();
    ASSERT_FALSE(found.devices.empty());
    EXPECT_EQ(found.devices[0].info.backend, "host");
    EXPECT_TRUE(found.absent.empty());
}

TEST_F(Served, ChecksAClock) {
    say({.check_clock = ClockRequest{host_devices().devices.at(0)}});
    const Reply reply = hear();
    ASSERT_TRUE(reply.clock);
    EXPECT_GT(reply.clock->host_ns, 0);
}

TEST_F(Served, SaysWhatItCannotDoAndGoesOn) {
    RunRequest request = request_of("gemm/no_such.host");
    run(request);
    EXPECT_NE(hear().failed.value_or("").find("no_such"), std::string::npos);
    request.cells.clear();
    run(request);
    EXPECT_EQ(hear().failed, "a run without cells");
    request = request_of("gemm/naive.cuda");
    run(request);
    const Reply skipped = hear();
    ASSERT_TRUE(skipped.finished) << "a device that does not speak its language";
    EXPECT_EQ(skipped.finished->verdict.outcome, Outcome::skipped);
    EXPECT_TRUE(hear().done);
}

TEST_F(Served, VerifiesOnWhatItAsksFor) {
    const RunRequest request = request_of("gemm/vendor.openblas");
    const auto problem = Registry().operation("gemm").parse(request.problem);
    run(request);
    const std::vector<Reply> told = told_while_given(*problem);
    ASSERT_FALSE(told.empty());
    ASSERT_TRUE(told.back().finished);
    if (told.back().finished->verdict.outcome == Outcome::skipped) GTEST_SKIP() << "no OpenBLAS here";
    EXPECT_EQ(told.back().finished->verdict.outcome, Outcome::passed) << told.back().finished->verdict.reason;
    std::vector<Phase> phases;
    std::uint64_t step = 0;
    for (const Reply& reply : told)
        if (reply.about_to) {
            EXPECT_EQ(reply.about_to->step, ++step);
            phases.push_back(reply.about_to->phase);
        }
    EXPECT_EQ(phases, (std::vector{Phase::open, Phase::build, Phase::reference, Phase::verify, Phase::judge}));
    EXPECT_EQ(notes.unread().size(), 0u) << "each of them wakes who listens";
}

TEST_F(Served, NotesItsSamplesBesideTheChannel) {
    RunRequest request = request_of("gemm/vendor.openblas");
    request.work = Work::bench;
    request.options.most_samples = request.options.least_samples = 3;
    const auto problem = Registry().operation("gemm").parse(request.problem);
    run(request);
    const std::vector<Reply> told = told_while_given(*problem);
    ASSERT_TRUE(told.back().finished);
    if (told.back().finished->verdict.outcome == Outcome::skipped) GTEST_SKIP() << "no OpenBLAS here";
    for (const Reply& reply : told) {
        EXPECT_FALSE(reply.sampled);
        EXPECT_FALSE(reply.about_to && reply.about_to->phase == Phase::sample);
    }
    std::size_t intents = 0, samples = 0;
    for (const Reply& note : notes.unread()) {
        intents += note.about_to && note.about_to->phase == Phase::sample;
        samples += note.sampled.has_value();
    }
    EXPECT_EQ(intents, 3u);
    EXPECT_EQ(samples, 3u);
    ASSERT_TRUE(told.back().finished->timing);
    EXPECT_EQ(told.back().finished->timing->samples_ns.size(), 3u);
}

TEST_F(Served, ARefusalIsTheCellsMatter) {
    const RunRequest request = request_of("gemm/vendor.openblas");
    for (const bool out_of_memory : {false, true}) {
        run(request);
        bool refused = false;
        Reply reply = hear();
        for (; !reply.done; reply = hear()) {
            if (reply.want) say({.refused = Refusal{"it has none", out_of_memory}}), refused = true;
            if (!reply.finished) continue;
            if (!refused) GTEST_SKIP() << "no OpenBLAS here";
            EXPECT_EQ(reply.finished->verdict.outcome, out_of_memory ? Outcome::skipped : Outcome::error);
            EXPECT_EQ(reply.finished->verdict.reason.find("it has none") == std::string::npos, out_of_memory);
        }
    }
}

TEST_F(Served, AGivenRunSendsItsOutputs) {
    RunRequest request = request_of("gemm/vendor.openblas");
    request.given = true;
    const auto problem = Registry().operation("gemm").parse(request.problem);
    run(request);
    const std::vector<Reply> told = told_while_given(*problem);
    ASSERT_TRUE(told.back().finished);
    const FinishedReply& finished = *told.back().finished;
    if (finished.verdict.outcome == Outcome::skipped) GTEST_SKIP() << "no OpenBLAS here";
    EXPECT_EQ(finished.verdict.outcome, Outcome::passed) << finished.verdict.reason;
    ASSERT_TRUE(finished.outputs);
    EXPECT_EQ(finished.outputs->sizes, PartSizes{8 * 8 * 4});
    const std::vector<Tensor> inputs = problem->inputs(request.options.seed, request.options.fill);
    std::vector<TensorSpec> specs = problem->tensors();
    std::erase_if(specs, [](const TensorSpec& spec) { return spec.role != Role::output; });
    const Tensor c = shared_tensors(ours->take_file(), finished.outputs->sizes, specs).at(0);
    double sum = 0;
    for (std::size_t k = 0; k < 8; ++k) sum += inputs[0].at(k) * inputs[1].at(8 * k);
    EXPECT_NEAR(c.at(0), sum, 1e-5);
}

TEST_F(Served, AStopEndsTheRunAndNotTheWorker) {
    RunRequest request = request_of("gemm/naive.cuda");
    say({.run = request}, notes.file());
    say({.stop = Nothing{}});
    std::size_t finished = 0;
    for (Reply reply = hear(); !reply.done; reply = hear()) finished += reply.finished.has_value();
    EXPECT_LE(finished, 1u);
    EXPECT_FALSE(host_devices().devices.empty()) << "and it listens again";
    leave();
}

TEST(Notes, TellTheNewestIntentOnceAndAllThatIsUnreadOnce) {
    WorkerNotes notes;
    SharedLines writer{Descriptor(::dup(notes.file()))};
    const auto intent = [](std::size_t cell) { return text_of(Reply{.about_to = Intent{Phase::sample, cell}}); };
    const std::string sample = text_of(Reply{.sampled = SampleReply{1, {}}});
    EXPECT_FALSE(notes.news());
    EXPECT_TRUE(notes.unread().empty());
    writer.append(intent(1));
    EXPECT_EQ(notes.news()->about_to->cell, 1u);
    EXPECT_FALSE(notes.news()) << "nothing was written since";
    writer.append(intent(2));
    writer.append(sample);
    EXPECT_EQ(notes.news()->about_to->cell, 2u) << "its sample follows it";
    writer.append(intent(3));
    writer.append(intent(4));
    EXPECT_EQ(notes.news()->about_to->cell, 4u);
    writer.append("no reply at all");
    writer.append(sample);
    EXPECT_FALSE(notes.news()) << "none among the last two lines";
    const std::vector<Reply> unread = notes.unread();
    ASSERT_EQ(unread.size(), 6u) << "what cannot be read is passed over";
    EXPECT_EQ(unread[0].about_to->cell, 1u);
    EXPECT_TRUE(unread[5].sampled);
    EXPECT_TRUE(notes.unread().empty());
}

}  // namespace
}  // namespace stele::worker_test
