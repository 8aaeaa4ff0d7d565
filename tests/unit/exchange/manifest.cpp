// A folder of tensors is of one run.
#include "harness/exchange/manifest.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"
#include "harness/exchange/npy.hpp"
#include "tests/support/twice.hpp"

namespace stele::manifest_test {
namespace {

namespace fs = std::filesystem;

class RunFolder : public testing::Test {
protected:
    void write(bool ended) const {
        const std::vector<Tensor> inputs = problem.inputs(1, Fill::normal);
        const std::vector<Tensor> outputs(ended ? 1 : 0, Tensor(problem.tensors()[1]));
        write_run(root / "out", {}, problem, inputs, outputs,
                  ended ? problem.reference(inputs, {}) : std::vector<Expected>{});
    }
    std::set<std::string> names() const {
        std::set<std::string> found;
        for (const auto& entry : fs::directory_iterator(root / "out")) found.insert(entry.path().filename().string());
        return found;
    }
    std::string refusal() const {
        try {
            check_run_folder(root / "out");
        } catch (const CannotWrite& why) {
            return why.what();
        }
        return "";
    }

    const TemporaryFolder folder;
    const fs::path root = folder.path();
    test::TwiceProblem problem{2, 3};
};

TEST_F(RunFolder, IsReplacedWhole) {
    write(true);
    EXPECT_EQ(names(), (std::set<std::string>{"X.npy", "Y.npy", "Y.reference.npy", "Y.bound.npy", "manifest.json"}));
    EXPECT_EQ(refusal(), "");
    write(false);  // one that did not end has no outputs
    EXPECT_EQ(names(), (std::set<std::string>{"X.npy", "manifest.json"})) << "nothing of the run before";
    EXPECT_EQ(std::distance(fs::directory_iterator(root), {}), 1);
}

TEST_F(RunFolder, AnEmptyOneIsTaken) {
    fs::create_directory(root / "out");
    EXPECT_EQ(refusal(), "");
    write(true);
    EXPECT_EQ(names().size(), 5u);
}

TEST_F(RunFolder, WhatNoRunLeftThereIsKept) {
    write(true);
    write_atomically(root / "out" / "notes.txt", "mine");
    EXPECT_NE(refusal().find("it holds notes.txt, which no earlier run left there"), std::string::npos) << refusal();
    EXPECT_THROW(write(true), CannotWrite);
    EXPECT_TRUE(names().contains("notes.txt"));
    fs::remove(root / "out" / "notes.txt");
    EXPECT_EQ(refusal(), "");
    // Without a manifest nobody can tell whose the tensors are.
    for (const char* manifest : {"", "{}", R"({"format": "stele-manifest", "schema_version": 1})"}) {
        write_atomically(root / "out" / "manifest.json", manifest);
        EXPECT_NE(refusal(), "") << manifest;
    }
    fs::remove(root / "out" / "manifest.json");
    EXPECT_NE(refusal(), "");
}

/// Two outputs, of which the second is what the first is.
class TwiceTwiceProblem : public test::TwiceProblem {
public:
    using TwiceProblem::TwiceProblem;
    std::vector<TensorSpec> tensors() const override {
        std::vector<TensorSpec> both = TwiceProblem::tensors();
        both.push_back(both.back());
        both.back().name = "Z";
        return both;
    }
};

class RunOfTwoOutputs : public testing::Test {
protected:
    std::vector<double> values(const std::string& file) const {
        TensorSpec wide = problem.tensors()[1];
        wide.dtype = Dtype::f64;
        const Tensor read = read_npy(root / (file + ".npy"), wide);
        return {read.as<double>().begin(), read.as<double>().end()};
    }

    const TemporaryFolder folder;
    const fs::path root = folder.path() / "out";
    const TwiceTwiceProblem problem{1, 3};
    const std::vector<Tensor> inputs = problem.inputs(1, Fill::normal);
};

TEST_F(RunOfTwoOutputs, HoldsWhatEachMustBeAndHowFarItMayBeOff) {
    write_run(root, {}, problem, inputs, {}, {{{1, 2, 3}, {0.5, 0.25, 0.125}, {}}, {{7, 8}, {0.75, 0.5}, {0, 2}}});
    EXPECT_EQ(values("Y.reference"), (std::vector<double>{1, 2, 3}));
    EXPECT_EQ(values("Y.bound"), (std::vector<double>{0.5, 0.25, 0.125}));
    const std::vector<double> sampled = values("Z.reference"), bound = values("Z.bound");
    EXPECT_EQ(sampled[0], 7);
    EXPECT_TRUE(std::isnan(sampled[1])) << "of it the reference says nothing";
    EXPECT_EQ(sampled[2], 8);
    EXPECT_EQ(bound[0], 0.75);
    EXPECT_TRUE(std::isnan(bound[1]));
    EXPECT_EQ(bound[2], 0.5);
    const auto manifest = nlohmann::json::parse(read_input(root / "manifest.json"));
    std::map<std::string, bool> is_sampled;
    for (const auto& tensor : manifest["tensors"])
        if (tensor.contains("sampled")) is_sampled[tensor["file"]] = tensor["sampled"];
    EXPECT_EQ(
        is_sampled,
        (std::map<std::string, bool>{
            {"Y.reference.npy", false}, {"Y.bound.npy", false}, {"Z.reference.npy", true}, {"Z.bound.npy", true}}));
}

TEST_F(RunOfTwoOutputs, WithTheReferenceOfOneHasNoneOfTheOther) {
    write_run(root, {}, problem, inputs, {}, {{{1, 2, 3}, {0, 0, 0}, {}}});
    EXPECT_TRUE(fs::exists(root / "Y.bound.npy"));
    EXPECT_FALSE(fs::exists(root / "Z.bound.npy"));
}

TEST_F(RunOfTwoOutputs, ItsManifestSaysWhatTheFilesAre) {
    Measurement measured;
    measured.variant = "twice/plain.host";
    measured.timing = Timing{};
    const std::vector<Tensor> outputs{Tensor(problem.tensors()[1])};
    write_run(root, measured, problem, inputs, outputs, {});
    const auto manifest = nlohmann::json::parse(read_input(root / "manifest.json"));
    EXPECT_EQ(manifest["format"], "stele-manifest");
    EXPECT_EQ(manifest["schema_version"], 1);
    EXPECT_EQ(manifest["variant"], "twice/plain.host");
    EXPECT_FALSE(manifest.contains("timing"));
    EXPECT_EQ(manifest["tensors"], nlohmann::json::parse(R"([
        {"name": "X", "file": "X.npy", "role": "input", "dtype": "f32", "stored_as": "<f4", "shape": [1, 3],
         "dimensions": ["R", "C"]},
        {"name": "Y", "file": "Y.npy", "role": "output", "dtype": "f32", "stored_as": "<f4", "shape": [1, 3],
         "dimensions": ["R", "C"]}])"));
    const std::vector<Tensor> read = read_inputs(root, problem);
    ASSERT_EQ(read.size(), 1u);
    EXPECT_EQ(read[0].data, inputs[0].data);
    fs::remove(root / "X.npy");
    EXPECT_THROW(read_inputs(root, problem), BadInput);
}

}  // namespace
}  // namespace stele::manifest_test
