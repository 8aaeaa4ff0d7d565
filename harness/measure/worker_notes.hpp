// What a worker tells while it takes samples: in memory, as to wake a listener many times a second disturbs what is
// timed.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "harness/base/shared_lines.hpp"
#include "harness/measure/messages.hpp"

namespace stele {

/// The reader's end. A worker out of its mind is known by its channel or its silence, so what cannot be read here is
/// passed over.
class WorkerNotes {
public:
    /// For the worker, which appends a Reply a line.
    int file() const { return lines_.file(); }
    /// The newest intent, where anything was written since this was asked.
    std::optional<Reply> news();
    /// What was written since this was asked, oldest first.
    std::vector<Reply> unread();

private:
    SharedLines lines_;
    std::size_t looked_at_ = 0, read_ = 0;  ///< bytes
};

}  // namespace stele
