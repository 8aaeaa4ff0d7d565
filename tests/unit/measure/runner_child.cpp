// Cells in worker processes, as scripts of the test's own speak for them: who is blamed, who is given up, what is kept.
#include "harness/measure/runner_child.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/twice.hpp"

namespace stele::runner_child_test {
namespace {

namespace fs = std::filesystem;

class Workers : public testing::Test {
protected:
    Workers() {
        device.id = "fake:0";
        events.about_to = [this](const Intent& intent) { told.push_back(intent); };
        events.finished = [this](std::size_t cell, Measurement measurement) {
            EXPECT_TRUE(finished.emplace(cell, std::move(measurement)).second) << "once a cell";
        };
        events.stop = [] { return false; };
    }

    /// Says it on the channel.
    std::string say(const Reply& reply) { return say(text_of(reply) + "\n"); }
    std::string say(const std::string& bytes) {
        const fs::path file = folder.path() / ("said-" + std::to_string(files++));
        std::ofstream(file) << bytes;
        return "cat '" + file.string() + "' >&3\n";
    }
    std::string about_to(Phase phase, std::size_t cell, std::uint64_t step = 0) {
        return say(Reply{.about_to = Intent{phase, cell, 0, 1, 0, step}});
    }
    std::string passed(std::size_t cell) {
        FinishedReply reply;
        reply.cell = cell;
        reply.verdict.outcome = Outcome::passed;
        reply.ran = "what ran";
        return say(Reply{.finished = reply});
    }
    std::string done() { return say(Reply{.done = Nothing{}}); }
    /// Waits for a request; all that come are kept.
    std::string hear() { return "read -r line <&3\nprintf '%s\\n' \"$line\" >> heard\n"; }
    std::string heard() const {
        const fs::path file = folder.path() / "heard";
        return fs::exists(file) ? read_input(file) : "";
    }

    /// The first worker does what the first text says, the next the next; any more ends with 9.
    RunnerChild& runner(const std::vector<std::string>& workers) {
        std::ostringstream script;
        script << "cd '" << folder.path().string() << "'\nn=$(cat count 2>/dev/null || echo 0)\nn=$((n + 1))\n"
               << "echo $n > count\ncase $n in\n";
        for (std::size_t i = 0; i < workers.size(); ++i) script << i + 1 << ")\n" << workers[i] << ";;\n";
        script << "*) exit 9;;\nesac\n";
        std::ofstream(folder.path() / "worker") << script.str();
        made = std::make_unique<RunnerChild>(std::vector<std::string>{"/bin/sh", (folder.path() / "worker").string()},
                                             [this] { return stop; });
        return *made;
    }
    int started() const {
        std::ifstream file(folder.path() / "count");
        int count = 0;
        file >> count;
        return count;
    }
    void run(RunnerChild& on, Work work = Work::bench) { on.run(work, cells, options, events); }
    std::string reason(std::size_t cell) const { return finished.at(cell).verdict.reason; }

