// Loops over all cores of the host, for references and inputs.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace stele {

/// Calls work(begin, end) for pieces of [0, count) of at most `piece`, from as many threads as there are cores.
/// Rethrows the first exception when all have ended.
template <typename Work>
void in_pieces(std::int64_t count, std::int64_t piece, const Work& work) {
    const std::int64_t pieces = (count + piece - 1) / piece;
    std::atomic<std::int64_t> next{0};
    std::exception_ptr thrown;
    std::mutex throwing;
    const auto loop = [&] {
        try {
            for (std::int64_t i; (i = next++) < pieces;) work(i * piece, std::min(count, (i + 1) * piece));
        } catch (...) {
            const std::lock_guard lock(throwing);
            if (!thrown) thrown = std::current_exception();
            next = pieces;
        }
    };
    {
        std::vector<std::jthread> helpers;
        const std::int64_t threads = std::min<std::int64_t>(pieces, std::max(1u, std::thread::hardware_concurrency()));
        for (std::int64_t i = 1; i < threads; ++i) helpers.emplace_back(loop);
        loop();
    }
    if (thrown) std::rethrow_exception(thrown);
}

}  // namespace stele
