// Apache Otava: what it is given, and what is made of its answers, which a program of the test's own speaks here.
#include "harness/exchange/otava.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"
#include "tests/support/sample_report.hpp"
#include "tests/support/variable.hpp"

namespace stele::otava_test {
namespace {

namespace fs = std::filesystem;

constexpr const char* key = "gemm/tiled.cuda@128x128 | m=512 n=512 k=512 f32 | A GPU | cuda |  | burst cold normal | ";

/// A cell on the GPU; without samples, one that failed.
NamedReport run_at(const std::string& started, const std::vector<double>& samples_ns, const std::string& driver = "1") {
    NamedReport named{started, {}};
    named.report.environment.started = started;
    named.report.environment.revision = "abc";
    named.report.environment.cuda_compiler = "NVIDIA 13.0";
    named.report.devices = test::sample_devices();
    named.report.devices[1].driver = driver;
    Measurement cell =
        test::passed_cell("gemm/tiled.cuda@128x128", Language::cuda, "m=512 n=512 k=512 f32", "cuda:0", samples_ns);
    if (samples_ns.empty()) cell.verdict.outcome = Outcome::wrong;
    named.report.measurements = {cell};
    return named;
}

TEST(OtavaFiles, AreAConfigurationAndATestASegment) {
    const std::vector<ExportedFile> files =
        otava_folder(std::vector{run_at("2026-01-01T00:00:00Z", {1000}), run_at("2026-02-01T00:00:00Z", {}),
                                 run_at("2026-03-01T00:00:00Z", {1500}), run_at("2026-04-01T00:00:00Z", {2000}, "2")},
                     "there");
    ASSERT_EQ(files.size(), 3u);
    EXPECT_EQ(files[0].name, "1.csv");
    EXPECT_EQ(files[0].text,
              "time,revision,toolkit,median_ns\n2026-01-01T00:00:00Z,abc,NVIDIA 13.0,1000\n"
              "2026-03-01T00:00:00Z,abc,NVIDIA 13.0,1500\n");
    EXPECT_EQ(files[1].name, "2.csv");
    EXPECT_EQ(files[1].text, "time,revision,toolkit,median_ns\n2026-04-01T00:00:00Z,abc,NVIDIA 13.0,2000\n");
    EXPECT_EQ(files[2].name, "otava.yaml");
    const std::string name = std::string("\"") + key;
    const auto test_text = [&](const std::string& title, const std::string& file) {
        return "  " + title + ":\n    type: csv\n    file: \"there/" + file +
               "\"\n    time_column: time\n    attributes: [revision, toolkit]\n    metrics:\n      median_ns:\n"
               "        direction: -1\n        scale: 1\n";
    };
    EXPECT_EQ(files[2].text, "tests:\n" + test_text(name + " | segment 1\"", "1.csv") +
                                 test_text(name + " | segment 2\"", "2.csv") + "test_groups:\n  stele:\n    - " + name +
                                 " | segment 1\"\n    - " + name + " | segment 2\"\n");
}

TEST(OtavaFiles, OfOneSegmentHaveTheCoursesOwnName) {
    const std::vector<ExportedFile> files = otava_folder(std::vector{run_at("2026-01-01T00:00:00Z", {1000})}, "there");
    ASSERT_EQ(files.size(), 2u);
    EXPECT_TRUE(files[1].text.ends_with(std::string("    - \"") + key + "\"\n")) << files[1].text;
}

/// A program in Otava's place: it keeps what it was given, prints an answer and ends as it is told.
class OtavaAnswers : public testing::Test {
protected:
    fs::path program(const std::string& answer, int status = 0, const std::string& errors = "") const {
        write_atomically(folder.path() / "answer", answer);
        write_atomically(folder.path() / "errors", errors);
        const fs::path path = folder.path() / "otava";
        std::ofstream(path) << "#!/bin/sh\ncd '" << folder.path().string()
                            << "'\necho \"$1 $2 $4 $5 $6 $7 $8 $9\" > words\necho \"${10}\" >> words\n"
                               "cp \"$3\" configuration\ncp \"$(dirname \"$3\")/1.csv\" 1.csv\n"
                               "cat answer\ncat errors >&2\nexit "
                            << status << "\n";
        fs::permissions(path, fs::perms::owner_all);
        return path;
    }
    std::string refusal(const std::string& answer, int status = 0, const std::string& errors = "") {
        History history = history_of(reports);
        try {
            find_change_points(history, reports, program(answer, status, errors));
        } catch (const Failed& why) {
            return why.what();
        }
        return "";
    }
    static std::string change(const std::string& index, const std::string& before = "1000") {
        return std::string("{\"") + key + R"(": [{"changes": [{"index": )" + index + R"(, "mean_before": ")" + before +
               R"(", "mean_after": "1500.5", "pvalue": "1e-4"}]}]})" + "\n";
    }

