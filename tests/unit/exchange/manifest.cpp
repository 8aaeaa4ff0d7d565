// A folder of tensors is of one run.
#include "harness/exchange/manifest.hpp"

#include <gtest/gtest.h>

#include <set>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"
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

}  // namespace
}  // namespace stele::manifest_test
