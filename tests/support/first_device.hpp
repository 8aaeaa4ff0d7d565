// The first device of a backend.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "backends/backend.hpp"

namespace stele::test {

/// An opened device, or why there is none.
struct FirstDevice {
    std::unique_ptr<Device> device;
    std::string why_not;
};

inline FirstDevice first_device(std::string_view backend_name) {
    FirstDevice out{nullptr, "not in this build"};
    for (const auto& backend : all_backends())
        if (backend->name() == backend_name) {
            out.why_not = backend->why_none();
            if (!backend->devices().empty()) out.device = backend->open(0);
        }
    return out;
}

}  // namespace stele::test