    const TemporaryFolder folder;
    const std::vector<NamedReport> reports{run_at("2026-01-01T00:00:00Z", {1000}), run_at("2026-02-01T00:00:00Z", {}),
                                           run_at("2026-03-01T00:00:00Z", {1500})};
};

TEST_F(OtavaAnswers, ItsIndicesAreOfTimedPoints) {
    History history = history_of(reports);
    find_change_points(history, reports, program(change("1")));
    const std::vector<ChangePoint>& changes = history.courses.at(0).segments.at(0).changes;
    ASSERT_EQ(changes.size(), 1u);
    EXPECT_EQ(changes[0].point, 2u) << "the run between failed";
    EXPECT_EQ(changes[0].before_ns, 1000);
    EXPECT_EQ(changes[0].after_ns, 1500.5);
    EXPECT_EQ(changes[0].p, 1e-4);
    EXPECT_EQ(read_input(folder.path() / "words"),
              "analyze --config-file --output json --since 1970-01-01 --until 9999-01-01\nstele\n");
    EXPECT_TRUE(read_input(folder.path() / "configuration").ends_with(std::string("    - \"") + key + "\"\n"));
    EXPECT_TRUE(read_input(folder.path() / "1.csv").ends_with("2026-03-01T00:00:00Z,abc,NVIDIA 13.0,1500\n"));
}

TEST_F(OtavaAnswers, AnAnswerThatCannotBeTakenIsTold) {
    EXPECT_EQ(refusal(change("0")), "");
    EXPECT_EQ(refusal("{\"another\": []}\n"), "Apache Otava speaks of 'another', which it was not asked");
    EXPECT_NE(refusal(change("0") + change("0")).find("which it was not asked"), std::string::npos);
    EXPECT_EQ(refusal(change("0", "12ns")), "Apache Otava: '12ns' is no number");
    EXPECT_EQ(refusal(change("0", "many")), "Apache Otava: 'many' is no number");
    EXPECT_EQ(refusal(change("0", "")), "Apache Otava: '' is no number");
    for (const std::string& answer :
         {std::string("no JSON\n"), std::string("{\"") + key + "\": [{}]}\n", change("2"), change("\"0\"")})
        EXPECT_TRUE(refusal(answer).starts_with("Apache Otava: ")) << answer;
}

TEST_F(OtavaAnswers, AFailureOfItsOwnIsToldByItsLastLine) {
    EXPECT_EQ(refusal(change("0"), 1, "first\nlast\n"),
              "Apache Otava ended with 1 and answered for 1 of 1 courses: last\n");
    EXPECT_EQ(refusal("", 2, "x\n\n"), "Apache Otava ended with 2 and answered for 0 of 1 courses: \n");
    EXPECT_EQ(refusal("", 0), "Apache Otava ended with 0 and answered for 0 of 1 courses: ");
    EXPECT_EQ(refusal("", 3, "one line"), "Apache Otava ended with 3 and answered for 0 of 1 courses: one line");
}

TEST_F(OtavaAnswers, IsNotAskedWhereNothingWasTimed) {
    const std::vector<NamedReport> failed{run_at("2026-01-01T00:00:00Z", {})};
    History history = history_of(failed);
    EXPECT_NO_THROW(find_change_points(history, failed, "/nowhere/otava"));
}

TEST_F(OtavaAnswers, IsFoundWhereItIsNamedElseOnThePath) {
    const fs::path path = program("");
    {
        const test::Variable named("STELE_OTAVA", path.string());
        EXPECT_EQ(find_otava(), path);
    }
    {
        const test::Variable named("STELE_OTAVA", "/nowhere/otava"), searched("PATH", folder.path().string());
        EXPECT_EQ(find_otava(), std::nullopt) << "what is named is what is meant";
    }
    const test::Variable named("STELE_OTAVA", ""), searched("PATH", folder.path().string());
    unsetenv("STELE_OTAVA");
    EXPECT_EQ(find_otava(), path);
    EXPECT_NE(how_to_get_otava().find("pip install apache-otava==0.8.0"), std::string::npos);
}

}  // namespace
}  // namespace stele::otava_test