    const TemporaryFolder folder;
    int files = 0;
    bool stop = false;
    DeviceInfo device;
    test::TwiceProblem problem{4, 8};
    Variant a = test::twice_variant("a"), b = test::twice_variant("b");
    std::vector<Cell> cells{{&a, &problem, &device}, {&b, &problem, &device}};
    SamplerOptions options;
    RunnerEvents events;
    std::vector<Intent> told;
    std::map<std::size_t, Measurement> finished;
    std::unique_ptr<RunnerChild> made;
};

TEST_F(Workers, AreAskedForDevicesAndWhoDiesIsToldAsAbsent) {
    FoundReply found;
    found.devices = {sent(device)};
    found.absent = {{"simt", "not built"}};
    const std::string listing = hear() + say(Reply{.listing = "host"}) + say(Reply{.listing = "cuda"});
    const FoundDevices devices =
        runner({listing + "exit 3", hear() + say(Reply{.listing = "host"}) + say(Reply{.found = found}) + hear()})
            .found();
    ASSERT_EQ(devices.infos.size(), 1u);
    EXPECT_EQ(devices.infos[0].id, "fake:0");
    ASSERT_EQ(devices.absent.size(), 2u);
    EXPECT_EQ(devices.absent[0].name, "simt");
    EXPECT_EQ(devices.absent[1].name, "cuda");
    EXPECT_EQ(devices.absent[1].why, "its driver does not survive being asked for devices: exit(3)");
    EXPECT_EQ(heard(),
              text_of(Request{.list = ListRequest{}}) + "\n" + text_of(Request{.list = ListRequest{{"cuda"}}}) + "\n");
}

TEST_F(Workers, ThatDoNotStartOrCannotLookAreAFailure) {
    EXPECT_EQ(test::refusal_of<Failed>([&] { runner({"exit 3"}).found(); }),
              "a worker process does not start: exit(3)");
    EXPECT_EQ(
        test::refusal_of<Failed>([&] { runner({"", hear() + say(Reply{.failed = "no memory"}) + hear()}).found(); }),
        "devices cannot be looked for: no memory");
    EXPECT_NE(test::refusal_of<Failed>([] {
                  RunnerChild({"/nowhere/worker"}, [] { return false; }).found();
              }).find("a worker process is wanted and cannot be had (cannot start /nowhere/worker"),
              std::string::npos);
}

TEST_F(Workers, CheckClocks) {
    RunnerChild& runs = runner({hear() + say(Reply{.clock = ClockCheck{1e6, 2e6, 3, 4}}) + hear() +
                                say(Reply{.failed = "no clock"}) + hear() + done() + hear() + "exit 3"});
    EXPECT_EQ(runs.check_clock(device).host_ns, 2e6);
    EXPECT_EQ(test::refusal_of<Failed>([&] { runs.check_clock(device); }), "no clock");
    EXPECT_EQ(test::refusal_of<Failed>([&] { runs.check_clock(device); }), "another answer came");
    EXPECT_EQ(test::refusal_of<Failed>([&] { runs.check_clock(device); }), "exit(3)");
    // What does not survive that is not asked for more.
    run(runs);
    ASSERT_EQ(finished.size(), 2u);
    EXPECT_EQ(reason(1), "the device is given up: its clock could not be checked: exit(3)");
    EXPECT_EQ(finished.at(1).verdict.outcome, Outcome::error);
    EXPECT_EQ(started(), 1);
}

TEST_F(Workers, RunCellsAndTellEachStep) {
    run(runner({hear() + about_to(Phase::open, 0) + about_to(Phase::verify, 1) + passed(1) + passed(0) + passed(0) +
                done() + hear()}));
    ASSERT_EQ(finished.size(), 2u);
    EXPECT_EQ(finished.at(0).verdict.outcome, Outcome::passed);
    EXPECT_EQ(finished.at(0).variant, "twice/a.host");
    EXPECT_EQ(finished.at(1).variant, "twice/b.host");
    EXPECT_EQ(finished.at(1).ran, "what ran");
    EXPECT_FALSE(finished.at(1).timing);
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[1].phase, Phase::verify);
    EXPECT_EQ(told[1].cell, 1u);
    RunRequest request{Work::bench, "twice", problem.id(), {}, options, false};
    request.cells = {{"twice/a.host", sent(device)}, {"twice/b.host", sent(device)}};
    EXPECT_EQ(heard(), text_of(Request{.run = request}) + "\n");
}

TEST_F(Workers, ADeathIsItsCulpritsAndTheOthersGoOn) {
    const std::string first = hear() + about_to(Phase::open, 0) + about_to(Phase::verify, 0) + "exit 3";
    run(runner({first, hear() + about_to(Phase::verify, 0) + passed(0) + done() + hear()}));
    ASSERT_EQ(finished.size(), 2u);
    EXPECT_EQ(finished.at(0).verdict.outcome, Outcome::error);
    EXPECT_EQ(reason(0), "exit(3) in its first run");
    EXPECT_EQ(finished.at(1).verdict.outcome, Outcome::passed);
    EXPECT_EQ(started(), 2);
    EXPECT_EQ(told.back().cell, 1u) << "the second worker's first cell is the second of all";
}

TEST_F(Workers, OneThatIsKilledMostLikelyWantedMemory) {
    cells.pop_back();
    run(runner({hear() + about_to(Phase::build, 0) + "kill -9 $$"}));
    EXPECT_TRUE(reason(0).starts_with("Killed (signal 9), most likely for want of memory: it held ")) << reason(0);
    EXPECT_TRUE(reason(0).ends_with(" when it was last seen while its kernels were built; its operands take 256 B"))
        << reason(0);
    finished.clear();
    run(runner({"", hear() + about_to(Phase::build, 0) + "kill -11 $$"}));
}

TEST_F(Workers, OneThatSaysNothingInTimeIsEnded) {
    cells.pop_back();
    options.time_limit_seconds = 0.05;
    run(runner({hear() + about_to(Phase::verify, 0) + "sleep 60"}));
    EXPECT_EQ(finished.at(0).verdict.outcome, Outcome::timeout);
    EXPECT_EQ(reason(0), "no end within 0.05 s in its first run; its worker process was ended");
}

TEST_F(Workers, OneThatSaysWhatCannotBeReadIsEnded) {
    cells.pop_back();
    run(runner({hear() + about_to(Phase::verify, 0) + say(std::string("garbage\n")) + "sleep 60"}));
    EXPECT_EQ(finished.at(0).verdict.outcome, Outcome::error);
    EXPECT_TRUE(reason(0).starts_with("its worker said what cannot be read (")) << reason(0);
    EXPECT_NE(reason(0).find("): garbage in its first run"), std::string::npos) << reason(0);
}

TEST_F(Workers, TwoThatDieInSilenceAreEnough) {
    run(runner({"exit 3", "exit 4"}));
    ASSERT_EQ(finished.size(), 2u);
    EXPECT_EQ(reason(0), "no worker process comes to work: exit(4)");
    EXPECT_EQ(reason(1), reason(0));
    EXPECT_EQ(started(), 2);
}

TEST_F(Workers, OneThatSpokeBetweenTwoSilentDeathsIsNotTheSecond) {
    run(runner({"exit 3", hear() + about_to(Phase::verify, 0) + "exit 3", "exit 3",
                hear() + about_to(Phase::verify, 0) + passed(0) + done() + hear()}));
    EXPECT_EQ(finished.at(1).verdict.outcome, Outcome::passed);
    EXPECT_EQ(started(), 4);
}

TEST_F(Workers, ADeviceThatEndsTwoFreshWorkersIsGivenUp) {
    DeviceInfo other = device;
    other.id = "fake:1";
    cells.push_back({&a, &problem, &other});
    const std::string opens = hear() + about_to(Phase::open, 0) + "exit 3";
    run(runner({opens, opens, hear() + about_to(Phase::open, 0) + passed(0) + done() + hear()}));
    ASSERT_EQ(finished.size(), 3u);
    EXPECT_EQ(reason(0), "the device is given up: it ended 2 fresh workers in a row: exit(3)");
    EXPECT_EQ(reason(1), reason(0));
    EXPECT_EQ(finished.at(2).verdict.outcome, Outcome::passed) << "another device";
}

TEST_F(Workers, ADeviceThatOpensBetweenIsNotGivenUp) {
    const std::string opens = hear() + about_to(Phase::open, 0);
    run(runner({opens + "exit 3", opens + about_to(Phase::verify, 0) + "exit 3", opens + "exit 3",
                opens + about_to(Phase::verify, 0) + passed(0) + done() + hear()}));
    EXPECT_EQ(reason(0), "exit(3) in its first run");
    EXPECT_EQ(finished.at(1).verdict.outcome, Outcome::passed);
}

TEST_F(Workers, AFailureIsThatOfAllThatAreLeft) {
    run(runner({hear() + passed(0) + say(Reply{.failed = "no such variant"}) + hear()}));
    EXPECT_EQ(finished.at(0).verdict.outcome, Outcome::passed);
    EXPECT_EQ(finished.at(1).verdict.outcome, Outcome::error);
    EXPECT_EQ(reason(1), "its worker: no such variant");
    EXPECT_EQ(started(), 1);
}

TEST_F(Workers, ALostDeviceIsFollowedByAFreshWorker) {
    run(runner(
        {hear() + passed(0) + say(Reply{.lost = "it is gone"}) + "sleep 60", hear() + passed(0) + done() + hear()}));
    EXPECT_EQ(finished.at(1).verdict.outcome, Outcome::passed);
    EXPECT_EQ(started(), 2);
}

TEST_F(Workers, InputsAndReferencesAreMadeHereOnceAndRefusalsAreTold) {
    cells.pop_back();
    const auto want = [&](std::uint64_t seed, std::optional<Arithmetic> of = {}) {
        return say(Reply{.want = Want{seed, Fill::normal, of}}) + hear();
    };
    run(runner({hear() + want(1) + want(1, Arithmetic{}) + want(1, Arithmetic{}) + passed(0) + done() + hear()}));
    EXPECT_EQ(problem.references, 1);
    const std::string answers = heard().substr(heard().find('\n') + 1);
    const std::string inputs = text_of(Request{.shared = SharedParts{{128}}}) + "\n",
                      expected = text_of(Request{.shared = SharedParts{{256, 256, 0}}}) + "\n";
    EXPECT_EQ(answers, inputs + expected + expected);
    problem.refuse = [] { throw std::runtime_error("it has none"); };
    finished.clear();
    fs::remove(folder.path() / "heard");
    fs::remove(folder.path() / "count");
    run(runner({hear() + want(2, Arithmetic{}) + passed(0) + done() + hear()}));
    EXPECT_TRUE(heard().ends_with(text_of(Request{.refused = Refusal{"it has none", false}}) + "\n")) << heard();
    problem.refuse = [] { throw std::bad_alloc(); };
    finished.clear();
    fs::remove(folder.path() / "count");
    run(runner({hear() + want(3, Arithmetic{}) + passed(0) + done() + hear()}));
    EXPECT_TRUE(heard().ends_with(text_of(Request{.refused = Refusal{std::bad_alloc().what(), true}}) + "\n"));
}

TEST_F(Workers, SamplesOfOneThatDiedStay) {
    const auto sampled = [&](std::size_t cell, double ns) {
        Sample sample;
        sample.ns = ns;
        return say(Reply{.sampled = SampleReply{cell, sample}});
    };
    Timing timing;
    timing.samples_ns = {30, 40};
    timing.pass = {0, 1};
    timing.round = {0, 0};
    timing.rounds = 1;
    FinishedReply reply;
    reply.verdict.outcome = Outcome::passed;
    reply.timing = timing;
    run(runner(
        {hear() + about_to(Phase::sample, 0) + sampled(0, 10) + sampled(0, 20) + sampled(7, 1) +
             about_to(Phase::sample, 1) + "exit 3",
         hear() + about_to(Phase::sample, 0) + sampled(0, 30) + say(Reply{.finished = reply}) + done() + hear()}));
    EXPECT_EQ(reason(1), "exit(3) while it was timed");
    ASSERT_TRUE(finished.at(0).timing);
    EXPECT_EQ(finished.at(0).timing->samples_ns, (std::vector<double>{10, 20, 30, 40}));
    EXPECT_EQ(finished.at(0).timing->round, (std::vector<std::uint32_t>{0, 0, 1, 1}));
    EXPECT_TRUE(finished.at(0).timing->clock.empty()) << "the last part has none";
}

TEST_F(Workers, AStepThatIsToldLateIsNotThePresentOne) {
    run(runner({hear() + about_to(Phase::sample, 1, 7) + about_to(Phase::sample, 0, 6) + about_to(Phase::sample, 9, 8) +
                    "exit 3",
                hear() + passed(0) + done() + hear()}));
    EXPECT_EQ(reason(1), "exit(3) while it was timed") << "nor is one of a cell that there is not";
    EXPECT_EQ(told.size(), 1u);
}

TEST_F(Workers, NothingIsRunWhereAStopWasAskedFor) {
    stop = true;
    run(runner({hear()}));
    EXPECT_TRUE(finished.empty());
    EXPECT_EQ(started(), 0);
}

TEST_F(Workers, OneThatIsStoppedIsWaitedForAndThenEnded) {
    RunnerChild& runs = runner({hear() + about_to(Phase::verify, 0) + hear() + "sleep 60"});
    events.about_to = [&](const Intent&) { stop = true; };
    run(runs);
    EXPECT_TRUE(finished.empty()) << "nobody's fault";
    EXPECT_TRUE(heard().ends_with(text_of(Request{.stop = Nothing{}}) + "\n")) << heard();
    EXPECT_THROW(runner({"", hear() + "sleep 60"}).found(), Interrupted);
}

TEST_F(Workers, ARoundBeginsWithAFreshOne) {
    const std::string whole = hear() + passed(0) + passed(1) + done();
    RunnerChild& runs = runner({whole + whole + hear(), whole + hear()});
    for (const int workers : {1, 1, 2}) {
        if (workers == 2) runs.begin_round();
        finished.clear();
        run(runs);
        EXPECT_EQ(finished.size(), 2u);
        EXPECT_EQ(started(), workers);
    }
}

TEST_F(Workers, AGivenRunHasItsOutputs) {
    cells.pop_back();
    const Given given = given_inputs(cells[0], problem.inputs(5, Fill::normal));
    const int references = problem.references;
    FinishedReply without;
    without.verdict.outcome = Outcome::wrong;
    without.outputs = SharedParts{};
    RunnerChild& runs = runner({hear() + say(Reply{.want = Want{1, Fill::normal, Arithmetic{}}}) + hear() +
                                say(Reply{.finished = without}) + done() + hear()});
    const GivenRun out = runs.run_given(cells[0], given, options, events);
    EXPECT_EQ(out.measurement.verdict.outcome, Outcome::wrong);
    EXPECT_EQ(out.measurement.variant, "twice/a.host");
    EXPECT_TRUE(out.outputs.empty());
    EXPECT_TRUE(finished.empty()) << "it is returned";
    EXPECT_EQ(problem.references, references) << "what is given is not computed again";
    EXPECT_NE(heard().find("\"given\":true"), std::string::npos) << heard();
    // It has outputs, and no file is there.
    without.outputs->sizes = {128};
    const GivenRun unread =
        runner({"", hear() + about_to(Phase::judge, 0) + say(Reply{.finished = without}) + done() + hear()})
            .run_given(cells[0], given, options, events);
    EXPECT_TRUE(unread.measurement.verdict.reason.starts_with("its worker's outputs cannot be read: "))
        << unread.measurement.verdict.reason;
}

}  // namespace
}  // namespace stele::runner_child_test
