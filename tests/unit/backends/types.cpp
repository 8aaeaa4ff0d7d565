// Names, features and what a backend without devices says.
#include <gtest/gtest.h>

#include <algorithm>

#include "backends/backend.hpp"
#include "backends/error.hpp"

namespace stele::types_test {
namespace {

TEST(BackendsTypes, LanguagesAreReadByTheirNamesAlone) {
    EXPECT_EQ(from_name<Language>("CUDA"), std::nullopt);
    EXPECT_EQ(from_name<Language>(""), std::nullopt);
}

TEST(BackendsTypes, InfoIsAskedForFeaturesAndLanguages) {
    DeviceInfo info;
    info.features = {"cl_khr_fp64", "f64"};
    info.languages = {Language::opencl};
    EXPECT_TRUE(info.has("f64"));
    EXPECT_FALSE(info.has("f6"));
    EXPECT_TRUE(info.speaks(Language::opencl));
    EXPECT_FALSE(info.speaks(Language::cuda));
}

TEST(BackendsTypes, AnAbsentBackendSaysWhyAndOpensNothing) {
    const auto backend = absent_backend("metal", "this is no Mac");
    EXPECT_EQ(backend->name(), "metal");
    EXPECT_TRUE(backend->devices().empty());
    EXPECT_EQ(backend->why_none(), "this is no Mac");
    try {
        backend->open(0);
        FAIL() << "opened a device that is not there";
    } catch (const DeviceError& error) {
        EXPECT_NE(std::string(error.what()).find("this is no Mac"), std::string::npos) << error.what();
    }
}

TEST(BackendsTypes, AnErrorNamesCallCodeAndPlaceButNotTheBuildFolder) {
    const DeviceError error("clFinish", -5, "CL_OUT_OF_RESOURCES", "too many registers");
    const std::string what = error.what();
    for (const char* part : {"clFinish", "CL_OUT_OF_RESOURCES", "-5", "too many registers", "tests/unit/"})
        EXPECT_NE(what.find(part), std::string::npos) << what;
    EXPECT_EQ(what.find("/tests/"), std::string::npos) << what;
    EXPECT_FALSE(error.out_of_memory());
}

TEST(BackendsTypes, EveryBackendHasDevicesOrAReason) {
    const auto all = all_backends();
    std::vector<std::string> names;
    for (const auto& backend : all) {
        names.emplace_back(backend->name());
        EXPECT_EQ(backend->devices().empty(), !backend->why_none().empty()) << backend->name();
        for (std::size_t i = 0; i < backend->devices().size(); ++i) {
            const DeviceInfo& info = backend->devices()[i];
            EXPECT_EQ(info.id, names.back() + ":" + std::to_string(i));
            EXPECT_EQ(info.backend, names.back());
            EXPECT_FALSE(info.name.empty()) << info.id;
            EXPECT_FALSE(info.driver.empty()) << info.id;
            EXPECT_FALSE(info.languages.empty()) << info.id;
            EXPECT_GT(info.compute_units, 0) << info.id;
            EXPECT_GT(info.max_allocation_bytes, 0u) << info.id;
        }
        EXPECT_THROW(backend->open(backend->devices().size()), DeviceError) << backend->name();
    }
    for (const char* always : {"cuda", "opencl", "host"}) EXPECT_EQ(std::ranges::count(names, always), 1) << always;
}

}  // namespace
}  // namespace stele::types_test
