// Lines in memory that two processes have: written without waking the reader, readable after the writer died.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/descriptor.hpp"

namespace stele {

/// One process appends, another reads whenever it likes. What is read may be anybody's: its lines are cut out of a
/// copy.
class SharedLines {
public:
    /// Only what is written takes memory.
    static constexpr std::size_t capacity = std::size_t{16} << 20;

    /// Makes an empty one. Throws std::runtime_error.
    SharedLines();
    /// Has part in another process's. Throws std::runtime_error where `file` is none.
    explicit SharedLines(Descriptor file);
    ~SharedLines();
    SharedLines(const SharedLines&) = delete;
    SharedLines& operator=(const SharedLines&) = delete;

    /// For the other process.
    int file() const { return file_.get(); }
    /// A line, which holds no line feed. False where there is no room for it; nothing is written then.
    bool append(std::string_view line);

    /// Bytes written so far.
    std::size_t size() const;
    /// The lines that begin at `from` or behind it, oldest first; a position is one that size() told.
    std::vector<std::string> since(std::size_t from) const;
    /// The latest `count` lines, oldest first.
    std::vector<std::string> last(std::size_t count) const;

private:
    struct Page;
    void map();

    Descriptor file_;
    Page* page_ = nullptr;
};

}  // namespace stele
