// Every variant on every device present, on the smoke and edge problems of its operation: right, or skipped and why.
// One test a variant and device; of a tile space that is larger than any list, a few legal tiles drawn at random, on
// the smoke problems. `--backend=NAME` takes the devices of one backend; exit code 77 says that there are none.
// `--coverage` executes nothing, and says which variants no device here would.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>
#include <numeric>
#include <string_view>

#include "harness/base/statistics.hpp"
#include "harness/catalog/device_set.hpp"
#include "harness/catalog/registry.hpp"
#include "harness/catalog/tile_choices.hpp"
#include "harness/measure/runner_here.hpp"
#include "tests/conformance/batch_order.hpp"
#include "tests/conformance/coverage.hpp"
#include "tests/conformance/unseen.hpp"

namespace stele {
namespace {

constexpr int exit_no_device = 77;

/// What the tests share, and what they did.
struct Conformance {
    explicit Conformance(const std::vector<std::string>& wanted) : chosen(devices.select(wanted)) {
        for (const Operation* operation : registry.operations())
            for (Suite suite : {Suite::smoke, Suite::edge})
                for (auto& problem : stele::problems(*operation, suite))
                    problems[{std::string(operation->name()), suite}].push_back(std::move(problem));
    }

    Registry registry;
    OpenDevices opened;
    DeviceSet devices{opened.found()};
    std::vector<const DeviceInfo*> chosen;
    std::map<std::pair<std::string, Suite>, std::vector<std::unique_ptr<Problem>>> problems;  ///< by operation
    ReferenceCache references;

    std::size_t passed = 0, failed = 0;
    std::map<std::string, std::size_t> skipped;  ///< by reason
};

class VariantOnDevice : public testing::Test {
public:
    VariantOnDevice(Conformance& shared, const Variant& variant, const DeviceInfo& info, std::vector<Suite> suites)
        : shared_(shared), variant_(variant), info_(info), suites_(std::move(suites)) {}

    void TestBody() override {
        std::vector<Cell> cells;
        for (Suite suite : suites_)
            for (const auto& problem : shared_.problems.at({variant_.operation, suite}))
                cells.push_back({&variant_, problem.get(), &info_});
        // PoCL compiles within the first run, which takes its time on a busy machine; that is not what is asked here.
        SamplerOptions options;
        options.cell_timeout_seconds = 600;
        std::size_t ran = 0;
        std::map<std::string, std::size_t> reasons;
        RunnerHere here(shared_.opened, shared_.references);
        for (const Measurement& cell : run_cells(here, Work::verify, cells, options, {})) {
            if (cell.verdict.outcome == Outcome::skipped) {
                ++reasons[cell.verdict.reason];
                ++shared_.skipped[cell.verdict.reason];
                continue;
            }
            ++ran;
            const bool right = cell.verdict.outcome == Outcome::passed;
            ++(right ? shared_.passed : shared_.failed);
            if (!right)
                ADD_FAILURE() << cell.variant << " on " << cell.problem << " (" << cell.device
                              << "): " << name(cell.verdict.outcome) << ": " << cell.verdict.reason;
        }
        if (ran == 0) {
            std::string why;
            for (const auto& [reason, count] : reasons) why += fmt::format("\n  {} × {}", count, reason);
            GTEST_SKIP() << "all problems of " << variant_.id() << " were skipped on " << info_.id << ":" << why;
        }
    }

private:
    Conformance& shared_;
    const Variant& variant_;
    const DeviceInfo& info_;
    std::vector<Suite> suites_;
};

/// A check of its own on a variant and a device.
using Check = void (*)(Device&, const Variant&, const Operation&);

class Checked : public testing::Test {
public:
    Checked(Conformance& shared, const Variant& variant, const DeviceInfo& info, Check check)
        : shared_(shared), variant_(variant), info_(info), check_(check) {}

    void TestBody() override {
        check_(shared_.opened.open(info_), variant_, shared_.registry.operation(variant_.operation));
    }

private:
    Conformance& shared_;
    const Variant& variant_;
    const DeviceInfo& info_;
    Check check_;
};

/// Stands for a variant that nothing here can run.
class VariantWithoutDevice : public testing::Test {
public:
    VariantWithoutDevice(Conformance& shared, const Variant& variant) : shared_(shared), variant_(variant) {}

