// The loop that a kernel's time goes to, by the work of one iteration.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "harness/explain/control_flow.hpp"

namespace stele::explain {

/// Instructions of one iteration of the loop that works the most, ascending; empty where there is no loop.
///
/// `work_of` says what instructions (indices) do, as an ordered value; `Work{}` is nothing. Each loop is taken without
/// those inside it that work themselves, so that a loop around the main one does not take its place, and with those
/// that do not: polling a barrier belongs to what waits for it. Of loops that do the same work it is the one with the
/// least beside it, as others are for exceptions. Where no loop works, the longest innermost one stands for all.
template <typename WorkOf>
std::vector<std::size_t> hot_loop(std::span<const Loop> loops, WorkOf&& work_of) {
    using Work = decltype(work_of(std::span<const std::size_t>{}));
    std::vector<bool> works;
    for (const Loop& loop : loops) works.push_back(Work{} < work_of(std::span(loop.instructions)));
    const auto own_body = [&](const Loop& loop) {
        std::vector<std::size_t> body = loop.instructions;
        for (std::size_t i = 0; i < loops.size(); ++i) {
            if (!works[i] || loops[i].header == loop.header ||
                !std::ranges::binary_search(loop.instructions, loops[i].header))
                continue;
            std::vector<std::size_t> rest;
            std::ranges::set_difference(body, loops[i].instructions, std::back_inserter(rest));
            body = std::move(rest);
        }
        return body;
    };
    std::optional<std::pair<Work, std::ptrdiff_t>> most;
    std::vector<std::size_t> hot;
    for (std::size_t i = 0; i < loops.size(); ++i) {
        if (!works[i] && !loops[i].innermost) continue;
        std::vector<std::size_t> body = own_body(loops[i]);
        const auto size = static_cast<std::ptrdiff_t>(body.size());
        const std::pair work(work_of(std::span<const std::size_t>(body)), works[i] ? -size : size);
        if (most && !(*most < work)) continue;
        most = work;
        hot = std::move(body);
    }
    return hot;
}

}  // namespace stele::explain
