// Efficiencies and PP: the arithmetic against published numbers, and what reports make of it.
#include "harness/study/portability.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/study/code_divergence.hpp"
#include "tests/support/sample_report.hpp"
#include "tests/support/simulated_runs.hpp"

namespace stele::portability_test {
namespace {

constexpr const char *square = "m=512 n=512 k=512 f32", *row = "m=1 n=1024 k=1024 f32";

using Values = std::vector<std::optional<double>>;

DeviceInfo device_called(const std::string& name, std::vector<Language> languages) {
    DeviceInfo device;
    device.id = name;
    device.backend = "cuda";
    device.name = name;
    device.languages = std::move(languages);
    return device;
}

const std::vector<Language> all_languages{Language::cuda,       Language::ptx,  Language::opencl,
                                          Language::opencl_ptx, Language::host, Language::vendor};

Measurement timed(Language language, const std::string& device, std::vector<double> samples,
                  const std::string& problem = square) {
    return test::passed_cell("gemm/tiled." + std::string(name(language)), language, problem, device,
                             std::move(samples));
}

Measurement failed(Language language, const std::string& device) {
    Measurement cell = test::skipped_cell("gemm/tiled." + std::string(name(language)), language, square, device);
    cell.verdict.outcome = Outcome::wrong;
    cell.verdict.reason = "every element of C is zero";
    return cell;
}

const LanguagePortability& language_in(const ScopePortability& scope, EfficiencyOf of, Language language) {
    const auto kind = std::ranges::find(scope.kinds, of, &EfficiencyKind::of);
    const auto found = std::ranges::find(kind->languages, language, &LanguagePortability::language);
    if (found == kind->languages.end()) throw std::logic_error("no such language");
    return *found;
}

TEST(PerformancePortability, OfAnEvenApplicationIsItsEfficiency) {
    EXPECT_NEAR(performance_portability(Values(10, 0.3)).pp, 0.3, 1e-15);
    EXPECT_NEAR(performance_portability(Values(10, 0.7)).pp, 0.7, 1e-15);
}

TEST(PerformancePortability, IsNothingWhereADeviceIsMissing) {
    const auto all = performance_portability(Values{0.5, std::nullopt, 1.0});
    EXPECT_EQ(all.pp, 0);
    EXPECT_DOUBLE_EQ(all.supported_mean, 2.0 / 3);
    EXPECT_EQ(all.minimum, 0.5);
    EXPECT_DOUBLE_EQ(all.coverage, 2.0 / 3);
    EXPECT_EQ(performance_portability(Values{std::nullopt}).coverage, 0);
    EXPECT_EQ(performance_portability(Values{}).pp, 0);
}

TEST(Cascades, GoFromTheBestDeviceToThoseThatAreMissing) {
    const auto steps = cascade(Values{0.5, std::nullopt, 1.0, 0.25});
    ASSERT_EQ(steps.size(), 4u);
    const std::vector<std::size_t> order{2, 0, 3, 1};
    const std::vector<double> pp{1, 2.0 / 3, 3.0 / 7, 0};
    for (std::size_t i = 0; i < steps.size(); ++i) {
        EXPECT_EQ(steps[i].device, order[i]);
        EXPECT_DOUBLE_EQ(steps[i].pp, pp[i]) << i;
    }
}

TEST(Portability, AgreesWithThePublishedCaseStudy) {
    std::ifstream file(STELE_SOURCE_DIR "/tests/vectors/babelstream.json");
    const nlohmann::json published = nlohmann::json::parse(file);
    const auto platforms = published.at("platforms").get<std::vector<std::string>>();
    Report report;
    report.environment = test::sample_environment();
    for (const std::string& platform : platforms) report.devices.push_back(device_called(platform, all_languages));
    std::size_t number = 0;
    for (const auto& [application, rows] : published.at("languages").items()) {
        const Language language = all_languages.at(number++);
        for (std::size_t i = 0; i < platforms.size(); ++i) {
            const auto& merit = rows.at("fom").at(i);
            report.measurements.push_back(merit.is_null() ? failed(language, platforms[i])
                                                          : timed(language, platforms[i], {merit.get<double>()}));
        }
    }
    const auto scopes = portability_of(std::vector{report}, {.resamples = 3});
    ASSERT_EQ(scopes.size(), 1u);
    ASSERT_EQ(scopes[0].devices.size(), platforms.size());
    number = 0;
    constexpr double printed = 5.1e-7;  // half of the last digit that is published
    for (const auto& [application, rows] : published.at("languages").items()) {
        const auto& own = language_in(scopes[0], EfficiencyOf::kernels, all_languages.at(number++));
        ASSERT_TRUE(own.pp);
        EXPECT_NEAR(own.pp->value, rows.at("pp").get<double>(), printed) << application;
        for (std::size_t i = 0; i < platforms.size(); ++i) {
            const auto& efficiency = rows.at("efficiency").at(i);
            ASSERT_EQ(own.devices[i].efficiency.has_value(), !efficiency.is_null()) << application << platforms[i];
            if (!efficiency.is_null()) {
                EXPECT_NEAR(own.devices[i].efficiency->value, efficiency.get<double>(), printed) << application << i;
            }
        }
    }
}

/// Two GPUs; the second speaks no PTX.
Report two_gpus() {
    Report report;
    report.environment = test::sample_environment();
    report.devices = {device_called("A", all_languages), device_called("B", {Language::opencl, Language::vendor})};
    return report;
}

TEST(Portability, TellsUnsupportedFromNotMeasured) {
    Report report = two_gpus();
    report.measurements = {timed(Language::ptx, "A", {100}), timed(Language::opencl, "A", {200}),
                           timed(Language::cuda, "A", {100}), timed(Language::opencl, "B", {50})};
    report.devices[1].languages.push_back(Language::cuda);
    const auto scopes = portability_of(std::vector{report}, {});
    ASSERT_EQ(scopes.size(), 1u);
    const auto& ptx = language_in(scopes[0], EfficiencyOf::kernels, Language::ptx);
    ASSERT_TRUE(ptx.pp);
    EXPECT_EQ(ptx.pp->value, 0);
    EXPECT_EQ(ptx.devices[1].why_not, "no runtime of this device speaks ptx");
    const auto& cuda = language_in(scopes[0], EfficiencyOf::kernels, Language::cuda);
    EXPECT_FALSE(cuda.pp);
    EXPECT_EQ(cuda.devices[1].why_not, "not measured");
    EXPECT_EQ(cuda.unknown, 1u);
    const auto& opencl = language_in(scopes[0], EfficiencyOf::kernels, Language::opencl);
    ASSERT_TRUE(opencl.pp);
    EXPECT_DOUBLE_EQ(opencl.pp->value, 2 / (1 / 0.5 + 1 / 1.0));
    EXPECT_DOUBLE_EQ(opencl.minimum->value, 0.5);
    EXPECT_EQ(opencl.coverage(), 1);
}

TEST(Portability, LibrariesAreAnotherMeasure) {
    Report report = two_gpus();
    Measurement library = timed(Language::vendor, "A", {50});
    report.measurements = {timed(Language::ptx, "A", {100}), timed(Language::ptx, "A", {300}, row), library};
    const auto scopes = portability_of(std::vector{report}, {});
    EXPECT_DOUBLE_EQ(language_in(scopes[0], EfficiencyOf::kernels, Language::ptx).devices[0].efficiency->value, 1);
    EXPECT_DOUBLE_EQ(language_in(scopes[0], EfficiencyOf::libraries, Language::ptx).devices[0].efficiency->value,
                     2 / (100.0 / 50 + 300.0 / 300))
        << "the harmonic mean over both problems";
    EXPECT_THROW(language_in(scopes[0], EfficiencyOf::kernels, Language::vendor), std::logic_error);
}

TEST(Portability, OfCommonProblemsOnlyWhereAsked) {
    Report report = two_gpus();
    report.measurements = {timed(Language::opencl, "A", {100}), timed(Language::ptx, "A", {50}),
                           timed(Language::opencl, "A", {100}, row), timed(Language::opencl, "B", {100}, row)};
    const auto own = portability_of(std::vector{report}, {});
    EXPECT_EQ(own[0].problems.size(), 2u);
    EXPECT_EQ(own[0].common, 1u);
    EXPECT_DOUBLE_EQ(language_in(own[0], EfficiencyOf::kernels, Language::opencl).devices[0].efficiency->value,
                     2 / (2.0 + 1));
    const auto common = portability_of(std::vector{report}, {.common_problems = true});
    EXPECT_EQ(common[0].problems, std::vector<std::string>{row});
    EXPECT_DOUBLE_EQ(language_in(common[0], EfficiencyOf::kernels, Language::opencl).pp->value, 1);
}

TEST(Portability, WhatWasTooSlowToBeTimedCounts) {
    Report report = two_gpus();
    Measurement slow = timed(Language::opencl, "A", {});
    slow.untimed = {"one execution took 400 ns", 400};
    report.measurements = {timed(Language::ptx, "A", {100}), slow};
    const auto scopes = portability_of(std::vector{report}, {});
    EXPECT_DOUBLE_EQ(language_in(scopes[0], EfficiencyOf::kernels, Language::opencl).devices[0].efficiency->value,
                     0.25);
}

TEST(Portability, SharesOfAMeasuredCeiling) {
    Report report = two_gpus();
    Measurement cell = timed(Language::ptx, "A", {1e6});
    Measurement arithmetic =
        test::passed_cell("ceiling/fma.ptx", Language::ptx, "blocks=16 iterations=512 f32", "A", {1e3});
    Measurement memory = test::passed_cell("ceiling/triad.ptx", Language::ptx, "bytes=67108864 triad", "A", {1e4});
    report.measurements = {cell, arithmetic};
    const auto unknown = portability_of(std::vector{report}, {});
    EXPECT_EQ(language_in(unknown[0], EfficiencyOf::ceiling, Language::ptx).devices[0].why_not,
              "no ceiling is known that bounds it");
    report.measurements.push_back(memory);
    const auto known = portability_of(std::vector{report}, {});
    const double seconds = std::max(cell.flops / (arithmetic.flops / 1e-6), cell.bytes / (memory.bytes / 1e-5));
    EXPECT_NEAR(language_in(known[0], EfficiencyOf::ceiling, Language::ptx).devices[0].efficiency->value,
                seconds / 1e-3, 1e-12);
}

TEST(Portability, IntervalsAreAsWideAsRoundsSpread) {
    constexpr std::size_t rounds = 60;
    constexpr double spread = 0.02;
    test::SimulatedRuns runs({.process = spread, .sample = 0}, 7);
    std::vector<Report> reports;
    for (std::size_t round = 0; round < rounds; ++round) {
        Report report = two_gpus();
        report.environment.started = std::to_string(round);
        report.measurements = {timed(Language::ptx, "A", {100 * std::exp(spread * runs.normal())}),
                               timed(Language::opencl, "A", {400 * std::exp(spread * runs.normal())})};
        reports.push_back(std::move(report));
    }
    const auto scopes = portability_of(reports, {.resamples = 2000});
    const Estimate estimate = *language_in(scopes[0], EfficiencyOf::kernels, Language::opencl).devices[0].efficiency;
    EXPECT_LT(estimate.interval.low, estimate.value);
    EXPECT_GT(estimate.interval.high, estimate.value);
    // Of a ratio of two means of as many logarithms; a bootstrap's is a hundredth narrower, and random by a tenth.
    const double expected = 2 * 1.96 * spread * std::sqrt(2.0 / rounds);
    EXPECT_NEAR(std::log(estimate.interval.high / estimate.interval.low) / expected, 1, 0.3);
    const Estimate best = *language_in(scopes[0], EfficiencyOf::kernels, Language::ptx).devices[0].efficiency;
    EXPECT_EQ(best.interval.low, 1) << "nothing ever comes near it";
    EXPECT_EQ(best.interval.high, 1);
}

TEST(CodeDivergence, OfTheKernelsThatReportsName) {
    Report report = two_gpus();
    report.measurements = {timed(Language::ptx, "A", {1}), timed(Language::cuda, "A", {1}),
                           test::passed_cell("gemm/half.ptx", Language::ptx, square, "A", {1})};
    const auto divergence = code_divergence_of(std::vector{report}, STELE_SOURCE_DIR);
    ASSERT_EQ(divergence.size(), 1u);
    ASSERT_EQ(divergence[0].pairs.size(), 1u);
    const LanguageDistance& pair = divergence[0].pairs[0];
    EXPECT_EQ(divergence[0].languages[1].files,
              (std::vector<std::string>{"gemm/tiled/tiled.ptx.cu", "gemm/half/half.ptx.cu"}));
    EXPECT_EQ(pair.both, 1u);
    EXPECT_GT(pair.distance, *pair.of_both) << "one language has an algorithm more";
    EXPECT_GT(*pair.of_both, 0);
    EXPECT_LT(pair.distance, 1);
}

}  // namespace
}  // namespace stele::portability_test
