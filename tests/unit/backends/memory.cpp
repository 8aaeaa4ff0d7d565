// What every device promises about memory, launches and clocks, tried on each device that is here.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <limits>
#include <vector>

#include "backends/backend.hpp"
#include "backends/error.hpp"
#include "tests/support/first_device.hpp"

namespace stele::memory_test {
namespace {

std::vector<std::byte> pattern(std::size_t size, unsigned seed) {
    std::vector<std::byte> out(size);
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::byte>(seed + 31 * i + (i >> 8));
    return out;
}

std::vector<std::byte> read(Device& device, const Buffer& buffer, std::ptrdiff_t offset, std::size_t size) {
    std::vector<std::byte> out(size);
    device.download(buffer, offset, out);
    return out;
}

// Calls `test` with every device but those for results only; fails if there was none.
template <typename Test>
void on_every_device(Test test) {
    int tried = 0;
    for (const auto& backend : all_backends()) {
        for (std::size_t i = 0; i < backend->devices().size(); ++i) {
            if (backend->devices()[i].for_results_only) continue;
            SCOPED_TRACE(backend->devices()[i].id);
            const auto device = backend->open(i);
            test(*device);
            ++tried;
        }
    }
    EXPECT_GT(tried, 0);
}

TEST(BackendsMemory, WhatIsUploadedComesBack) {
    on_every_device([](Device& device) {
        for (std::size_t size : {std::size_t{1}, std::size_t{63}, std::size_t{4096}, std::size_t{1} << 20}) {
            const auto buffer = device.allocate(size);
            ASSERT_EQ(buffer->bytes(), size);
            const auto data = pattern(size, 7);
            device.upload(*buffer, 0, data);
            EXPECT_EQ(read(device, *buffer, 0, size), data) << size;
        }
    });
}

TEST(BackendsMemory, PartsLandAtTheirOffset) {
    on_every_device([](Device& device) {
        const auto buffer = device.allocate(256);
        auto expected = pattern(256, 1);
        device.upload(*buffer, 0, expected);
        const auto part = pattern(17, 99);
        device.upload(*buffer, 100, part);
        std::ranges::copy(part, expected.begin() + 100);
        EXPECT_EQ(read(device, *buffer, 0, 256), expected);
        EXPECT_EQ(read(device, *buffer, 100, 17), part);
    });
}

TEST(BackendsMemory, GuardsAreReachedFromTheHostOnBothSides) {
    constexpr std::size_t guard = Buffer::guard_bytes;
    constexpr auto before = -static_cast<std::ptrdiff_t>(guard);
    on_every_device([&](Device& device) {
        for (std::size_t size : {std::size_t{0}, std::size_t{5}, std::size_t{1000}}) {
            const auto buffer = device.allocate(size);
            const auto whole = pattern(size + 2 * guard, 3);
            device.upload(*buffer, before, whole);
            EXPECT_EQ(read(device, *buffer, before, whole.size()), whole) << size;
            // The payload lies between them, not on them.
            const auto payload = pattern(size, 200);
            device.upload(*buffer, 0, payload);
            const std::vector<std::byte> low(whole.begin(), whole.begin() + guard),
                high(whole.end() - guard, whole.end());
            EXPECT_EQ(read(device, *buffer, before, guard), low) << size;
            EXPECT_EQ(read(device, *buffer, static_cast<std::ptrdiff_t>(size), guard), high) << size;
        }
    });
}

TEST(BackendsMemory, CopiesBeyondTheGuardsAreRefused) {
    on_every_device([](Device& device) {
        const auto buffer = device.allocate(64);
        const auto end = static_cast<std::ptrdiff_t>(64 + Buffer::guard_bytes);
        const auto data = pattern(2, 0);
        EXPECT_THROW(device.upload(*buffer, end - 1, data), DeviceError);
        EXPECT_THROW(device.upload(*buffer, -static_cast<std::ptrdiff_t>(Buffer::guard_bytes) - 1, data), DeviceError);
        EXPECT_THROW(read(device, *buffer, end + 1, 1), DeviceError);
        EXPECT_THROW(read(device, *buffer, 0, 64 + Buffer::guard_bytes + 1), DeviceError);
        EXPECT_NO_THROW(device.upload(*buffer, end - 2, data));
    });
}

TEST(BackendsMemory, AnImpossibleAllocationIsOutOfMemory) {
    on_every_device([](Device& device) {
        const std::size_t largest = std::numeric_limits<std::size_t>::max();
        for (std::size_t size : {largest, largest / 2, device.info().max_allocation_bytes}) {
            try {
                const auto buffer = device.allocate(size);
                ADD_FAILURE() << "allocated " << size << " bytes";
            } catch (const DeviceError& error) {
                EXPECT_TRUE(error.out_of_memory()) << error.what();
            }
        }
        EXPECT_NO_THROW(device.allocate(1024)) << "the device must live on";
    });
}

TEST(BackendsMemory, ABufferOfAnotherBackendIsRefused) {
    const auto host = test::first_device("host").device;
    const auto foreign = host->allocate(16);
    on_every_device([&](Device& device) {
        if (device.info().backend == "host") return;
        EXPECT_THROW(device.upload(*foreign, 0, pattern(4, 0)), DeviceError);
    });
}

TEST(BackendsClock, TheDeviceClockAgreesWithTheHosts) {
    on_every_device([](Device& device) {
        const ClockCheck check = device.check_clock();
        // Long enough for the host to see. The device's window lies within the host's, but for the clocks' own rates;
        // on a machine that others use too, the host may wait as long again.
        EXPECT_GT(check.host_ns, 15e6);
        EXPECT_GT(check.device_ns / check.host_ns, 0.5);
        EXPECT_LT(check.device_ns / check.host_ns, 1.01);
        EXPECT_GT(check.resolution_ns, 0);
        EXPECT_LT(check.resolution_ns, 1e6);
        EXPECT_GT(check.overhead_ns, 0);
        EXPECT_LT(check.overhead_ns, 0.1 * check.device_ns);
        RecordProperty(device.info().id + "_ratio", std::to_string(check.device_ns / check.host_ns));
    });
}

TEST(BackendsClock, NoLaunchesTakeNoTimeAndNoHarm) {
    on_every_device([](Device& device) {
        EXPECT_NO_THROW(device.run({}));
        EXPECT_GE(device.nanoseconds({}), 0);
        EXPECT_LT(device.nanoseconds({}), 1e6);
    });
}

TEST(BackendsMemory, EvictionLeavesBuffersAlone) {
    on_every_device([](Device& device) {
        const auto buffer = device.allocate(4096);
        const auto data = pattern(4096, 11);
        device.upload(*buffer, 0, data);
        device.evict_cache();
        device.evict_cache();
        EXPECT_EQ(read(device, *buffer, 0, 4096), data);
    });
}

/// A CPU's caches hold nothing else after twice their size was written; that memory is this process's.
TEST(BackendsMemory, EvictionWritesTwiceTheCache) {
    const auto resident_bytes = [] {
        std::ifstream statm("/proc/self/statm");
        std::size_t size = 0, resident = 0;
        statm >> size >> resident;
        return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    };
    on_every_device([&](Device& device) {
        if (!device.info().is_cpu || device.info().cache_bytes == 0) return;
        const std::size_t before = resident_bytes();
        device.evict_cache();
        constexpr std::size_t uncounted = std::size_t{4} << 20;  // the kernel counts pages in batches a thread
        EXPECT_GE(resident_bytes() + uncounted, before + 2 * device.info().cache_bytes);
    });
}

// Every kind of argument reaches a host call, in order; on a device with a queue of its own the call sees it.
TEST(BackendsHostCall, SeesQueueAndArguments) {
    on_every_device([](Device& device) {
        KernelSource source;
        source.language = Language::vendor;
        source.entry = "look";
        bool called = false;
        const bool on_host = device.info().host_queue == HostQueue::none;
        source.call = [&](const HostCallContext& context) {
            called = true;
            EXPECT_EQ(context.queue == nullptr, on_host);
            ASSERT_EQ(context.arguments.size(), 6u);
            EXPECT_NE(context.arguments[0], nullptr);
            EXPECT_EQ(context.arguments[1], nullptr);
            EXPECT_EQ(*static_cast<std::int32_t*>(context.arguments[2]), -5);
            EXPECT_EQ(*static_cast<std::uint32_t*>(context.arguments[3]), 4000000000u);
            EXPECT_EQ(*static_cast<std::int64_t*>(context.arguments[4]), std::int64_t{1} << 40);
            EXPECT_EQ(*static_cast<float*>(context.arguments[5]), 1.5f);
            if (on_host) {
                EXPECT_EQ(reinterpret_cast<std::uintptr_t>(context.arguments[0]) % 64, 0u);
                std::memset(context.arguments[0], 0x2a, 8);
            }
        };
        const auto kernel = device.load(source);
        EXPECT_EQ(kernel->build_nanoseconds(), 0);
        const auto buffer = device.allocate(8);
        const Launch launch{kernel.get(),
                            {},
                            {},
                            0,
                            {buffer.get(), static_cast<Buffer*>(nullptr), std::int32_t{-5}, std::uint32_t{4000000000u},
                             std::int64_t{1} << 40, 1.5f}};
        device.run({&launch, 1});
        EXPECT_TRUE(called);
        if (on_host) {
            EXPECT_EQ(read(device, *buffer, 0, 8), std::vector<std::byte>(8, std::byte{0x2a}));
        }
        called = false;
        // Nothing runs on the device inside, so this is the cost of the window itself.
        EXPECT_LT(device.nanoseconds({&launch, 1}), 1e9);
        EXPECT_TRUE(called);
    });
}

TEST(BackendsHostCall, AnExceptionFromItLeavesTheDeviceUsable) {
    on_every_device([](Device& device) {
        KernelSource source;
        source.language = Language::vendor;
        source.call = [](const HostCallContext&) { throw DeviceError("library_call", 7, "NOT_SUPPORTED"); };
        const auto kernel = device.load(source);
        const Launch launch{kernel.get(), {}, {}, 0, {}};
        EXPECT_THROW(device.run({&launch, 1}), DeviceError);
        EXPECT_THROW(device.nanoseconds({&launch, 1}), DeviceError);
        const auto buffer = device.allocate(16);
        device.upload(*buffer, 0, pattern(16, 5));
        EXPECT_EQ(read(device, *buffer, 0, 16), pattern(16, 5));
    });
}

TEST(BackendsHostCall, AFunctionThatIsNotInThisBuildSaysSo) {
    on_every_device([](Device& device) {
        KernelSource source;
        source.language = Language::vendor;
        source.file = "gemm/vendor";
        source.entry = "missing";
        try {
            device.load(source);
            FAIL() << "loaded nothing";
        } catch (const DeviceError& error) {
            EXPECT_NE(std::string(error.what()).find("gemm/vendor missing"), std::string::npos) << error.what();
        }
    });
}

TEST(BackendsHostCall, HostTimeIsTheCallsTime) {
    const auto device = test::first_device("host").device;
    KernelSource source;
    source.call = [](const HostCallContext&) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(5);
        while (std::chrono::steady_clock::now() < end) {
        }
    };
    const auto kernel = device->load(source);
    const std::vector<Launch> launches(2, Launch{kernel.get(), {}, {}, 0, {}});
    EXPECT_GE(device->nanoseconds(launches), 10e6);
}

TEST(BackendsHostCall, ALanguageThatADeviceDoesNotTakeIsRefusedByName) {
    on_every_device([](Device& device) {
        KernelSource source;
        source.language = device.info().speaks(Language::host) ? Language::opencl : Language::host;
        source.entry = "some_kernel";
        source.call = [](const HostCallContext&) {};
        try {
            device.load(source);
            FAIL() << "loaded " << name(source.language);
        } catch (const DeviceError& error) {
            const std::string what = error.what();
            EXPECT_NE(what.find(name(source.language)), std::string::npos) << what;
            EXPECT_NE(what.find(device.info().id), std::string::npos) << what;
        }
    });
}

}  // namespace
}  // namespace stele::memory_test
