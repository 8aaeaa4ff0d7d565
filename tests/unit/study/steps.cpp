// Programs under a budget: what each came to, what is run again, what is left out, and what is said of all.
#include "harness/study/steps.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"
#include "harness/record/report_json.hpp"
#include "harness/study/first_contact.hpp"
#include "tests/support/sample_report.hpp"

namespace stele::steps_test {
namespace {

namespace fs = std::filesystem;

ContactStep shell(const std::string& name, const std::string& does, const std::string& needs = "") {
    ContactStep step;
    step.name = name;
    step.words = {"/bin/sh", "-c", does};
    step.needs = needs;
    step.nothing_to_do = 7;
    return step;
}

StepGroup group_of(std::vector<ContactStep> steps, double share = 1, std::size_t together = 1) {
    return {"group", share, together, std::move(steps)};
}

class StepRuns : public testing::Test {
protected:
    std::vector<StepResult> run(const std::vector<StepGroup>& groups, double budget = 1000) {
        told.clear();
        return run_steps(
            groups, budget, folder.path(), [this](const std::string& line) { told.push_back(line); },
            [this] { return stop; });
    }
    const TemporaryFolder folder;
    std::vector<std::string> told;
    bool stop = false;
};

TEST_F(StepRuns, EndAsTheirProgramsDo) {
    const auto results = run({group_of({shell("a/fine one", "echo hello"), shell("nothing", "exit 7"),
                                        shell("failed", "exit 3"), shell("killed", "kill -9 $$")})});
    ASSERT_EQ(results.size(), 4u);
    EXPECT_EQ(results[0].outcome, StepOutcome::fine);
    EXPECT_EQ(results[0].reason, "");
    EXPECT_EQ(results[0].output, "output/a_fine_one.txt");
    EXPECT_EQ(read_input(folder.path() / results[0].output), "hello\n");
    EXPECT_GT(results[0].seconds, 0);
    EXPECT_EQ(results[1].outcome, StepOutcome::nothing);
    EXPECT_EQ(results[1].reason, "");
    EXPECT_EQ(results[2].outcome, StepOutcome::failed);
    EXPECT_EQ(results[2].reason, "exit(3)");
    EXPECT_EQ(results[3].outcome, StepOutcome::failed);
    EXPECT_EQ(results[3].reason, "Killed (signal 9)");
    ASSERT_EQ(told.size(), 4u);
    EXPECT_EQ(told[0], "a/fine one (0 s of 1000 s)");
    const auto kept = read_steps(folder.path());
    ASSERT_EQ(kept.size(), 4u);
    EXPECT_EQ(kept[2].name, "failed");
    EXPECT_EQ(kept[2].reason, "exit(3)");
    EXPECT_EQ(kept[0].output, results[0].output);
    EXPECT_EQ(kept[0].seconds, results[0].seconds);
    EXPECT_TRUE(read_steps(folder.path() / "nowhere").empty());
}

TEST_F(StepRuns, ThatCannotBeStartedHaveFailed) {
    ContactStep none = shell("none", "");
    none.words = {"/nowhere/program"};
    const auto results = run({group_of({none})});
    EXPECT_EQ(results.at(0).outcome, StepOutcome::failed);
    EXPECT_NE(results[0].reason.find("cannot start /nowhere/program"), std::string::npos) << results[0].reason;
}

TEST_F(StepRuns, BuildOnWhatIsFineOrHadNothingToDo) {
    const std::vector<StepGroup> groups{
        group_of({shell("fine", "exit 0"), shell("nothing", "exit 7"), shell("failed", "exit 3"),
                  shell("on fine", "exit 0", "fine"), shell("on nothing", "exit 0", "nothing"),
                  shell("on failed", "exit 0", "failed"), shell("on the unknown", "exit 0", "no such step")})};
    const auto results = run(groups);
    ASSERT_EQ(results.size(), 7u);
    for (const std::size_t fine : {0, 3, 4, 6}) EXPECT_EQ(results[fine].outcome, StepOutcome::fine) << fine;
    EXPECT_EQ(results[5].outcome, StepOutcome::left_out);
    EXPECT_EQ(results[5].reason, "failed is not right, on which it builds");
}

TEST_F(StepRuns, ThatAreDoneAreNotRunAgainAndThoseLeftOutAre) {
    const std::vector<StepGroup> groups{
        group_of({shell("a", "exit 3"), shell("b", "exit 0", "a"), shell("c", "exit 0")})};
    stop = true;
    for (const StepResult& result : run(groups)) {
        EXPECT_EQ(result.outcome, StepOutcome::left_out);
        EXPECT_EQ(result.reason, "interrupted");
    }
    EXPECT_TRUE(told.empty());
    stop = false;
    EXPECT_EQ(run(groups).at(2).outcome, StepOutcome::fine);
    EXPECT_EQ(told.size(), 2u) << "b was left out";
    run(groups);
    EXPECT_TRUE(told.empty());
}

TEST_F(StepRuns, AreEndedAtTheirLimitAndWhenTheyAreStopped) {
    ContactStep slow = shell("slow", "sleep 60");
    slow.limit_seconds = 0.05;
    const auto limited = run({group_of({slow})});
    EXPECT_EQ(limited.at(0).outcome, StepOutcome::timeout);
    EXPECT_EQ(limited[0].reason, "no end within 0 s");
    EXPECT_LT(limited[0].seconds, 30);
    ContactStep stopped = shell("stopped", "sleep 60");
    bool begun = false;
    const auto results = run_steps(
        {group_of({stopped})}, 1000, folder.path() / "other", [&](const std::string&) { begun = true; },
        [&] { return begun; });
    EXPECT_EQ(results.at(0).outcome, StepOutcome::left_out);
    EXPECT_EQ(results[0].reason, "interrupted");
}

TEST_F(StepRuns, WithoutTimeAreLeftOut) {
    // The first group may have none of the budget, the second all of it.
    const auto results = run({group_of({shell("a", "exit 0")}, 0), group_of({shell("b", "exit 0")}, 1)});
    EXPECT_EQ(results.at(0).outcome, StepOutcome::left_out);
    EXPECT_EQ(results[0].reason, "no time was left");
    EXPECT_EQ(results.at(1).outcome, StepOutcome::fine);
    EXPECT_EQ(run({group_of({shell("c", "exit 0")}, 1)}, 0.5).at(0).outcome, StepOutcome::left_out)
        << "a second at least";
}

TEST_F(StepRuns, RunTogetherWhereTheyMay) {
    // Each waits for a file that the other makes.
    const std::string a = (folder.path() / "a").string(), b = (folder.path() / "b").string();
    const auto waits = [](const std::string& mine, const std::string& other) {
        return "touch '" + mine + "'; n=0; while [ ! -e '" + other +
               "' ] && [ $n -lt 200 ]; do sleep 0.05; n=$((n+1)); done; [ -e '" + other + "' ]";
    };
    const auto results =
        run({group_of({shell("a", waits(a, b)), shell("b", waits(b, a)), shell("c", "exit 0")}, 1, 2)});
    ASSERT_EQ(results.size(), 3u);
    for (const StepResult& result : results) EXPECT_EQ(result.outcome, StepOutcome::fine) << result.name;
}

TEST_F(StepRuns, AreSummedUpForPeople) {
    const std::vector<StepGroup> groups{
        {"first", 1, 1, {shell("speed/x/cuda:0", ""), shell("left", ""), shell("wrong", ""), shell("late", "")}},
        {"second", 1, 1, {shell("nothing", ""), shell("also fine", ""), shell("never reached", "")}}};
    const std::vector<StepResult> results{{"speed/x/cuda:0", StepOutcome::fine, "", "", 1},
                                          {"left", StepOutcome::left_out, "no time was left", "", 0},
                                          {"wrong", StepOutcome::failed, "exit(3)", "output/wrong.txt", 1},
                                          {"late", StepOutcome::timeout, "no end within 5 s", "output/late.txt", 1},
                                          {"nothing", StepOutcome::nothing, "", "", 1},
                                          {"also fine", StepOutcome::fine, "", "", 1}};
    Report report = test::sample_report();
    std::erase_if(report.measurements, [](const Measurement& cell) { return cell.problem != "m=512 n=512 k=512 f32"; });
    std::erase_if(report.measurements, [](const Measurement& cell) { return cell.device == "cuda:0"; });
    fs::create_directories(folder.path() / "reports");
    write_atomically(folder.path() / "reports/speed-x-cuda:0.json", dump(to_json(report)));
    const auto lines = contact_summary(groups, results, folder.path(), 100);
    EXPECT_EQ(lines, (std::vector<std::string>{
                         "Left out:", "  left: no time was left", "  never reached: not reached",
                         "Measured:", "gemm m=512 n=512 k=512 f32:", "  gemm/vendor.openblas 2.20 ms, 1.00 of vendor",
                         "  gemm/tiled.opencl@64x64x16 4.40 ms, 0.500 of vendor", "Not right:",
                         "  wrong: exit(3); output/wrong.txt", "  late: no end within 5 s; output/late.txt",
                         "first: 1 of 4 fine", "second: 1 of 2 fine, 1 had nothing to do here"}));
    // Eleven lines leave two beside the counts: a sixth, a half and a fourth of them.
    const auto few = contact_summary(groups, results, folder.path(), 11);
    EXPECT_EQ(few, (std::vector<std::string>{"Left out:", "  and 2 more; see steps.json",
                                             "Measured:", "gemm m=512 n=512 k=512 f32:", "  and 2 more; see steps.json",
                                             "Not right:", "  and 2 more; see steps.json", "first: 1 of 4 fine",
                                             "second: 1 of 2 fine, 1 had nothing to do here"}));
}

}  // namespace
}  // namespace stele::steps_test
