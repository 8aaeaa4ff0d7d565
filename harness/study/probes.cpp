#include "harness/study/probes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "backends/error.hpp"
#include "backends/opencl/opencl.hpp"
#include "kernels/source.hpp"

namespace stele {
namespace {

struct Instruction {
    const char* name;
    const char* option;
    unsigned threads;
};
constexpr std::array instructions{
    Instruction{"mma", "-DPROBE_MMA", 32},           Instruction{"ldmatrix", "-DPROBE_LDMATRIX", 32},
    Instruction{"cp_async", "-DPROBE_CP_ASYNC", 32}, Instruction{"mbarrier", "-DPROBE_MBARRIER", 32},
    Instruction{"bulk", "-DPROBE_BULK", 32},         Instruction{"wgmma", "-DPROBE_WGMMA", 128}};

KernelSource probe_source(const char* option) {
    KernelSource source;
    source.language = Language::opencl;
    source.file = "common/probes.cl";
    source.entry = "probe";
    source.text = opencl_text(source.file);
    source.options = {"-cl-std=CL1.2", option};
    return source;
}

/// The first line of a compiler's log that names an error, else its first.
std::string gist(const std::string& message) {
    std::size_t begin = message.find("error");
    begin = begin == message.npos ? 0 : message.rfind('\n', begin) + 1;
    return message.substr(begin, message.find('\n', begin) - begin);
}

std::string instruction_answer(const Instruction& instruction, Device& device) try {
    if (!device.info().speaks(Language::opencl_ptx)) return "takes no NVIDIA PTX";
    const auto kernel = device.load(probe_source(instruction.option));
    std::vector<std::uint32_t> words(instruction.threads), expected(instruction.threads);
    std::iota(words.begin(), words.end(), 0);
    std::iota(expected.begin(), expected.end(), 1);
    const auto buffer = device.allocate(words.size() * sizeof(words[0]));
    device.upload(*buffer, 0, std::as_bytes(std::span(words)));
    const Launch launch{kernel.get(), {}, {instruction.threads}, 0, {buffer.get()}, {}};
    device.run(std::span(&launch, 1));
    device.download(*buffer, 0, std::as_writable_bytes(std::span(words)));
    if (words == expected) return "compiled, and right";
    const std::size_t at = std::ranges::mismatch(words, expected).in1 - words.begin();
    return fmt::format("compiled, and wrong: thread {} found {} in the place of {}", at, words[at], expected[at]);
} catch (const DeviceError& error) {
    return "refused: " + gist(error.what());
}

std::string target_answer(Device& device) try {
    const std::string binary = opencl_program_binary(*device.load(probe_source("-DPROBE_NOTHING")));
    const std::size_t target = binary.find(".target ");
    if (target == binary.npos) return "its program binary is no PTX";
    const std::size_t version = binary.rfind(".version ", target);
    const auto line = [&](std::size_t at) { return binary.substr(at, binary.find('\n', at) - at); };
    return fmt::format("{}{}", version == binary.npos ? "" : line(version) + ", ", line(target));
} catch (const DeviceError& error) {
    return "refused: " + gist(error.what());
}

std::string extensions_answer(const DeviceInfo& device) {
    std::vector<std::string> extensions;
    std::ranges::copy_if(device.features, std::back_inserter(extensions),
                         [](const std::string& feature) { return feature.starts_with("cl_"); });
    return fmt::format("{}", fmt::join(extensions, " "));
}

std::string answer(const std::string& name, Device& device) {
    if (name == "extensions") return extensions_answer(device.info());
    if (name == "target") return target_answer(device);
    return instruction_answer(*std::ranges::find(instructions, name, &Instruction::name), device);
}

}  // namespace

std::vector<std::string> probe_names() {
    std::vector<std::string> names{"extensions", "target"};
    for (const Instruction& instruction : instructions) names.emplace_back(instruction.name);
    return names;
}

bool can_be_probed(const DeviceInfo& device) { return device.speaks(Language::opencl) && !device.opencl_as_ptx; }

std::string probe(const std::string& name, Device& device) {
    return fmt::format("{} {}: {}", device.info().id, name, answer(name, device));
}

}  // namespace stele