    void TestBody() override {
        const std::string why = shared_.devices.why_none_speaks(variant_.language, shared_.chosen);
        ++shared_.skipped[why];
        GTEST_SKIP() << variant_.id() << ": " << why;
    }

private:
    Conformance& shared_;
    const Variant& variant_;
};

/// GoogleTest filters by '.', ':', '-' and '*', so a name keeps letters and digits only.
std::string test_name(std::string text) {
    for (char& c : text)
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
    return text;
}

void add(const Variant& variant, const std::string& place, std::function<testing::Test*()> make) {
    const std::string id = variant.id().substr(variant.operation.size() + 1);
    testing::RegisterTest(variant.operation.c_str(), test_name(id + " " + place).c_str(), nullptr, nullptr, __FILE__,
                          __LINE__, std::move(make));
}

/// Legal tiles that no list has.
std::vector<const Variant*> drawn_tiles(const Conformance& shared, const Variant& variant) {
    constexpr std::size_t most = 3;
    const TileChoices choices(shared.registry, variant);
    std::vector<std::size_t> order(choices.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    SeededDraws(1).shuffle(order);
    std::vector<const Variant*> out;
    for (std::size_t i = 0; i < order.size() && out.size() < most; ++i) {
        const Variant& drawn = choices.variant(order[i]);
        const auto& listed = shared.registry.variants();
        if (std::find(listed.begin(), listed.end(), &drawn) == listed.end()) out.push_back(&drawn);
    }
    return out;
}

void register_tests(Conformance& shared, bool all_backends_wanted) {
    for (const Variant* variant : shared.registry.variants()) {
        bool spoken = false;
        for (const DeviceInfo* info : shared.chosen) {
            if (!info->speaks(variant->language)) continue;
            spoken = true;
            add(*variant, info->id, [&shared, variant, info] {
                return new VariantOnDevice(shared, *variant, *info, {Suite::smoke, Suite::edge});
            });
            if (has_unseen_keys(*variant))
                add(*variant, info->id + " unseen keys",
                    [&shared, variant, info] { return new Checked(shared, *variant, *info, check_unseen_keys); });
            if (has_batch_order(*variant))
                add(*variant, info->id + " batch order",
                    [&shared, variant, info] { return new Checked(shared, *variant, *info, check_batch_order); });
            if (!variant->default_tile || !variant->tile_space) continue;
            for (const Variant* drawn : drawn_tiles(shared, *variant))
                add(*drawn, info->id,
                    [&shared, drawn, info] { return new VariantOnDevice(shared, *drawn, *info, {Suite::smoke}); });
        }
        if (!spoken && all_backends_wanted)
            add(*variant, "no device", [&shared, variant] { return new VariantWithoutDevice(shared, *variant); });
    }
}

int run(int argc, char** argv) {
    constexpr std::string_view option = "--backend=";
    std::vector<std::string> wanted;
    for (int i = 1; i < argc; ++i) {
        if (std::string_view(argv[i]) == "--coverage")
            return check_coverage(Registry{}, DeviceSet(OpenDevices().found()));
        if (std::string_view(argv[i]).starts_with(option)) {
            wanted.emplace_back(argv[i] + option.size());
        } else {
            fmt::print(stderr, "conformance: unknown argument {}; there are --backend=NAME and --coverage\n", argv[i]);
            return 2;
        }
    }
    const DeviceSet all(OpenDevices().found());
    for (const AbsentBackend& absent : all.absent()) {
        if (wanted != std::vector{absent.name}) continue;
        fmt::print("conformance: nothing ran: {} has no device: {}\n", absent.name, absent.why);
        return exit_no_device;
    }
    Conformance shared(wanted);
    for (const DeviceInfo* info : shared.chosen)
        fmt::print("conformance: {} is {}, {}\n", info->id, info->name, info->driver);
    register_tests(shared, wanted.empty());
    const int result = RUN_ALL_TESTS();

    fmt::print("conformance: {} passed, {} failed\n", shared.passed, shared.failed);
    for (const auto& [reason, count] : shared.skipped) fmt::print("conformance: {} skipped: {}\n", count, reason);
    if (result == 0 && shared.passed == 0 && !testing::GTEST_FLAG(list_tests)) {
        fmt::print("conformance: nothing ran, which is not a pass\n");
        return 1;
    }
    return result;
}

}  // namespace
}  // namespace stele

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    try {
        return stele::run(argc, argv);
    } catch (const std::exception& error) {
        fmt::print(stderr, "conformance: {}\n", error.what());
        return 2;
    }
}
