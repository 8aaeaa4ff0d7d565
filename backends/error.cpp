#include "backends/error.hpp"

#include <fmt/format.h>

#include <string_view>

namespace stele {
namespace {

// The path below the repository's root: where it was built is nobody's business.
std::string_view short_path(std::string_view path) {
    for (std::string_view top : {"tests/", "backends/", "kernels/", "harness/"}) {
        const auto at = path.rfind(top);
        if (at != std::string_view::npos) return path.substr(at);
    }
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string sentence(const std::string& call, long code, const std::string& code_name, const std::string& detail,
                     const std::source_location& where) {
    std::string out =
        code_name.empty() && code == 0 ? call : fmt::format("{} failed with {} ({})", call, code_name, code);
    out += fmt::format(" [{}:{}]", short_path(where.file_name()), where.line());
    if (!detail.empty()) out += ": " + detail;
    return out;
}

}  // namespace

DeviceError::DeviceError(std::string call, long code, std::string code_name, const std::string& detail,
                         std::source_location where)
    : std::runtime_error(sentence(call, code, code_name, detail, where)),
      call_(std::move(call)),
      code_(code),
      code_name_(std::move(code_name)) {}

}  // namespace stele
