// Devices chosen by name, why none is there, and how a process opens them.
#include "harness/catalog/device_set.hpp"

#include <gtest/gtest.h>

#include "harness/base/error.hpp"
#include "tests/support/fake_device.hpp"

namespace stele::device_set_test {
namespace {

DeviceInfo device(std::string id, std::vector<Language> languages = {}) {
    DeviceInfo info;
    info.backend = id.substr(0, id.find(':'));
    info.id = std::move(id);
    info.languages = std::move(languages);
    return info;
}

/// A device whose memory is at fault.
class FaultyDevice : public test::FakeDevice {
public:
    explicit FaultyDevice(std::function<void(std::span<std::byte>)> fault) : fault_(std::move(fault)) {}
    void download(const Buffer& from, std::ptrdiff_t offset, std::span<std::byte> data) override {
        FakeDevice::download(from, offset, data);
        fault_(data);
    }

private:
    std::function<void(std::span<std::byte>)> fault_;
};

/// What happened to backends, in order.
using Events = std::vector<std::string>;

class FakeBackend : public Backend {
public:
    FakeBackend(std::string name, std::vector<DeviceInfo> devices, Events& events, bool faulty)
        : name_(std::move(name)), devices_(std::move(devices)), events_(&events), faulty_(faulty) {}
    std::string_view name() const override { return name_; }
    const std::vector<DeviceInfo>& devices() const override { return devices_; }
    std::string why_none() const override { return "no driver"; }
    std::unique_ptr<Device> open(std::size_t index) const override {
        events_->push_back("opened " + devices_.at(index).id);
        auto made = faulty_ ? std::make_unique<FaultyDevice>([](std::span<std::byte> data) { data[0] ^= std::byte{1}; })
                            : std::make_unique<test::FakeDevice>();
        made->description = devices_.at(index);
        return made;
    }

private:
    std::string name_;
    std::vector<DeviceInfo> devices_;
    Events* events_;
    bool faulty_;
};

class OpenDevicesTest : public testing::Test {
protected:
    BackendEntry entry(std::string_view name, const std::vector<DeviceInfo>& devices, bool faulty = false) {
        return {name, [=, this] {
                    events.push_back("made " + std::string(name));
                    return std::make_unique<FakeBackend>(std::string(name), devices, events, faulty);
                }};
    }
    Events events;
    OpenDevices devices{{entry("cuda", {}), entry("opencl", {device("opencl:0"), device("opencl:1")}),
                         entry("host", {device("host:0")}, true)}};
};

std::vector<std::string> ids(const std::vector<DeviceInfo>& infos) {
    std::vector<std::string> out;
    for (const DeviceInfo& info : infos) out.push_back(info.id);
    return out;
}

std::vector<std::string> ids(const std::vector<const DeviceInfo*>& infos) {
    std::vector<std::string> out;
    for (const DeviceInfo* info : infos) out.push_back(info->id);
    return out;
}

using Ids = std::vector<std::string>;

TEST_F(OpenDevicesTest, FindsThoseOfEveryBackendAndWhyOneHasNone) {
    const FoundDevices found =
        devices.found({}, [&](std::string_view name) { events.push_back("about to ask " + std::string(name)); });
    EXPECT_EQ(ids(found.infos), (Ids{"opencl:0", "opencl:1", "host:0"}));
    ASSERT_EQ(found.absent.size(), 1u);
    EXPECT_EQ(found.absent[0].name, "cuda");
    EXPECT_EQ(found.absent[0].why, "no driver");
    EXPECT_EQ(events, (Events{"about to ask cuda", "made cuda", "about to ask opencl", "made opencl",
                              "about to ask host", "made host"}));
    EXPECT_EQ(devices.found().infos.size(), 3u);
    EXPECT_EQ(events.size(), 6u) << "a backend is made once";
}

TEST_F(OpenDevicesTest, OfASkippedBackendNothingIsAskedOrTold) {
    const FoundDevices found = devices.found({"cuda", "host"});
    EXPECT_EQ(ids(found.infos), (Ids{"opencl:0", "opencl:1"}));
    EXPECT_TRUE(found.absent.empty());
    EXPECT_EQ(events, Events{"made opencl"});
}

TEST_F(OpenDevicesTest, OpensTheOneThatIsMeantOnce) {
    EXPECT_FALSE(devices.is_open(device("opencl:1")));
    Device& opened = devices.open(device("opencl:1"));
    EXPECT_EQ(opened.info().id, "opencl:1");
    EXPECT_EQ(&devices.open(device("opencl:1")), &opened);
    EXPECT_EQ(events, (Events{"made opencl", "opened opencl:1"})) << "no other backend is asked for it";
    EXPECT_TRUE(devices.is_open(device("opencl:1")));
    EXPECT_FALSE(devices.is_open(device("opencl:0")));
    EXPECT_EQ(devices.open(device("opencl:0")).info().id, "opencl:0");
}

TEST_F(OpenDevicesTest, OneThatChangesBytesIsNotOpened) {
    try {
        devices.open(device("host:0"));
        FAIL() << "opened";
    } catch (const DeviceError& error) {
        EXPECT_EQ(error.call(), "open");
        EXPECT_EQ(error.code(), 0);
        EXPECT_EQ(error.code_name(), "DEVICE_UNUSABLE");
        EXPECT_NE(std::string(error.what()).find("it gives other bytes back than it was given"), std::string::npos);
    }
    EXPECT_FALSE(devices.is_open(device("host:0")));
}

TEST_F(OpenDevicesTest, OneThatNoBackendHasIsAMistakeOfTheCaller) {
    for (const char* id : {"opencl:2", "metal:0"}) try {
            devices.open(device(id));
            FAIL() << id;
        } catch (const std::logic_error& error) {
            EXPECT_EQ(std::string(error.what()), "no backend has the device " + std::string(id));
        }
}

TEST(OpenDevices, KnowTheOneThatTheyWereGiven) {
    test::FakeDevice given;
    OpenDevices devices(given);
    EXPECT_EQ(ids(devices.found().infos), Ids{"fake:0"});
    EXPECT_TRUE(devices.is_open(given.info()));
    EXPECT_EQ(&devices.open(given.info()), &given);
}

TEST(WhyUnusable, FindsEveryByteThatDoesNotComeBack) {
    test::FakeDevice good;
    good.memory_limit = 4096;
    EXPECT_EQ(why_unusable(good), "") << "a page is all that it takes";
    const std::string other = "it gives other bytes back than it was given";
    for (int bit = 0; bit < 8; ++bit) {
        const auto mask = static_cast<std::byte>(1 << bit);
        FaultyDevice low([=](std::span<std::byte> data) {
            for (std::byte& byte : data) byte &= ~mask;
        });
        FaultyDevice high([=](std::span<std::byte> data) {
            for (std::byte& byte : data) byte |= mask;
        });
        EXPECT_EQ(why_unusable(low), other) << "bit " << bit;
        EXPECT_EQ(why_unusable(high), other) << "bit " << bit;
    }
    for (const std::size_t at : {0, 1, 4095}) {
        FaultyDevice one([=](std::span<std::byte> data) { data[at] ^= std::byte{0x80}; });
        EXPECT_EQ(why_unusable(one), other) << "byte " << at;
    }
    FaultyDevice shifted([](std::span<std::byte> data) { std::copy(data.begin() + 1, data.end(), data.begin()); });
    EXPECT_EQ(why_unusable(shifted), other);
    test::FakeDevice full;
    full.memory_limit = 4095;
    EXPECT_NE(why_unusable(full).find("FAKE_OUT_OF_MEMORY"), std::string::npos) << why_unusable(full);
}

class DeviceSetTest : public testing::Test {
protected:
    static FoundDevices found() {
        DeviceInfo simt = device("simt:0", {Language::cuda, Language::ptx});
        simt.for_results_only = true;
        return {{device("opencl:0", {Language::opencl}), device("opencl:1", {Language::opencl, Language::opencl_ptx}),
                 device("host:0", {Language::host}), simt},
                {{"cuda", "no driver"}, {"metal", "not built"}}};
    }
    std::string message(const std::vector<std::string>& patterns) {
        try {
            set.select(patterns);
        } catch (const BadInput& error) {
            return error.what();
        }
        return "";
    }
    DeviceSet set{found()};
};

TEST_F(DeviceSetTest, SelectsByIdBackendAndGlobInItsOwnOrder) {
    EXPECT_EQ(ids(set.select({})), (Ids{"opencl:0", "opencl:1", "host:0", "simt:0"}));
    EXPECT_EQ(ids(set.select({"opencl:1"})), Ids{"opencl:1"});
    EXPECT_EQ(ids(set.select({"opencl"})), (Ids{"opencl:0", "opencl:1"}));
    EXPECT_EQ(ids(set.select({"*:0"})), (Ids{"opencl:0", "host:0", "simt:0"}));
    EXPECT_EQ(ids(set.select({"host", "opencl:0", "h*"})), (Ids{"opencl:0", "host:0"})) << "each once";
}

TEST_F(DeviceSetTest, APatternThatNamesNoneIsAnswered) {
    EXPECT_EQ(message({"cuda"}), "no device matches 'cuda': the cuda backend has none: no driver");
    EXPECT_EQ(message({"host", "metal:3"}), "no device matches 'metal:3': the metal backend has none: not built");
    EXPECT_EQ(message({"opencl:7"}),
              "no device matches 'opencl:7'; did you mean 'opencl:0'?; there are opencl:0, "
              "opencl:1, host:0, simt:0");
    EXPECT_EQ(message({"quantum"}), "no device matches 'quantum'; there are opencl:0, opencl:1, host:0, simt:0");
    EXPECT_THROW(DeviceSet({}).select({"host"}), BadInput);
    EXPECT_TRUE(DeviceSet({}).select({}).empty());
    try {
        DeviceSet({}).select({"host"});
    } catch (const BadInput& error) {
        EXPECT_EQ(std::string(error.what()), "no device matches 'host'; there are none");
    }
}

TEST_F(DeviceSetTest, SaysWhyNothingChosenSpeaksALanguage) {
    const auto chosen = set.select({"host"});
    EXPECT_EQ(set.why_none_speaks(Language::opencl_ptx, chosen), "no chosen device speaks opencl_ptx (opencl:1 would)");
    EXPECT_EQ(set.why_none_speaks(Language::cuda, chosen),
              "no cuda device: no driver (simt:0 computes it, for results only)");
    EXPECT_EQ(set.why_none_speaks(Language::cuda_tile, chosen), "no cuda device: no driver");
    EXPECT_EQ(set.why_none_speaks(Language::vendor, chosen), "no device speaks vendor");
    // One that is among the chosen is no advice.
    EXPECT_EQ(set.why_none_speaks(Language::host, chosen), "no device speaks host");
    EXPECT_EQ(set.why_none_speaks(Language::ptx, set.select({"simt"})), "no cuda device: no driver");
}

}  // namespace
}  // namespace stele::device_set_test
