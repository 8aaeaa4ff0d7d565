// What first contact asks with which kernels.
#include "harness/study/first_contact.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace stele::first_contact_test {
namespace {

TEST(FirstContact, ChecksWithBoundedWaitsAndTimesWithout) {
    DeviceInfo gpu;
    gpu.id = "cuda:0";
    gpu.compute_capability = 90;
    gpu.languages = {Language::cuda, Language::ptx};
    ContactOptions options;
    options.stele = "/stele";
    options.folder = "met";
    options.devices = {&gpu};
    options.bounded = "/bounded";
    options.gpu_tests = "/gpu_tests";
    options.tests = {"Suite.Test"};
    std::size_t checks = 0, others = 0;
    for (const StepGroup& group : contact_steps(Registry(), options))
        for (const ContactStep& step : group.steps) {
            const bool bounded = step.words.size() > 2 && step.words[0] == "/usr/bin/env" &&
                                 step.words[1].starts_with("LD_LIBRARY_PATH=/bounded");
            const bool checks_here = group.name == "instructions" || group.name == "correctness";
            EXPECT_EQ(bounded, checks_here) << step.name;
            ++(checks_here ? checks : others);
        }
    EXPECT_GT(checks, 10u);
    EXPECT_GT(others, 3u);
}

TEST(FirstContact, TilesStandBesidePtxAndTheVendor) {
    DeviceInfo gpu;
    gpu.id = "cuda:0";
    gpu.compute_capability = 90;
    gpu.languages = {Language::cuda, Language::ptx, Language::cuda_tile};
    ContactOptions options;
    options.stele = "/stele";
    options.folder = "met";
    options.devices = {&gpu};
    std::map<std::string, std::vector<std::string>> steps;
    for (const StepGroup& group : contact_steps(Registry(), options))
        for (const ContactStep& step : group.steps) steps[step.name] = step.words;
    for (const char* operation : {"gemm", "attention", "sparse_attention", "ceiling"})
        for (const char* suite : {"smoke", "edge"})
            EXPECT_EQ(steps.count(fmt::format("{}/{}/tile.cuda_tile/cuda:0", suite, operation)), 1u) << operation;
    const auto asks = [&](const std::string& question, const char* glob) {
        return std::ranges::find(steps.at("speed/" + question + "/cuda:0"), glob) !=
               steps.at("speed/" + question + "/cuda:0").end();
    };
    for (const char* question : {"gemm-8192", "gemm-4096", "gemm-4096-e4m3"})
        for (const char* glob : {"gemm/tile", "gemm/hopper", "gemm/vendor.cublaslt"})
            EXPECT_TRUE(asks(question, glob)) << question << ' ' << glob;
    for (const char* glob : {"attention/tile", "attention/flash_hopper"})
        EXPECT_TRUE(asks("prefill-16384", glob)) << glob;
    for (const char* question : {"latent-128", "latent-64-pages"})
        for (const char* glob : {"attention/latent_tensor", "attention/latent_hopper"})
            EXPECT_TRUE(asks(question, glob)) << question << ' ' << glob;
    EXPECT_TRUE(asks("prefill", "attention")) << "all of them";
}

}  // namespace
}  // namespace stele::first_contact_test
