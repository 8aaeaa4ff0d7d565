// A device of plain memory whose clock says what the test wants.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "backends/backend.hpp"
#include "backends/error.hpp"

namespace stele::test {

class FakeBuffer : public Buffer {
public:
    explicit FakeBuffer(std::size_t bytes) : Buffer(bytes), storage(bytes + 2 * guard_bytes) {}
    std::byte* payload() { return storage.data() + guard_bytes; }
    const std::byte* payload() const { return storage.data() + guard_bytes; }

    std::vector<std::byte> storage;
};

class FakeKernel : public Kernel {
public:
    FakeKernel(std::string entry_name, HostCall host_call, double build_ns)
        : entry(std::move(entry_name)), call(std::move(host_call)) {
        build_nanoseconds_ = build_ns;
    }
    std::string entry;
    HostCall call;
};

/// Runs host calls. A launch takes what `time` says for its kernel's entry; everything that happened is counted.
class FakeDevice : public Device {
public:
    FakeDevice() {
        description.id = "fake:0";
        description.backend = "fake";
        description.name = "Fake";
        description.architecture = "fake";
        description.cache_bytes = 1 << 20;
        description.global_bytes = std::size_t{1} << 30;
        description.languages = {Language::host};
    }

    DeviceInfo description;
    std::function<double(const std::string& entry)> time = [](const std::string&) { return 1000.0; };
    std::set<std::string> broken_builds;              ///< entries that do not compile
    std::size_t memory_limit = std::size_t{1} << 30;  ///< live payload beyond this is out of memory
    ClockState health;
    std::function<std::optional<double>()> stolen = [] { return std::optional<double>(); };

    std::vector<std::string> timed, ran;         ///< entries, in order
    std::vector<const Buffer*> first_arguments;  ///< of each timed launch
    std::vector<std::string> ranges;
    int evictions = 0, graphs = 0;
    std::size_t live_bytes = 0;

    const DeviceInfo& info() const override { return description; }

    std::unique_ptr<Buffer> allocate(std::size_t bytes) override {
        if (live_bytes + bytes > memory_limit)
            throw DeviceError("fake_allocate", -4, "FAKE_OUT_OF_MEMORY").set_out_of_memory(true);
        live_bytes += bytes;
        return std::make_unique<FakeBuffer>(bytes);
    }
    void upload(Buffer& to, std::ptrdiff_t offset, std::span<const std::byte> data) override {
        auto& buffer = static_cast<FakeBuffer&>(to);
        std::copy(data.begin(), data.end(), buffer.payload() + offset);
    }
    void download(const Buffer& from, std::ptrdiff_t offset, std::span<std::byte> data) override {
        const auto& buffer = static_cast<const FakeBuffer&>(from);
        std::copy_n(buffer.payload() + offset, data.size(), data.begin());
    }
    std::unique_ptr<Kernel> load(const KernelSource& source) override {
        if (broken_builds.contains(source.entry))
            throw DeviceError("fake_build", -11, "FAKE_BUILD_FAILURE", "line 3: no such name");
        return std::make_unique<FakeKernel>(source.entry, source.call, 5e6);
    }
    void run(std::span<const Launch> launches) override {
        for (const Launch& launch : launches) ran.push_back(execute(launch));
    }
    double nanoseconds(std::span<const Launch> launches) override {
        double sum = 0;
        for (const Launch& launch : launches) {
            timed.push_back(execute(launch));
            if (const auto* buffer = std::get_if<Buffer*>(&launch.arguments.front()))
                first_arguments.push_back(*buffer);
            sum += time(timed.back());
        }
        return sum;
    }
    /// As nanoseconds(), and says that it was a graph.
    double graph_nanoseconds(std::span<const Launch> launches) override {
        ++graphs;
        return nanoseconds(launches);
    }
    ClockState clock() override { return health; }
    std::optional<double> stolen_ms() override { return stolen(); }
    ClockCheck check_clock() override { return {1e6, 1e6, description.timer_resolution_ns, 0}; }
    void evict_cache() override { ++evictions; }
    void begin_range(const std::string& name) override { ranges.push_back(name); }
    void end_range() override { ranges.push_back("end"); }

private:
    static std::string execute(const Launch& launch) {
        const auto& kernel = static_cast<const FakeKernel&>(*launch.kernel);
        std::vector<void*> addresses;
        for (const Argument& argument : launch.arguments) addresses.push_back(std::visit(address, argument));
        kernel.call({nullptr, addresses});
        return kernel.entry;
    }
    static constexpr auto address = [](const auto& value) -> void* {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, Buffer*>) {
            return value == nullptr ? nullptr : static_cast<FakeBuffer*>(value)->payload();
        } else {
            return const_cast<void*>(static_cast<const void*>(&value));
        }
    };
};

}  // namespace stele::test
