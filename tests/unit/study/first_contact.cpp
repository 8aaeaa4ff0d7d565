// What first contact asks with which kernels.
#include "harness/study/first_contact.hpp"

#include <gtest/gtest.h>

#include <algorithm>

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

}  // namespace
}  // namespace stele::first_contact_test
