// How the checked module names threads and lines in its messages.
#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <map>

#include "backends/simt/tracker.hpp"

namespace stele::simt {
namespace {

/// First output line of addr2line that is a kernel's own, not a header of the executor inlined into it.
std::string first_kernel_line(std::FILE* pipe) {
    std::string out;
    char buffer[1024];
    while (std::fgets(buffer, sizeof buffer, pipe) != nullptr) {
        std::string line = buffer;
        while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.pop_back();
        if (const auto note = line.find(" ("); note != line.npos) line.erase(note);
        if (line.empty() || line.front() == '?' || line.find("backends/simt/") != line.npos) continue;
        if (const auto at = line.rfind("kernels/"); at != line.npos) line.erase(0, at);
        else if (const auto test = line.rfind("tests/"); test != line.npos) line.erase(0, test);
        else continue;
        if (out.empty()) out = line;
    }
    return out;
}

std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

}  // namespace

std::string describe_code(std::uintptr_t pc) {
    Dl_info info{};
    if (dladdr(reinterpret_cast<void*>(pc), &info) == 0 || info.dli_fname == nullptr) return "an unknown place";
    // The return address is one past the call.
    const std::uintptr_t offset = pc - 1 - reinterpret_cast<std::uintptr_t>(info.dli_fbase);
    char number[32];
    std::snprintf(number, sizeof number, "0x%zx", static_cast<std::size_t>(offset));
    const std::string command = "addr2line -i -e " + quoted(info.dli_fname) + " " + number + " 2>/dev/null";
    if (std::FILE* pipe = popen(command.c_str(), "r")) {
        std::string line = first_kernel_line(pipe);
        pclose(pipe);
        if (!line.empty()) return line;
    }
    return std::string(info.dli_sname != nullptr ? info.dli_sname : info.dli_fname) + " at " + number +
           " (install binutils to see the line)";
}

std::uint32_t Tracker::intern(const Origin& origin) {
    const std::uintptr_t key =
        origin.where == nullptr
            ? origin.pc
            : reinterpret_cast<std::uintptr_t>(origin.where->file_name()) * 0x9E3779B97F4A7C15u +
                  reinterpret_cast<std::uintptr_t>(origin.what) * 31 + origin.where->line();
    std::uint32_t& number = interned_[key];
    if (number != 0) return number;
    Origin kept = origin;
    if (origin.where != nullptr) {
        places_.push_back(*origin.where);
        kept.place = places_.size();
        kept.where = nullptr;
    }
    origins_.push_back(kept);
    return number = static_cast<std::uint32_t>(origins_.size());
}

std::string Tracker::tell(std::uint32_t number) const {
    if (number == 0) return "an unknown place";
    const Origin& origin = origins_[number - 1];
    if (origin.place == 0) return describe_code(origin.pc);
    return describe(places_[origin.place - 1]) + (origin.what != nullptr ? std::string(" (") + origin.what + ")" : "");
}

std::string Tracker::name(unsigned actor, const Block& block) const {
    if (actor == engine()) return "an asynchronous copy";
    const uint3 index = block.thread(actor % threads_).index;
    std::string out = "thread (" + std::to_string(index.x) + "," + std::to_string(index.y) + "," +
                      std::to_string(index.z) + ")";
    if (blocks_ > 1) out += " of block " + std::to_string(actor / threads_) + " of the cluster";
    return out;
}

}  // namespace stele::simt
