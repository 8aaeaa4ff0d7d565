#include "harness/measure/worker_notes.hpp"

#include <exception>
#include <string>
#include <utility>

namespace stele {
namespace {

std::vector<Reply> replies_of(const std::vector<std::string>& lines) {
    std::vector<Reply> replies;
    for (const std::string& line : lines) try {
            replies.push_back(reply_from(line));
        } catch (const std::exception&) {
            continue;
        }
    return replies;
}

}  // namespace

std::optional<Reply> WorkerNotes::news() {
    const std::size_t size = lines_.size();
    if (std::exchange(looked_at_, size) == size) return {};
    // A sample follows its intent.
    std::optional<Reply> newest;
    for (Reply& reply : replies_of(lines_.last(2)))
        if (reply.about_to) newest = std::move(reply);
    return newest;
}

std::vector<Reply> WorkerNotes::unread() {
    const std::size_t from = std::exchange(read_, lines_.size());
    return replies_of(lines_.since(from));
}

}  // namespace stele
