// Source lines of addresses in the module's code.
#include <dlfcn.h>

#include <cstdio>

#include "backends/simt/executor/faults.hpp"

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
        if (const auto at = line.rfind("kernels/"); at != line.npos)
            line.erase(0, at);
        else if (const auto test = line.rfind("tests/"); test != line.npos)
            line.erase(0, test);
        else
            continue;
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

}  // namespace stele::simt
